"""What a parent is told of endings, when, and whether it has arrived."""
