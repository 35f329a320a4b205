"""Notices that ride with the answers of tools: which on which, and when they have arrived.

An answer that was written is no answer that was read: it has arrived when the client asks for something else
afterwards. Until then its notices stay posted, and are told again to a client that comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from subagents.delegation.door import MCP
from subagents.errors import SessionError
from subagents.notices.notice import Notice
from subagents.runtime.manager import AgentManager

MAX_TEXT = 20_000  # characters of notices with one answer, unless the first alone has more
LATER = "And {n} more: they come with your next calls; list_subagents shows them now."

# The order of what happened to the requests and answers of this process.
_moments = count()


class Ride:
    """One request and the notices that its answer takes along. Made when the request arrives."""

    def __init__(self) -> None:
        self.arrived = next(_moments)
        self._riding: Riding | None = None
        self._notices: dict[str, AgentManager] = {}

    def take(self, riding: Riding, manager: AgentManager, notices: Sequence[str]) -> None:
        self._riding, self._notices = riding, dict.fromkeys(notices, manager)

    def written(self) -> None:
        """The answer is on its way to the client."""
        if self._riding is not None:
            self._riding.written(self._notices)

    def lost(self) -> None:
        """There will be no answer."""
        if self._riding is not None:
            self._riding.lost(self._notices)


class Riding:
    """The notices under way to one client."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()
        self._written: dict[str, tuple[int, AgentManager]] = {}

    async def board(self, ride: Ride, manager: AgentManager) -> list[str]:
        """The texts that go with the answer to a request: of what is pending and under way with no other answer, as
        much as fits. What the answer itself told of is not pending any more."""
        pending = [notice for notice in await manager.outbox.pending() if not self._knows(notice.id)]
        boarding = _fitting(pending)
        ids = [notice.id for notice in boarding]
        # Nothing is awaited between looking and taking, so no notice rides twice.
        self._under_way |= set(ids)
        ride.take(self, manager, ids)
        left = len(pending) - len(boarding)
        return [*(notice.text for notice in boarding), *([LATER.format(n=left)] if left else [])]

    def written(self, notices: dict[str, AgentManager]) -> None:
        moment = next(_moments)
        for notice, manager in notices.items():
            self._under_way.discard(notice)
            self._written[notice] = (moment, manager)

    def lost(self, notices: dict[str, AgentManager]) -> None:
        self._under_way -= notices.keys()

    async def arrived(self, ride: Ride) -> None:
        """A request has come: what was written before it has arrived."""
        due = {
            notice: manager
            for notice, (moment, manager) in self._written.items()
            if moment < ride.arrived and notice not in self._under_way
        }
        self._under_way |= due.keys()
        try:
            for manager in dict.fromkeys(due.values()):
                # A session that is over tells its next owner again.
                with suppress(SessionError):
                    ids = [notice for notice, its in due.items() if its is manager]
                    await manager.outbox.acknowledge(*ids, to=MCP.reader)
        finally:
            self._under_way -= due.keys()
            for notice in due:
                self._written.pop(notice, None)

    def _knows(self, notice: str) -> bool:
        return notice in self._under_way or notice in self._written


def _fitting(pending: Sequence[Notice]) -> list[Notice]:
    taken, room = list[Notice](), MAX_TEXT
    for notice in pending:
        room -= len(notice.text)
        if taken and room < 0:
            break
        taken.append(notice)
    return taken
