"""`subagents trust`: which files of projects may have what they name carried out."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.exits import Exit
from subagents.cli.place import agents_of, at_home, project_here
from subagents.cli.streams import say, tell
from subagents.definitions import trust as trusted
from subagents.definitions.dialects.homes import home_of
from subagents.definitions.model import AgentDefinition, Scope
from subagents.definitions.servers import ServerConfig, server_of
from subagents.errors import SubagentsError, TrustError, UnknownAgent
from subagents.language import _, counted
from subagents.settings.possible import SCRIPT
from subagents.spec import CommandLine
from subagents.toolsets.mcp.expanding import variables
from subagents.toolsets.mcp.files import PROJECT_FILE, read
from subagents.view.cells import printable
from subagents.workspaces.processes.ancestry import started_in
from subagents.workspaces.processes.variables import RUN

HELP = _(
    """Trust files of a project, as they are now.

    An agent file of a project may name a program to run, or MCP servers to start, and so may its .mcp.json. That is
    done only after you trusted the file, for that project alone, and no longer when it has changed. What it names is
    shown. Your own files, and those that come with subagents, need no trust. Name files or agents; without any, what
    you trusted is listed.

    Examples:

    \b
      subagents trust reviewer
      subagents trust .subagents/agents/reviewer.md
      subagents trust .mcp.json
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
        tell(_listed())
        return Exit.COMPLETED
    if started_in(os.environ).get(RUN):
        raise TrustError(_("An agent's command cannot trust files; that is for the person who started it."))
    if revoke:
        return _revoked(names)
    files = [_as_it_is(name) for name in names]
    for each in files:
        # What is trusted stands there before it is, and it is that which is trusted, whatever becomes of the file.
        say(each.path, *_what_it_names(each))
    trusted.trust(files)
    tell(_("trusted {path}").format(path=each.path) for each in files)
    return Exit.COMPLETED


def _as_it_is(name: str) -> trusted.Trusted:
    """The file that is meant, for the project that it is in: an agent's is here."""
    path = _path(name)
    here = project_here().root
    return trusted.as_it_is(path, trusted.project_of(path) if path == at_home(name) else here)


def _listed() -> Iterator[str]:
    kept = trusted.all_trusted()
    if not kept:
        yield _("No file is trusted yet.")
    for each in kept:
        path = each.path
        if not Path(path).is_relative_to(each.project):
            path = _("{path} for {project}").format(path=path, project=each.project)
        yield path if each.holds else _("{path} (has changed or is gone)").format(path=path)


def _revoked(names: list[str]) -> int:
    gone = trusted.revoke([_path(name, gone=True) for name in names])
    paths = dict.fromkeys(each.path for each in gone)
    for path in paths:
        tell([_("{path} is no longer trusted").format(path=path)])
    if (others := len(names) - len(paths)) > 0:
        say(counted("{n} of them was not trusted.", "{n} of them were not trusted.", others))
    return Exit.COMPLETED if gone else Exit.REFUSED


def _path(name: str, *, gone: bool = False) -> Path:
    """The file that is meant: one of that path, else that of the agent of that name."""
    path = at_home(name)
    if path.exists() or (gone and os.sep in name):
        return path
    if name == PROJECT_FILE:
        return project_here().root / PROJECT_FILE
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


def _what_it_names(file: trusted.Trusted) -> Iterator[str]:
    """All that the trust is about, so that nobody gives it for something else."""
    from subagents.definitions.folders import read_definition

    path = Path(file.path)
    if path.name == PROJECT_FILE:
        yield from _servers_of(path, file)
        return
    try:
        parsed = read_definition(path, Scope.PROJECT, home_of(path.parent).dialect)
    except SubagentsError:
        return
    if parsed is not None and parsed.source.digest not in ("", file.digest):
        raise _changed(path)
    agent = parsed.definition if parsed is not None else None
    named = [] if agent is None else [*_executed(agent, file), *map(server_line, _inline(agent))]
    yield from named or [_("  names no program to run")]


def _executed(agent: AgentDefinition, file: trusted.Trusted) -> Iterator[str]:
    if isinstance(agent.runner, CommandLine):
        yield from _line(agent.runner, file.project)
    elif agent.model.strip().startswith(SCRIPT):
        yield _("  answered by: {script}, which may call its tools").format(script=agent.model.strip())


def _inline(agent: AgentDefinition) -> Iterator[ServerConfig]:
    found = (server_of(name, written) for name, written in (agent.mcp_servers or {}).items())
    return filter(None, found)


def _servers_of(path: Path, file: trusted.Trusted) -> Iterator[str]:
    found = read(path, Scope.PROJECT)
    if found is None or found.source.digest != file.digest:
        raise _changed(path)
    yield from map(server_line, found.servers.values())
    yield from (f"  {problem}" for problem in found.problems)
    if not found.servers:
        yield _("  names no server to start")


def server_line(config: ServerConfig) -> str:
    """What a server is, and which variables of the user's it sees or is sent."""
    what = _("asks the server") if config.url else _("starts the server")
    seen = ", ".join(sorted(variables(config)))
    with_these = _(" with these variables of yours: {names}").format(names=seen) if seen else ""
    return f"  {what} {config.name}: {printable(config.shown)}{with_these}"


def _changed(path: Path) -> TrustError:
    return TrustError(_("{path} changed while it was read; nothing was trusted.").format(path=path))


def _line(line: CommandLine, project: str) -> Iterator[str]:
    yield _("  runs: {line}").format(line=shlex.join(line.command))
    if line.resume:
        yield _("  to go on: {line}").format(line=shlex.join(line.resume))
    if os.sep in line.command[0]:
        yield _("  for runs in: {project}").format(project=project)
    if line.environment:
        yield _("  sees these variables of yours: {names}").format(names=", ".join(line.environment))
    output = line.output if isinstance(line.output, str) else json.dumps(line.output, default=str)
    yield _("  its output is read as: {output}").format(output=output)
