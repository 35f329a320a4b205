"""`subagents mcp …`: what there is around the server that MCP clients start.

`subagents mcp` itself, as a client calls it, is `serve/front.py` and does not come by here.
"""

from __future__ import annotations

from typing import Annotated

import typer

from subagents.cli.mcp import install
from subagents.cli.usage import mount
from subagents.language import _

HELP = _(
    """Offer subagents to other agents, as tools of an MCP server.

    A client such as Claude Code starts `subagents mcp` by itself; enter it there once with `subagents mcp install`.
    It then finds the agents that it started when it comes back, within a day; --new begins anew. With --http clients
    on this machine are answered over HTTP instead, until Ctrl-C.

    \b
      subagents mcp install claude-code
      subagents mcp install codex --print
    """
)

commands = typer.Typer(help=HELP, rich_markup_mode=None)


@commands.callback(invoke_without_command=True, help=HELP)
def top(
    ctx: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help=_("Answer over HTTP on this machine, with a token."))
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help=_("With --http: the port; 0 takes the last one, or any."),
        ),
    ] = 0,
    new: Annotated[bool, typer.Option("--new", help=_("Go on with no earlier session."))] = False,
    project: Annotated[
        str, typer.Option("--project", metavar="FOLDER", help=_("Work there instead of here."))
    ] = "",
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    if not http:
        from subagents.cli.mcp.stdio import speak_stdio

        raise typer.Exit(speak_stdio(project, new=new))
    from subagents.cli.mcp.http import serve_http

    raise typer.Exit(serve_http(project, port, new=new))


mount(commands, "install", install.install, usage="CLIENT [OPTIONS]", text=install.HELP)
