"""What can be set, each setting declared once."""
