"""What a Markdown file says about a kind of agent: reading it, finding it by name, keeping up with the disk."""
