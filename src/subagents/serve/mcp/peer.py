"""One client: the sessions it works in, what rides to it, and what it follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup
from mcp.server.subscriptions import ListenHandler

from subagents.delegation.stash import Stash
from subagents.runtime.manager import AgentManager
from subagents.serve.mcp.asking import Asking, client_of, thread_of
from subagents.serve.mcp.conversations import Client, Conversations
from subagents.serve.mcp.following import Following
from subagents.serve.mcp.riding import Riding
from subagents.serve.mcp.shown import Shown

MAX_TALKS = 200  # threads of one client that are followed; the oldest is followed no more


@dataclass(eq=False)
class Talk:
    """A session that the client works in, and the refused calls that are kept for it. `leaving` is set when the client
    will ask for nothing more."""

    manager: AgentManager
    stash: Stash
    leaving: anyio.Event
    followed: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class Peer:
    """A client and what there is between it and us: one line of its own, or over HTTP all that go by one name."""

    def __init__(self, conversations: Conversations, tasks: TaskGroup, told: str = "") -> None:
        """`tasks` are to outlive it. `told` is the digest of the tools that the client was shown by somebody else."""
        self.conversations = conversations
        self.leaving = anyio.Event()
        self.riding = Riding()
        self.shown = Shown(conversations, told)
        self.following = Following(self.shown.is_old)
        self.listen = ListenHandler(self.following)
        self._tasks = tasks
        self._talks: dict[tuple[Client, str], Talk] = {}
        self._let_go = False

    async def talk(self, asking: Asking) -> Talk:
        """The session that a request is about. Raises `SessionError`."""
        key = client_of(asking), thread_of(asking)
        manager = await self.conversations.manager(*key)
        known = self._talks.get(key)
        if known is None or known.manager is not manager:
            known = self._begin(key, manager)
        return known

    def let_go(self) -> None:
        """Nothing is followed for it any more, and who listens hears that. What it has asked for is still answered;
        notices that it has not acknowledged are told again when it comes back."""
        self._let_go = True
        self.listen.close()
        for talk in self._talks.values():
            talk.followed.cancel()

    def _begin(self, key: tuple[Client, str], manager: AgentManager) -> Talk:
        self._forget(key)
        while len(self._talks) >= MAX_TALKS:
            self._forget(next(iter(self._talks)))
        talk = self._talks[key] = Talk(manager, Stash(manager.clock.monotonic), self.leaving)
        if not self._let_go:
            self._tasks.start_soon(self._follow, talk)
        return talk

    def _forget(self, key: tuple[Client, str]) -> None:
        if (talk := self._talks.pop(key, None)) is not None:
            talk.followed.cancel()

    async def _follow(self, talk: Talk) -> None:
        with talk.followed:
            await self.following.announce(talk.manager)


#: Whose request it is.
PeerOf = Callable[[Asking], Peer]
