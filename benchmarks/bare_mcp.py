"""What the bare SDK takes to serve two tools over stdio: the yardstick for the front."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

server = MCPServer("bare", version="1")


@server.tool()
def start(prompt: str) -> str:
    """Starts something."""
    return prompt


@server.tool()
def look(name: str) -> str:
    """Looks at something."""
    return name


if __name__ == "__main__":
    server.run("stdio")
