"""Commands as processes: what they are given, which ones they are, and how they are ended."""
