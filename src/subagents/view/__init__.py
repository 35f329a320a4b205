"""What runs look like to people: state in, text out; the same in, the same out."""
