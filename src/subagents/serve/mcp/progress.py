"""What a client is told while a call of a tool waits: how far the agents are, in a line, and often enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from subagents.events import Ending, Entry, ToolCalled, TurnEnded
from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus
from subagents.runtime.manager import AgentManager
from subagents.view.figures import short

AT_MOST_EVERY = 1.0  # seconds
AT_LEAST_EVERY = 10.0  # seconds; a client whose time-out this extends has a minute

#: Sends the number of a message, which only grows, and its text.
Tell = Callable[[float, str], Awaitable[None]]


def progress_text(runs: Sequence[RunState]) -> str:
    """`turn 3 · grep · 12.4k tokens`; of several `2 of 5 ended · explore: turn 3 · grep`, about the one that moved
    last."""
    if len(runs) == 1:
        return " · ".join(_doing(runs[0], used=True))
    going = [run for run in runs if not run.status.ended]
    head = f"{len(runs) - len(going)} of {len(runs)} ended"
    if not going:
        return head
    moved = max(going, key=lambda run: run.progress_at)
    return " · ".join((head, f"{moved.handle}: {' · '.join(_doing(moved, used=False))}"))


def _doing(run: RunState, *, used: bool) -> list[str]:
    tokens = run.usage.total.tokens
    counted = [f"{short(tokens)} tokens"] if used and tokens else []
    if run.status.ended:
        return [str(run.status), *counted]
    if run.parked:
        return ["paused", *counted]
    if run.status is RunStatus.QUEUED:
        return ["waiting for its turn"]
    tools = [flight.tool for flight in run.in_flight[:1]]
    return [f"turn {run.turns + 1}", *tools, *counted]


class Watch:
    """The wait of one call, from the moment on that it begins."""

    def __init__(self, manager: AgentManager) -> None:
        self._manager = manager
        self._runs: tuple[RunId, ...] = ()
        self._begun = anyio.Event()
        self._moved = anyio.Event()

    def begin(self, runs: Sequence[RunId]) -> None:
        """The call waits for these now."""
        self._runs = tuple(runs)
        self._begun.set()

    async def report(self, tell: Tell) -> None:
        """Tells how it goes until it is cancelled: at once, when something moves, and in any case now and then."""
        await self._begun.wait()
        unlisten = self._manager.listen(self._heard)
        try:
            number = 0.0
            while True:
                number += 1
                self._moved = anyio.Event()
                await tell(number, progress_text([self._manager.state.run(run) for run in self._runs]))
                await self._pause()
        finally:
            unlisten()

    async def _pause(self) -> None:
        clock = self._manager.clock
        await clock.sleep(AT_MOST_EVERY)
        with clock.move_on_after(AT_LEAST_EVERY - AT_MOST_EVERY):
            await self._moved.wait()

    def _heard(self, entry: Entry) -> None:
        match entry.event:
            case TurnEnded(run=run) | ToolCalled(run=run) | Ending(run=run) if run in self._runs:
                self._moved.set()
            case _:
                pass
