"""The sessions of one MCP client: one for each of its threads, found again when it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import anyio

from subagents.bootstrap import AgentManager
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions
from subagents.events import ClientConnected
from subagents.places import Project
from subagents.serve.host.claiming import claimed, place_of
from subagents.serve.host.life import Host
from subagents.serve.host.sessions import Hosted
from subagents.serve.mcp.conversations import Client
from subagents.serve.rpc.parameters import flag
from subagents.settings.layers import layered
from subagents.settings.model import Settings

MOST_THREADS = (
    200  # of one connection that drive a session at a time; the one that was quiet longest lets go of its own
)


class HostedConversations:
    """What the MCP server of one connection asks of the host. Sessions are driven until `stack` is left."""

    def __init__(self, host: Host, params: Mapping[str, Any], stack: AsyncExitStack) -> None:
        self._host = host
        self._new = flag(params, "new", False)
        self._place = place_of(host, params)
        #: The quietest first.
        self._driven: dict[_Thread, _Driven] = {}
        self._finding = anyio.Lock()
        self.settings: Settings = layered(host.project, self._place[0]).settings
        self._definitions = Definitions(host.project, hide_packaged=self.settings.disable_default_agents)
        stack.push_async_callback(self._leave_all)

    @property
    def project(self) -> Project:
        return self._host.project

    def catalog(self) -> AgentCatalog:
        return self._definitions.catalog()

    async def manager(self, client: Client, thread: str) -> AgentManager:
        """Raises what opening a session raises."""
        key = (client.name, thread)
        async with self._finding:
            if key in self._driven and self._driven[key].hosted.ends:
                await self._leave(key)
            driven = self._driven.pop(key, None) or await self._found(client, thread)
            self._driven[key] = driven
            while len(self._driven) > MOST_THREADS:
                await self._leave(next(iter(self._driven)))
        return driven.hosted.manager

    async def _found(self, client: Client, thread: str) -> _Driven:
        async with self._host.claiming, AsyncExitStack() as stack:
            session = "" if self._new else await claimed(self._host, client.name, thread)
            hosted = await self._host.hosting.session(session or None, *self._place)
            manager = await stack.enter_async_context(hosted.driven())
            known = ClientConnected(client=client.name, program_version=client.version, thread=thread)
            await manager.note(known)
            return _Driven(hosted, stack.pop_all())

    async def _leave(self, key: _Thread) -> None:
        await self._driven.pop(key).stack.aclose()

    async def _leave_all(self) -> None:
        while self._driven:
            await self._leave(next(iter(self._driven)))


_Thread = tuple[str, str]  # the client's name, and what it calls the conversation


@dataclass(frozen=True)
class _Driven:
    """A session that a thread drives until `stack` is left."""

    hosted: Hosted
    stack: AsyncExitStack
