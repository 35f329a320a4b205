"""`subagents doctor`."""
