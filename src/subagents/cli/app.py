"""Mounts the commands: each stands in a file of its own, and what is heavy is imported when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

import subagents
from subagents.cli import (
    clear,
    events,
    log,
    models,
    pause,
    peek,
    result,
    resume,
    run,
    send,
    serve,
    sessions,
    settings,
    setup,
    show,
    spawn,
    steer,
    stop,
    tree,
    trust,
    usage_report,
)
from subagents.cli.agents import app as agents
from subagents.cli.doctor import app as doctor
from subagents.cli.mcp import app as mcp
from subagents.cli.ps import ps
from subagents.cli.usage import mount
from subagents.cli.worktrees import app as worktrees
from subagents.language import _

HELP = _(
    """Run agents from your terminal.

    An agent is described in a Markdown file; Explore, which searches a code base, is built in and needs no key.
    Everything a run does is recorded, so that it can be looked at, stopped and gone on with from any terminal.

    \b
      subagents run Explore "where are retries handled?"
      subagents ps
      subagents log -f explore

    A run is named by its id, the beginning of one that fits no other, or its handle.
    """
)

PS_HELP = _(
    """List the runs of this project.

    Those in progress, and those that ended within the hour. A run whose owner died without a word is shown as
    interrupted (owner gone).
    """
)

commands = typer.Typer(
    name="subagents",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@commands.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", help=_("Print the version and end."), is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"subagents {subagents.__version__}")
        raise typer.Exit


def list_runs(
    everything: Annotated[bool, typer.Option("--all", "-a", help=_("All there have ever been."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print them as JSON."))] = False,
    as_tree: Annotated[
        bool, typer.Option("--tree", help=_("As a tree, as `subagents tree` shows it."))
    ] = False,
) -> int:
    return tree.show_tree(everything=everything, as_json=as_json) if as_tree else ps(everything, as_json)


mount(commands, "run", run.run, usage="[AGENT] PROMPT [OPTIONS]", text=run.HELP)
mount(commands, "spawn", run.spawn, usage="[AGENT] PROMPT [OPTIONS]", text=spawn.HELP)
mount(commands, "serve", serve.serve, usage="[OPTIONS]", text=serve.HELP)
mount(commands, "resume", resume.resume, usage="ID PROMPT [OPTIONS]", text=resume.HELP)
mount(commands, "ps", list_runs, usage="[--all] [--json] [--tree]", text=PS_HELP)
mount(commands, "tree", tree.show_tree, usage="[OPTIONS]", text=tree.HELP)
mount(commands, "show", show.show, usage="ID", text=show.HELP)
mount(commands, "log", log.log, usage="ID [OPTIONS]", text=log.HELP)
mount(commands, "logs", log.log, usage="ID [OPTIONS]", text=log.HELP, hidden=True)
mount(commands, "peek", peek.peek, usage="ID [OPTIONS]", text=peek.HELP)
mount(commands, "result", result.result, usage="ID [OPTIONS]", text=result.HELP)
mount(commands, "steer", steer.steer, usage="ID MESSAGE [--wait]", text=steer.HELP)
mount(commands, "send", send.send, usage="@HANDLE MESSAGE", text=send.HELP)
mount(commands, "pause", pause.pause, usage="ID…", text=pause.PAUSE_HELP)
mount(commands, "unpause", pause.unpause, usage="ID…", text=pause.UNPAUSE_HELP)
mount(commands, "stop", stop.stop, usage="ID… [OPTIONS]", text=stop.HELP)
mount(commands, "clear", clear.clear, usage="[ID…] [OPTIONS]", text=clear.HELP)
mount(commands, "events", events.events, usage="[ID] [OPTIONS]", text=events.HELP)
mount(commands, "usage", usage_report.usage, usage="[OPTIONS]", text=usage_report.HELP)
commands.add_typer(agents.commands, name="agents")
commands.add_typer(sessions.commands, name="sessions")
commands.add_typer(worktrees.commands, name="worktrees")
commands.add_typer(mcp.commands, name="mcp")
commands.add_typer(settings.commands, name="settings")
mount(commands, "setup", setup.setup, usage="", text=setup.HELP)
mount(commands, "models", models.models, usage="[--provider PROVIDER] [--json]", text=models.HELP)
mount(commands, "trust", trust.trust, usage="[FILE|AGENT…] [--list] [--revoke]", text=trust.HELP)
mount(commands, "doctor", doctor.doctor, usage="[--json]", text=doctor.HELP)


def call(arguments: Sequence[str]) -> None:
    """Carries out one command and ends the process with its exit code. Raises what the command raises."""
    typer.main.get_command(commands)(list(arguments), prog_name="subagents")
