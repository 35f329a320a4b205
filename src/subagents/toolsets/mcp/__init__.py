"""The tools of MCP servers, as tools of providers called `mcp__server`. The protocol is its official SDK's."""
