"""An MCP server as a program, on the SDK. Its arguments are words on how it is to behave.

`log=FILE` has it write its number and `started` there; `late` registers `hidden` when `reveal` is called.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from subprocess import DEVNULL

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.utilities.types import Image
from mcp_types import CallToolResult, ResourceLink, TextContent

words = dict(word.partition("=")[::2] for word in sys.argv[1:])
server = MCPServer("fake")

if "log" in words:
    with Path(words["log"]).open("a") as log:
        log.write(f"{os.getpid()}\n")
if "complains" in words:
    print(f"the key {os.environ.get('FAKE_KEY')} is not accepted", file=sys.stderr)
    sys.exit(3)
if "silent" in words:
    sys.stdin.read()


@server.tool()
def echo(text: str) -> str:
    """Says it again."""
    return f"echo: {text}"


@server.tool()
def whoami() -> str:
    """Its number, and what it sees of the environment."""
    return (
        f"{os.getpid()} in {Path.cwd()} with {','.join(sorted(os.environ))} key={os.environ.get('FAKE_KEY')}"
    )


@server.tool()
def huge() -> str:
    """A long answer."""
    return "x" * 3_000_000


@server.tool()
def several() -> CallToolResult:
    """More than text."""
    picture = base64.b64encode(b"0" * 30).decode()
    return CallToolResult(
        content=[
            TextContent(type="text", text="a text"),
            Image(data=base64.b64decode(picture), format="png").to_image_content(),
            ResourceLink(type="resource_link", name="notes", uri="file:///notes.txt"),
        ],
        structured_content={"n": 3},
    )


@server.tool()
def fails() -> str:
    """Fails."""
    raise ValueError("no luck today")


@server.tool()
def dies() -> str:
    """Ends in the middle of it."""
    print("I am going", file=sys.stderr, flush=True)
    os._exit(7)


@server.tool()
async def hangs() -> str:
    """Never answers."""
    await anyio.sleep_forever()
    return ""


@server.tool()
async def slow(ctx: Context, steps: int) -> str:
    """Tells of its progress, for longer than a call may be silent."""
    for step in range(steps):
        await anyio.sleep(0.2)
        await ctx.report_progress(step, steps)
    return "slowly done"


@server.tool()
async def begins(ctx: Context, program: str) -> str:
    """Begins a program that stays."""
    process = await anyio.open_process(["sh", "-c", program], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    return str(process.pid)


@server.tool()
async def reveal(ctx: Context) -> str:
    """From now on there is another tool."""

    @server.tool()
    def hidden() -> str:
        """Was hidden."""
        return "found"

    @server.tool()
    def secret() -> str:
        """Was hidden too."""
        return "found too"

    await ctx.notify_tools_changed()
    return "revealed"


if __name__ == "__main__":
    if "port" in words:
        server.run("streamable-http", host="127.0.0.1", port=int(words["port"]))
    else:
        server.run("stdio")
