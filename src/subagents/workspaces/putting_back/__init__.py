"""What a run did, looked at and brought to where its user wants it."""
