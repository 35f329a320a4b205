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
from subagents.definitions.servers import PREFIX, ServerConfig, provider_of
from subagents.errors import SpawnRefused
from subagents.language import _
from subagents.spec import DefinitionSource, RunSpec, ToolSelection
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
    written = dict(definition.mcp_servers or {})
    inline = {name: each for name, each in written.items() if each is not None}
    files = [file for file in (user, project) if file is not None]
    configured = {name: config for file in files for name, config in file.servers.items()}
    names = dict.fromkeys((*configured, *map(provider_of, inline)))
    tools = written_in_full(spec.tools, tuple(names), taken)
    notes, usable = (
        [problem for file in files for problem in file.problems],
        dict(user.servers if user else {}),
    )

    source = definition.source
    if inline and source is not None and source.scope == Scope.PROJECT and not trusts(source):
        notes.append(_untrusted(source, inline, whose=definition.name))
        inline = {}
    seen = [
        config for config in (project.servers if project else {}).values() if tools.reaches(config.provider)
    ]
    allowed = project if project is not None and seen and trusts(project.source) else None
    if project is not None and seen and allowed is None:
        notes.append(_untrusted(project.source, [config.name for config in seen]))
    usable |= allowed.servers if allowed else {}

    notes += _unknown(written, configured)
    reached = {*usable, *map(provider_of, inline)}
    _refuse_nothing_left(spec, definition, tools, reached, notes)
    decided = msgspec.structs.replace(
        spec, tools=tools, mcp_servers=inline, servers_file=allowed.source if allowed else None
    )
    return Chosen(decided, tuple(notes), tuple(name for name in names if name not in taken))


# --- what is told


def _names_servers(definition: AgentDefinition) -> bool:
    entries = (entry for rule in definition.tools.providers for entry in rule.selected or ())
    return bool(definition.mcp_servers) or any(entry.startswith(PREFIX) for entry in entries)


def _untrusted(source: DefinitionSource, names: Collection[str], whose: str = "") -> str:
    message = _(
        "The MCP servers of {path} ({names}) are left out, because you have not trusted this file as it is now. "
        "Read it, then: subagents trust {what}"
    )
    return message.format(path=source.path, names=", ".join(names), what=whose or source.path)


def _unknown(written: Mapping[str, Any], configured: Mapping[str, ServerConfig]) -> Iterator[str]:
    there = ", ".join(config.name for config in configured.values()) or _("none")
    for name, each in written.items():
        if each is None and provider_of(name) not in configured:
            message = _(
                "There is no MCP server {name!r}. In .mcp.json and in your own mcp.json there are: {there}."
            )
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
