"""Which MCP servers a run that is asked for may see: who described them, and whether the user trusts that.

Nothing is started here; what is decided stands in the run's spec, and holds when it is resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec

from subagents.definitions.model import AgentDefinition, Scope
from subagents.definitions.servers import ServerConfig, provider_of
from subagents.errors import SpawnRefused
from subagents.language import _
from subagents.spec import SERVER_PREFIX, DefinitionSource, RunSpec, ToolSelection
from subagents.toolsets.mcp.files import ServersFile, project_file, user_file
from subagents.toolsets.mcp.servers import lives_by_servers
from subagents.toolsets.providers.short_names import written_in_full

Trusts = Callable[[DefinitionSource], bool]


@dataclass(frozen=True)
class Chosen:
    """The spec with its servers, what to tell of them, and what all servers are called that were described, whether or
    not the run may see them: as providers of tools."""

    spec: RunSpec
    notes: tuple[str, ...]
    names: tuple[str, ...]


class ServerChoice:
    """For the runs of a session. What is wrong with files of servers is told once, and to whoever names a server."""

    def __init__(self, project: Path, taken: Callable[[], Collection[str]] = tuple) -> None:
        self._project = project
        self._taken = taken
        self._told: set[str] = set()

    async def chosen(self, spec: RunSpec, definition: AgentDefinition, trusts: Trusts) -> Chosen:
        """Raises `SpawnRefused` where nothing is left that the run could use."""
        return await anyio.to_thread.run_sync(self._chosen, spec, definition, trusts)

    def _chosen(self, spec: RunSpec, definition: AgentDefinition, trusts: Trusts) -> Chosen:
        ours, users = project_file(self._project), user_file()
        chosen = choose(spec, definition, trusts, ours, users, self._taken())
        names_some = _names_servers(definition)
        notes = tuple(note for note in chosen.notes if names_some or note not in self._told)
        self._told.update(notes)
        return replace(chosen, notes=notes)


def choose(
    spec: RunSpec,
    definition: AgentDefinition,
    trusts: Trusts,
    project: ServersFile | None,
    user: ServersFile | None,
    taken: Collection[str] = (),
) -> Chosen:
    """Raises `SpawnRefused`."""
    files = [file for file in (user, project) if file is not None]
    configured = {name: config for file in files for name, config in file.servers.items()}
    described = _described(definition)
    names = tuple(dict.fromkeys((*configured, *map(provider_of, described))))
    tools = written_in_full(spec.tools, names, taken)
    inline, about_inline = _inline(definition, trusts)
    allowed, about_project = _allowed(project, tools, trusts)
    notes = (
        *(problem for file in files for problem in file.problems),
        *about_inline,
        *about_project,
        *_unknown(definition, configured),
    )
    usable = [file.servers for file in (user, allowed) if file is not None]
    reached = {*(name for servers in usable for name in servers), *map(provider_of, inline)}
    _refuse_nothing_left(spec, definition, tools, reached, notes)
    source = allowed.source if allowed is not None else None
    decided = msgspec.structs.replace(spec, tools=tools, mcp_servers=inline, servers_file=source)
    return Chosen(decided, notes, tuple(name for name in names if name not in taken))


def _described(definition: AgentDefinition) -> Mapping[str, Any]:
    """The servers that the definition does not only name."""
    written = (definition.mcp_servers or {}).items()
    return {name: each for name, each in written if each is not None}


def _inline(definition: AgentDefinition, trusts: Trusts) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Those of them that may be started, and what to tell where they may not."""
    described, source = _described(definition), definition.source
    if not described or source is None or source.scope != Scope.PROJECT or trusts(source):
        return described, ()
    return {}, (_untrusted(source, described),)


def _allowed(
    project: ServersFile | None, tools: ToolSelection, trusts: Trusts
) -> tuple[ServersFile | None, tuple[str, ...]]:
    """The project's file where the run reaches a server of it and it is trusted, and what to tell where it is not."""
    if project is None:
        return None, ()
    seen = [config.name for config in project.servers.values() if tools.reaches(config.provider)]
    if not seen or trusts(project.source):
        return project if seen else None, ()
    return None, (_untrusted(project.source, seen),)


# --- what is told


def _names_servers(definition: AgentDefinition) -> bool:
    entries = (entry for rule in definition.tools.providers for entry in rule.selected or ())
    return bool(definition.mcp_servers) or any(entry.startswith(SERVER_PREFIX) for entry in entries)


def _untrusted(source: DefinitionSource, names: Collection[str]) -> str:
    message = _(
        "The MCP servers of {path} ({names}) are left out, because you have not trusted this file as it is now. "
        "Read it, then: subagents trust {path}"
    )
    return message.format(path=source.path, names=", ".join(names))


def _unknown(definition: AgentDefinition, configured: Mapping[str, ServerConfig]) -> Iterator[str]:
    there = ", ".join(config.name for config in configured.values()) or _("none")
    message = _("There is no MCP server {name!r}. In .mcp.json and in your own mcp.json there are: {there}.")
    for name, each in (definition.mcp_servers or {}).items():
        if each is None and provider_of(name) not in configured:
            yield message.format(name=name, there=there)


def _refuse_nothing_left(
    spec: RunSpec,
    definition: AgentDefinition,
    tools: ToolSelection,
    reached: Collection[str],
    notes: Sequence[str],
) -> None:
    """A run that could do nothing is not begun; one that never had tools is another matter."""
    asked = msgspec.structs.replace(spec, tools=tools, mcp_servers=definition.mcp_servers or {})
    if notes and lives_by_servers(asked) and not any(tools.reaches(name) for name in reached):
        why = " ".join(notes)
        raise SpawnRefused(f"The agent {definition.name!r} has no tools but those of MCP servers. {why}")
