"""What time it is, and waiting for one. Everything that waits takes a `Clock`, so that tests need no time."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from anyio import CancelScope

# A wall clock that is set back or a machine that slept must not make one long sleep of many short
# ones: whoever waits for a wall time looks at the clock at least this often (seconds).
LONGEST_NAP = 60.0


class Clock(Protocol):
    """Wall time for what is recorded, monotonic time for what is measured; both in seconds."""

    def now(self) -> float:
        """Seconds since the epoch, UTC. May jump, also backwards."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment of this process. Never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits that long by `monotonic`; at least lets others run when `seconds` is not positive."""
        ...

    async def sleep_until(self, moment: float) -> None:
        """Waits until `now()` is at least `moment`, however the wall clock is set meanwhile."""
        ...

    def move_on_after(self, seconds: float | None) -> AbstractContextManager[CancelScope]:
        """Cancels its body after `seconds` of `monotonic` (None: never) and goes on behind it."""
        ...


class SystemClock:
    """The computer's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(max(0.0, seconds))

    async def sleep_until(self, moment: float) -> None:
        while (left := moment - self.now()) > 0:
            await self.sleep(min(left, LONGEST_NAP))

    def move_on_after(self, seconds: float | None) -> AbstractContextManager[CancelScope]:
        import anyio

        return anyio.move_on_after(seconds)
