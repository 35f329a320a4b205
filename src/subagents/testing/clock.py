"""A clock that stands still until it is told to move."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import anyio
import anyio.lowlevel
from anyio import CancelScope

#: When a clock begins unless it is told otherwise: 2026-06-22 08:00 UTC, a Monday.
MONDAY_MORNING = 1_782_115_200.0


# Links of a chain "recorded, told, went on, recorded …" that a story's step may have. A journal tells of what is
# kept outside of any task, which `wait_all_tasks_blocked` does not see coming; so it is asked again for each link.
LINKS = 50


async def settled() -> None:
    """Returns when everybody has gone as far as they can without time passing."""
    for _ in range(LINKS):
        await anyio.wait_all_tasks_blocked()


class FakeClock:
    """`subagents.clock.Clock` for tests: hours pass at once, and nothing passes by itself."""

    def __init__(self, now: float = MONDAY_MORNING) -> None:
        self._now = now
        self._monotonic = 0.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        #: How many timers went off.
        self.rung = 0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def set_back(self, seconds: float) -> None:
        """What a wall clock does when it is corrected; measured time goes on."""
        self._now -= seconds

    async def advance(self, seconds: float) -> None:
        """Lets time pass: timers go off in order, and whoever they wake has gone as far as it can each time."""
        await settled()
        until = self._monotonic + seconds
        while self._timers and self._timers[0][0] <= until:
            moment, _, ring = heapq.heappop(self._timers)
            self._move_to(moment)
            self.rung += 1
            ring()
            await settled()
        self._move_to(until)
        await settled()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return
        rung = anyio.Event()
        self._ring_after(seconds, rung.set)
        await rung.wait()

    async def sleep_until(self, moment: float) -> None:
        while (left := moment - self.now()) > 0:
            await self.sleep(left)

    def move_on_after(self, seconds: float | None) -> AbstractContextManager[CancelScope]:
        return self._bounded(seconds)

    @contextmanager
    def _bounded(self, seconds: float | None) -> Iterator[CancelScope]:
        with CancelScope() as scope:
            if seconds is not None:
                self._ring_after(seconds, scope.cancel)
            yield scope

    def _ring_after(self, seconds: float, ring: Callable[[], None]) -> None:
        # A timer whose owner has gone rings unheard: setting an event or cancelling a left scope does nothing.
        heapq.heappush(self._timers, (self._monotonic + seconds, next(self._numbers), ring))

    def _move_to(self, moment: float) -> None:
        self._now += moment - self._monotonic
        self._monotonic = moment
