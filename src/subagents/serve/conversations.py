"""The sessions of one MCP client: one for each of its threads, found again when it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio

from subagents.bootstrap import AgentManager
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions
from subagents.events import ClientConnected
from subagents.places import Project
from subagents.serve.guest import claimed, place_of
from subagents.serve.hosting import Hosted
from subagents.serve.mcp.conversations import Client
from subagents.serve.parameters import flag
from subagents.settings.layers import layered
from subagents.settings.model import Settings

if TYPE_CHECKING:
    from subagents.serve.host import Host


class HostedConversations:
    """What the MCP server of one connection asks of the host. Sessions are driven until `stack` is left."""

    def __init__(self, host: Host, params: Mapping[str, Any], stack: AsyncExitStack) -> None:
        self._host = host
        self._new = flag(params, "new", False)
        self._place = place_of(host, params)
        self._stack = stack
        self._of_thread: dict[tuple[str, str], Hosted] = {}
        self._finding = anyio.Lock()
        self.settings: Settings = layered(host.project, self._place[0]).settings
        self._definitions = Definitions(host.project, hide_packaged=self.settings.disable_default_agents)

    @property
    def project(self) -> Project:
        return self._host.project

    def catalog(self) -> AgentCatalog:
        return self._definitions.catalog()

    async def manager(self, client: Client, thread: str) -> AgentManager:
        """Raises what opening a session raises."""
        async with self._finding:
            known = self._of_thread.get((client.name, thread))
            if known is None or known.ends:
                known = self._of_thread[client.name, thread] = await self._found(client, thread)
        return known.manager

    async def _found(self, client: Client, thread: str) -> Hosted:
        async with self._host.claiming:
            session = "" if self._new else await claimed(self._host, client.name, thread)
            hosted = await self._host.hosting.session(session or None, *self._place)
            manager = await self._stack.enter_async_context(hosted.driven())
        await manager.note(ClientConnected(client=client.name, program_version=client.version, thread=thread))
        return hosted
