"""The MCP servers of a session: which of them a run reaches, started when the first one may see them, and ended.

A server is shared by all runs that have it in the same words, unless it says `"shared": false`; then it is the run's
own and ends with it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from subagents.definitions.servers import ServerConfig, server_of
from subagents.errors import RunnerError
from subagents.ids import RunId
from subagents.own_tasks import own_tasks
from subagents.spec import SERVER_PREFIX, RunSpec
from subagents.toolsets.mcp.files import project_file, user_file
from subagents.toolsets.mcp.server import Server, ServerFailed

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from pydantic_ai.toolsets import AbstractToolset

    from subagents.toolsets.mcp.toolset import Reached, ServersOfRuns

log = logging.getLogger("subagents")


class Servers:
    """Those of one session. `taken` names the providers of tools that are none of ours."""

    def __init__(
        self,
        project: Path,
        environ: Mapping[str, str],
        *,
        taken: Callable[[], Collection[str]] = tuple,
        reserved: Collection[str] = (),
    ) -> None:
        self._project = project
        self._environ = environ
        self._taken = taken
        self._reserved = tuple(reserved)
        self._tasks: TaskGroup | None = None
        self._shared: dict[str, Server] = {}
        self._reached: dict[RunId, Reached] = {}
        self._toolset: ServersOfRuns | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Servers]:
        """While this is open servers can be started; when it is left they have ended, within seconds."""
        async with own_tasks() as tasks:
            self._tasks = tasks
            try:
                yield self
            finally:
                self._tasks = None
                tasks.cancel_scope.cancel()

    @asynccontextmanager
    async def of_run(
        self, run: RunId, spec: RunSpec, folder: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[Sequence[str]]:
        """While this is open the run has its servers' tools. Those that cannot be started are told to its model; a
        sentence on each is what this yields, and on tools that a server describes badly.

        Those that are the run's own begin in its `folder`, and see the `environment` that its commands see.
        Raises `RunnerError` where nothing is left that it could use.
        """
        configs = await anyio.to_thread.run_sync(self._configs, spec)
        if not configs or self._tasks is None:
            yield ()
            return
        servers = [self._server(config, folder, environment) for config in configs]
        try:
            self._reached[run] = reached = await self._started(spec, servers)
            tools = filter(None, (server.left_out for server in reached.servers))
            yield (*map(_left_out, reached.failed), *tools)
        finally:
            self._reached.pop(run, None)
            for server in servers:
                if not server.config.shared:
                    server.end()

    def toolset(self) -> AbstractToolset[Any] | None:
        """The tools of all servers, for all runs; None while no run has any."""
        if not self._reached:
            return None
        if self._toolset is None:
            from subagents.toolsets.mcp.toolset import ServersOfRuns

            self._toolset = ServersOfRuns(self._reached.get, self._reserved)
        return self._toolset

    # --- which

    def _configs(self, spec: RunSpec) -> list[ServerConfig]:
        """Those that the run may see; the definition's own before the project's, these before the user's."""
        found = {**self._of_user(), **self._of_project(spec), **_of_definition(spec)}
        taken = set(self._taken())
        return [config for name, config in found.items() if name not in taken and spec.tools.reaches(name)]

    def _of_user(self) -> Mapping[str, ServerConfig]:
        file = user_file()
        return file.servers if file is not None else {}

    def _of_project(self, spec: RunSpec) -> Mapping[str, ServerConfig]:
        """Those of the project's file, while it is the one that was allowed."""
        if spec.servers_file is None:
            return {}
        file = project_file(self._project)
        if file is None or file.source.digest != spec.servers_file.digest:
            log.warning(
                "%s changed since this run was asked for, so its servers are left out.",
                spec.servers_file.path,
            )
            return {}
        return file.servers

    # --- started

    def _server(self, config: ServerConfig, folder: Path, environment: Mapping[str, str]) -> Server:
        assert self._tasks is not None
        if not config.shared:
            return Server(config, folder, self._tasks, self._environ, environment)
        key = json.dumps(asdict(config), sort_keys=True)
        if key not in self._shared:
            self._shared[key] = Server(config, self._project, self._tasks, self._environ)
        return self._shared[key]

    async def _started(self, spec: RunSpec, servers: Sequence[Server]) -> Reached:
        from subagents.toolsets.mcp.toolset import Reached

        good: list[Server] = []
        failed: dict[str, str] = {}

        async def start(server: Server) -> None:
            try:
                await server.start()
            except ServerFailed as error:
                failed[server.config.name] = str(error)
            else:
                good.append(server)

        async with own_tasks() as tasks:
            for server in servers:
                tasks.start_soon(start, server)
        for text in failed.values():
            log.warning("%s", _left_out(text))
        if failed and not good and lives_by_servers(spec):
            raise RunnerError(f"it has no tools without its MCP servers: {'; '.join(failed.values())}")
        ordered = tuple(server for server in servers if server in good)
        return Reached(ordered, spec.tools, tuple(failed.values()))


def _left_out(failed: str) -> str:
    """A whole sentence on a server that failed so."""
    return f"{failed[:1].upper()}{failed[1:]}; its tools are left out."


def lives_by_servers(spec: RunSpec) -> bool:
    """Whether a run could use nothing but tools of MCP servers."""
    entries = [entry for rule in spec.tools.providers for entry in rule.selected or ()]
    named = bool(spec.mcp_servers) or any(entry.startswith(SERVER_PREFIX) for entry in entries)
    others = any(not entry.startswith(SERVER_PREFIX) for entry in entries)
    names = spec.tools.names
    return named and not others and names is not None and not spec.tools.among(names)


def _of_definition(spec: RunSpec) -> Mapping[str, ServerConfig]:
    # They were read with their file, so each can be read.
    found = (server_of(name, written) for name, written in spec.mcp_servers.items())
    return {config.provider: config for config in found if config is not None}
