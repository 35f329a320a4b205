"""Who follows which runs, and the word they get when something moves: in both eras, not too often, to be read anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import anyio
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from subagents.events import Entry, RunCleared, RunEvent, RunSpawned
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.serve.mcp.resources import addresses_of

TOGETHER = 1.0  # seconds in which what moves is told of once
MAX_FOLLOWERS = 200  # connections of one client; the oldest is forgotten
MAX_URIS = 1_000  # that one connection may follow
SEND_BOUND = 5.0  # seconds that one follower may hold up the others


@dataclass(eq=False)
class Follower:
    """A connection of the handshake era; it says one by one what it follows, and hears of the list by itself."""

    session: ServerSession
    uris: set[str] = field(default_factory=set)


class Following:
    """All that follow the sessions of one client. Also the SDK's bus of events, for the era without handshakes."""

    def __init__(self, tools_are_old: Callable[[], bool]) -> None:
        """While `tools_are_old` whoever begins to listen is told so at once."""
        self._tools_are_old = tools_are_old
        self._followers: dict[str, Follower] = {}
        self._listeners: dict[object, Callable[[ServerEvent], None]] = {}

    # --- the handshake era

    def join(self, connection: str, session: ServerSession) -> Follower:
        """The follower of this connection; a second handshake on it changes nothing."""
        if connection not in self._followers:
            while len(self._followers) >= MAX_FOLLOWERS:
                del self._followers[next(iter(self._followers))]
            self._followers[connection] = Follower(session)
        return self._followers[connection]

    # --- the era without: `mcp.server.subscriptions.SubscriptionBus`

    async def publish(self, event: ServerEvent) -> None:
        for listener in tuple(self._listeners.values()):
            listener(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        key = object()
        self._listeners[key] = listener
        if self._tools_are_old():
            listener(ToolsListChanged())

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    # --- what moves

    async def announce(self, manager: AgentManager) -> None:
        """Tells of the runs of a session until it is cancelled."""
        moves = _Moves()
        unlisten = manager.listen(moves.heard)
        try:
            while True:
                await moves.came.wait()
                await manager.clock.sleep(TOGETHER)
                runs, listed = moves.taken()
                await self._tell(runs, list_changed=listed)
        finally:
            unlisten()

    async def tools_changed(self) -> None:
        """There are other tools now, or other agents, of which tools and prompts tell."""
        for follower in tuple(self._followers.values()):
            with anyio.move_on_after(SEND_BOUND):
                await follower.session.send_tool_list_changed()
                await follower.session.send_prompt_list_changed()
        await self.publish(ToolsListChanged())
        await self.publish(PromptsListChanged())

    async def _tell(self, runs: Iterable[RunId], *, list_changed: bool) -> None:
        uris = [uri for run in runs for uri in addresses_of(run)]
        for follower in tuple(self._followers.values()):
            with anyio.move_on_after(SEND_BOUND):
                for uri in uris:
                    if uri in follower.uris:
                        await follower.session.send_resource_updated(uri)
                if list_changed:
                    await follower.session.send_resource_list_changed()
        for uri in uris:
            await self.publish(ResourceUpdated(uri))
        if list_changed:
            await self.publish(ResourcesListChanged())


class _Moves:
    """What has moved since it was last told of."""

    def __init__(self) -> None:
        self.came = anyio.Event()
        self._runs: dict[RunId, None] = {}
        self._listed = False

    def heard(self, entry: Entry) -> None:
        if not isinstance(entry.event, RunEvent):
            return
        self._runs[entry.event.run] = None
        self._listed = self._listed or isinstance(entry.event, RunSpawned | RunCleared)
        self.came.set()

    def taken(self) -> tuple[list[RunId], bool]:
        told = list(self._runs), self._listed
        self.came, self._runs, self._listed = anyio.Event(), {}, False
        return told
