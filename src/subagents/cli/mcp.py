"""`subagents mcp …`: what there is around the server that MCP clients start.

`subagents mcp` itself, as a client calls it, is `serve/front.py` and does not come by here.
"""

from __future__ import annotations

import typer

from subagents.cli import mcp_install
from subagents.cli.usage import mount
from subagents.language import _

HELP = _(
    """Offer subagents to other agents, as tools of an MCP server.

    A client such as Claude Code starts `subagents mcp` by itself; enter it there once with `subagents mcp install`.

    \b
      subagents mcp install claude-code
      subagents mcp install codex --print
    """
)

commands = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=True)


@commands.callback()
def top() -> None:
    """Typer makes the only command of a group the group itself, unless there is this."""


mount(commands, "install", mcp_install.install, usage="CLIENT [OPTIONS]", text=mcp_install.HELP)
