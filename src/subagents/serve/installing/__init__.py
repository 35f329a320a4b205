"""Our server in the configuration of MCP clients."""
