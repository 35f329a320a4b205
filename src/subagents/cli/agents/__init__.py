"""`subagents agents`."""
