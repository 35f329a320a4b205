"""Waiting for runs to end: bounded, woken by the ending itself, and never the end of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import anyio

from subagents.clock import Clock
from subagents.errors import SessionClosed
from subagents.events import Ending, Entry, RunResumed, RunSteered, WrapUpAsked
from subagents.ids import RunId
from subagents.notices.state import is_notice
from subagents.own_tasks import own_tasks
from subagents.runs.state import RunState
from subagents.sessions.journal import Journal

Key = TypeVar("Key")


class WaitFor(StrEnum):
    """How many of several runs must have ended."""

    ALL = "all"
    ANY = "any"


class WaitEnd(StrEnum):
    """Why a wait is over."""

    ENDED = "ended"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    STEERED = "steered"


@dataclass(frozen=True, slots=True)
class Waited:
    """A wait that is over, with the runs as they are then, in the order of the asking; `seconds` was its bound."""

    end: WaitEnd
    runs: tuple[RunState, ...]
    seconds: float | None


class Waits:
    """Who waits for which runs. One listener on the journal, however many wait."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._of_run: dict[RunId, set[_Wait]] = {}
        self._of_owner: dict[RunId | None, set[_Wait]] = {}
        self._interrupted: set[RunId | None] = set()
        journal.listen(self._heard)

    async def wait(
        self,
        runs: Sequence[RunId],
        *,
        wanted: WaitFor = WaitFor.ALL,
        seconds: float | None = None,
        owner: RunId | None = None,
        cancelled: anyio.Event | None = None,
    ) -> Waited:
        """Waits until `runs` have ended: all of them, or any. It is over as well after `seconds` (None: no bound), when
        `cancelled` is set, and when a message waits for `owner`, a run or None for whoever drives the session; each of
        these at once where it is so already. A run that is resumed before this returns is waited for on.

        Cancelling the calling task passes through and leaves nothing behind. Raises `RunNotFound` for an unknown run
        and `SessionClosed` when the session breaks first.
        """
        asked = tuple(dict.fromkeys(runs))
        left = {run for run in asked if not self._journal.state.run(run).status.ended}
        wait = _Wait(asked, wanted, owner, left)
        async with self._entered(wait), _watched(cancelled, wait.cancel):
            with self._clock.move_on_after(seconds):
                while not wait.is_over and self._journal.broken is None and seconds != 0:
                    await wait.woken()
        return self._over(wait, seconds)

    def interrupt(self, owner: RunId | None) -> None:
        """A message waits for a parent that is no run of this session: its waits are over, or its next one is."""
        if not (waits := self._of_owner.get(owner)):
            self._interrupted.add(owner)
        for wait in tuple(waits or ()):
            wait.steer()

    def watching(self, run: RunId, owner: RunId | None) -> bool:
        """Whether `owner` is waiting for this run, and so will be told of its ending by its wait."""
        return any(wait.owner == owner for wait in self._of_run.get(run, ()))

    def release_all(self) -> None:
        """Wakes everybody; for when nothing will end any more."""
        for waits in self._of_owner.values():
            for wait in waits:
                wait.wake()

    @asynccontextmanager
    async def _entered(self, wait: _Wait) -> AsyncIterator[None]:
        for run in wait.asked:
            self._of_run.setdefault(run, set()).add(wait)
        self._of_owner.setdefault(wait.owner, set()).add(wait)
        if wait.owner in self._interrupted or self._has_message(wait.owner):
            wait.steer()
        self._interrupted.discard(wait.owner)
        try:
            yield
        finally:
            for run in wait.asked:
                _discard(self._of_run, run, wait)
            _discard(self._of_owner, wait.owner, wait)

    def _has_message(self, owner: RunId | None) -> bool:
        """Whether one is on its way to the owner already. Notices are none: it may wait for other runs than those."""
        run = self._journal.state.runs.get(owner) if owner is not None else None
        return run is not None and any(steer.waits and not is_notice(steer.id) for steer in run.steers)

    def _over(self, wait: _Wait, seconds: float | None) -> Waited:
        runs = tuple(self._journal.state.run(run) for run in wait.asked)
        if self._journal.broken is not None and not wait.has_ended:
            raise SessionClosed(f"the session is over: {self._journal.broken}")
        return Waited(wait.end, runs, seconds)

    def _heard(self, entry: Entry) -> None:
        match entry.event:
            case Ending(run=run):
                for wait in self._of_run.get(run, ()):
                    wait.ended(run)
            case RunResumed(run=run):
                for wait in self._of_run.get(run, ()):
                    wait.left.add(run)
            case RunSteered(run=run, steer=steer) if not is_notice(steer):
                self._steer(run)
            case WrapUpAsked(run=run):
                self._steer(run)
            case _:
                pass

    def _steer(self, owner: RunId) -> None:
        for wait in self._of_owner.get(owner, ()):
            wait.steer()


@dataclass(eq=False)
class _Wait:
    """One wait in progress. `left` are the runs that have not ended."""

    asked: tuple[RunId, ...]
    wanted: WaitFor
    owner: RunId | None
    left: set[RunId]
    _cancelled: bool = False
    _steered: bool = False
    _waking: anyio.Event = field(default_factory=anyio.Event)

    @property
    def has_ended(self) -> bool:
        if self.wanted is WaitFor.ANY and self.asked:
            return len(self.left) < len(self.asked)
        return not self.left

    @property
    def is_over(self) -> bool:
        return self.has_ended or self._cancelled or self._steered

    @property
    def end(self) -> WaitEnd:
        """What it came to: the ending that was waited for goes before all else."""
        if self.has_ended:
            return WaitEnd.ENDED
        if self._cancelled:
            return WaitEnd.CANCELLED
        return WaitEnd.STEERED if self._steered else WaitEnd.TIMED_OUT

    def ended(self, run: RunId) -> None:
        self.left.discard(run)
        if self.has_ended:
            self.wake()

    def cancel(self) -> None:
        self._cancelled = True
        self.wake()

    def steer(self) -> None:
        self._steered = True
        self.wake()

    def wake(self) -> None:
        self._waking.set()

    async def woken(self) -> None:
        self._waking = anyio.Event()
        await self._waking.wait()


@asynccontextmanager
async def _watched(event: anyio.Event | None, then: Callable[[], None]) -> AsyncIterator[None]:
    """Calls `then` when the event is set, at once if it is already, as long as the block lasts."""
    if event is None:
        yield
        return
    if event.is_set():
        then()
    async with own_tasks() as tasks:
        tasks.start_soon(_when_set, event, then)
        yield
        tasks.cancel_scope.cancel()


async def _when_set(event: anyio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()


def _discard(index: dict[Key, set[_Wait]], key: Key, wait: _Wait) -> None:
    """Out of the index, which holds nothing for those nobody waits for."""
    index[key].discard(wait)
    if not index[key]:
        del index[key]
