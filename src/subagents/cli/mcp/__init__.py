"""`subagents mcp …`, but for what a client starts."""
