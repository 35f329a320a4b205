"""Whether what is in work now can be merged."""
