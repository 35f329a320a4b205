"""`subagents trust`: which files of projects may have what they name carried out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.exits import Exit
from subagents.cli.place import agents_of, at_home, project_here
from subagents.cli.streams import answer, say
from subagents.definitions import trust as trusted
from subagents.definitions.model import AgentDefinition
from subagents.errors import SubagentsError, TrustError, UnknownAgent
from subagents.language import _, counted
from subagents.spec import CommandLine
from subagents.workspaces.ancestry import started_in
from subagents.workspaces.variables import RUN

HELP = _(
    """Trust files of a project, as they are now.

    An agent file of a project may name a program to run. That is done only after you trusted the file, and no longer
    when it has changed. Your own agent files, and those that come with subagents, need no trust. Name files or agents;
    without any, what you trusted is listed.

    Examples:

    \b
      subagents trust reviewer
      subagents trust .subagents/agents/reviewer.md
      subagents trust --revoke reviewer
    """
)


def trust(
    names: Annotated[list[str] | None, typer.Argument(metavar="FILE|AGENT", hidden=True)] = None,
    listing: Annotated[bool, typer.Option("--list", help=_("List what is trusted."))] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help=_("Trust them no longer."))] = False,
) -> int:
    if listing or not names:
        if revoke or (listing and names):
            raise typer.BadParameter(
                _("Name what is to be trusted no longer: subagents trust --revoke AGENT")
            )
        answer("\n".join(_listed()))
        return Exit.COMPLETED
    if started_in(os.environ).get(RUN):
        raise TrustError(_("An agent's command cannot trust files; that is for the person who started it."))
    if revoke:
        return _revoked(names)
    paths = [_path(name) for name in names]
    for each in trusted.trust(paths):
        answer(_("trusted {path}").format(path=each.path))
        say(*_what_it_names(Path(each.path)))
    return Exit.COMPLETED


def _listed() -> Iterator[str]:
    kept = trusted.all_trusted()
    if not kept:
        yield _("No file is trusted yet.")
    for each in kept:
        yield each.path if each.holds else _("{path} (has changed or is gone)").format(path=each.path)


def _revoked(names: list[str]) -> int:
    gone = trusted.revoke([_path(name, gone=True) for name in names])
    for each in gone:
        answer(_("{path} is no longer trusted").format(path=each.path))
    if (others := len(names) - len(gone)) > 0:
        say(counted("{n} of them was not trusted.", "{n} of them were not trusted.", others))
    return Exit.COMPLETED if gone else Exit.REFUSED


def _path(name: str, *, gone: bool = False) -> Path:
    """The file that is meant: one of that path, else that of the agent of that name."""
    path = at_home(name)
    if path.exists() or (gone and os.sep in name):
        return path
    try:
        agent = _agent(name)
    except UnknownAgent as error:
        text = _("There is no file {name!r}. {why}")
        raise TrustError(text.format(name=name, why=error)) from None
    if agent.source is None:
        raise TrustError(_("The agent {name!r} stands in no file.").format(name=agent.name))
    return Path(agent.source.path)


def _agent(name: str) -> AgentDefinition:
    return agents_of(project_here()).find(name)


def _what_it_names(path: Path) -> Iterator[str]:
    """What the trust is about, so that nobody gives it for something else."""
    from subagents.definitions.folders import read_definition
    from subagents.definitions.model import Scope

    try:
        parsed = read_definition(path, Scope.PROJECT)
    except SubagentsError:
        return
    runner = parsed.definition.runner if parsed is not None and parsed.definition is not None else ""
    if isinstance(runner, CommandLine):
        yield _("It may now run: {line}").format(line=" ".join(runner.command))
        if runner.environment:
            yield _("with these variables of yours: {names}").format(names=", ".join(runner.environment))
    else:
        yield _("It names no program to run.")
