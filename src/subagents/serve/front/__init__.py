"""What an MCP client starts, and how it answers before a host is there."""
