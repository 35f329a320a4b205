"""Waiting for runs to end: bounded, woken by the ending itself, and never the end of a run."""

from __future__ import annotations

import anyio

from subagents.clock import Clock
from subagents.errors import SessionClosed
from subagents.events import Ending, Entry
from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.sessions.journal import Journal


class Endings:
    """Who waits for which run. One listener on the journal, however many wait."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._waiting: dict[RunId, anyio.Event] = {}
        journal.listen(self._heard)

    async def wait(self, run_id: RunId, seconds: float | None = None) -> RunState:
        """The run when it has ended, or as it is after `seconds`.

        Raises `RunNotFound` for an unknown run and `SessionClosed` when the session breaks meanwhile.
        """
        run = self._journal.state.run(run_id)
        if not run.status.ended and (seconds is None or seconds > 0):
            with self._clock.move_on_after(seconds):
                await self._ended(run_id)
        run = self._journal.state.run(run_id)
        if self._journal.broken is not None and not run.status.ended:
            raise SessionClosed(f"the session is over: {self._journal.broken}")
        return run

    def release_all(self) -> None:
        """Wakes everybody; for when nothing will end any more."""
        for ended in self._waiting.values():
            ended.set()
        self._waiting.clear()

    async def _ended(self, run_id: RunId) -> None:
        # A run that ended and was resumed at once is waited for on, like any other that is in progress.
        while self._journal.broken is None and not self._journal.state.run(run_id).status.ended:
            await self._waiting.setdefault(run_id, anyio.Event()).wait()

    def _heard(self, entry: Entry) -> None:
        if (
            isinstance(entry.event, Ending)
            and (ended := self._waiting.pop(entry.event.run, None)) is not None
        ):
            ended.set()
