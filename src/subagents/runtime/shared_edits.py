"""Runs that share a tree: who changes a file is stopped where another run did so since it was last read.

An optimistic lock: what a run has read of a file is remembered with its hash and the facts that were recorded by then,
and compared when the run writes. It is not in the log: after a restart nothing counts as read. By the hash it is seen,
too, that a file was changed by nobody of this session, which only matters to who would write all of it anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from weakref import WeakValueDictionary

import anyio

from subagents.clock import Clock
from subagents.errors import SessionError
from subagents.events import Event, FileEdited
from subagents.ids import RunId
from subagents.runs.edits import Edit, meetings, overtaken, whole_path
from subagents.sessions.journal import Journal
from subagents.sessions.state import SessionState
from subagents.toolsets.coding.deps import Objection

WAITS = 60.0  # seconds that a write waits for the others that changed the file
MOST_NAMED = 3  # edits that a sentence names
NOBODY_HERE = "by a person, a command, or an agent of another session"


class SharedMode(StrEnum):
    """What becomes of a write to a file that another run has changed: it is done and mentioned, refused, or refused
    when the other has ended or a while has passed."""

    WARN = "warn"
    REFUSE = "refuse"
    WAIT = "wait"


class SharedEdits:
    """The looks of all runs of one session."""

    def __init__(self, journal: Journal, clock: Clock, mode: SharedMode) -> None:
        self._journal = journal
        self._clock = clock
        self._mode = mode
        self._locks: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()
        self._waiting: dict[RunId, frozenset[RunId]] = {}

    def of(self, run: RunId) -> RunPreflight:
        """The look of one run, for one episode."""
        return RunPreflight(run, self._journal, self._clock, self._mode, self._locks, self._waiting)


@dataclass(frozen=True)
class RunPreflight:
    """A `Preflight` by what is recorded of other runs' edits. `waiting` tells which run waits for which others. `_seen`
    has how many facts there were when the run saw a file, and the hash that this had."""

    run: RunId
    journal: Journal
    clock: Clock
    mode: SharedMode
    locks: WeakValueDictionary[str, anyio.Lock]
    waiting: dict[RunId, frozenset[RunId]]
    _seen: dict[str, tuple[int, str | None]] = field(default_factory=dict)

    def saw(self, path: str, digest: str | None) -> None:
        self._seen[path] = (self.journal.head.seq, digest)

    async def ready(self, path: str) -> None:
        if self.mode is not SharedMode.WAIT:
            return
        others = frozenset(edit.run for edit in self._unknown(path, None))
        if not others or self._is_waited_for_by(others):
            return
        self.waiting[self.run] = others
        try:
            # Who waits when the session ends is told so by the write itself.
            with self.clock.move_on_after(WAITS), suppress(SessionError):
                await self.journal.until(lambda state: not any(state.is_live(other) for other in others))
        finally:
            self.waiting.pop(self.run, None)

    def _is_waited_for_by(self, runs: frozenset[RunId]) -> bool:
        """Whether one of them waits for this run, be it by way of others: then to wait for it would be for ever."""
        passed: set[RunId] = set()
        left = set(runs)
        while left:
            passed |= left
            left = {other for run in left for other in self.waiting.get(run, ())} - passed
        return self.run in passed

    @asynccontextmanager
    async def alone_with(self, path: str) -> AsyncIterator[None]:
        lock = self.locks.setdefault(self._whole(path), anyio.Lock())
        async with lock:
            yield

    def objection(self, path: str, digest: str | None, *, whole: bool) -> Objection | None:
        edits = self._unknown(path, digest)
        if not edits and not (whole and self._changed_elsewhere(path, digest)):
            return None
        text = _objection(self.journal.head, edits, path, digest, read=path in self._seen)
        refuses = self.mode is not SharedMode.WARN
        return Objection(f"{text} {_ADVICE[refuses]}", refuses)

    def _unknown(self, path: str, digest: str | None) -> tuple[Edit, ...]:
        """What others did to the file and this run does not know of."""
        head = self.journal.head
        others = head.edits.of_others(self._whole(path), self.run)
        return overtaken(others, self._seen.get(path), digest, head.is_live)

    def _changed_elsewhere(self, path: str, digest: str | None) -> bool:
        """Whether it is not as this run read it. What is gone can be written anew."""
        seen = self._seen.get(path)
        return seen is not None and digest is not None and seen[1] != digest

    def _whole(self, path: str) -> str:
        return whole_path(self.journal.head.run(self.run), path)


_ADVICE = {
    True: "Nothing was written: read the file again, and change it as it is now.",
    False: "It was written all the same: read the file again, and see that nothing of theirs is lost.",
}


def _objection(
    head: SessionState, edits: Sequence[Edit], path: str, digest: str | None, *, read: bool
) -> str:
    who = "; ".join(_told(head, edits)) or NOBODY_HERE
    since = "since you read it" if read else "and you have not read it"
    now = "it is not there now" if digest is None else f"its SHA-256 is {digest} now"
    return f"{path!r} was changed {since}: {who}; {now}."


def _told(head: SessionState, edits: Sequence[Edit]) -> Iterator[str]:
    for edit in edits[-MOST_NAMED:]:
        at = datetime.fromtimestamp(edit.at, UTC).strftime("%H:%M:%S UTC")
        lines = str(edit.lines) if edit.lines.last else "all of it"
        yield f"{head.handle(edit.run)} ({edit.run}) at {at}, {lines}"


def with_meetings(head: SessionState, fact: Event) -> list[Event]:
    """The fact, and the conflicts that follow from it where it is an edit."""
    if not isinstance(fact, FileEdited) or fact.run not in head.runs:
        return [fact]
    return [fact, *meetings(head.edits, head.conflicts, head.run(fact.run), fact, head.is_live)]
