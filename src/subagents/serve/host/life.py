"""A host while it lives: who is there, whether another is to take over, and when it may end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from subagents.clock import Clock
from subagents.places import Project
from subagents.serve.host.sessions import Hosting


class Host:
    """What is true of it while it runs. `make_room` lets another process be the host; this one then is `retired`."""

    def __init__(
        self, project: Project, clock: Clock, hosting: Hosting, make_room: Callable[[], None]
    ) -> None:
        self.project = project
        self.clock = clock
        self.hosting = hosting
        #: Held by who looks for a session until it drives it, so that two do not find the same.
        self.claiming = anyio.Lock()
        self.retired = False
        self._make_room = make_room
        self._guests = 0
        self._changed = anyio.Event()
        hosting.on_let_go = self._look_again

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be lost if it ended now."""
        return not self._guests and not self.hosting.sessions

    @asynccontextmanager
    async def visited(self) -> AsyncIterator[None]:
        """As long as a client is connected."""
        self._guests += 1
        self._look_again()
        try:
            yield
        finally:
            self._guests -= 1
            self._look_again()

    def retire(self) -> None:
        """From now on another may be the host; this one ends when it is done with what it has."""
        if not self.retired:
            self._make_room()
            self.retired = True
            self._look_again()

    def _look_again(self) -> None:
        self._changed.set()

    async def idle(self, seconds: float | None) -> None:
        """Returns when it has been idle for so long, None: never; at once when it is idle and was retired."""
        while True:
            self._changed = anyio.Event()
            bound = None if not self.is_idle else 0.0 if self.retired else seconds
            with self.clock.move_on_after(bound) as waiting:
                await self._changed.wait()
            if waiting.cancelled_caught and self.is_idle:
                return
