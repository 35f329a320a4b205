"""The one writer of a session.

`record` decides on the *head* state, folds the facts into it and hands them to the store in one synchronous
step, so that no other decision comes between; then it waits. Everybody else sees the *committed* state,
which follows only when the store has kept the facts. A write that the store cannot keep poisons the journal:
nothing more is recorded, every waiter is told, and `broken` says why.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from random import Random
from typing import Any

import anyio
import msgspec
from anyio.lowlevel import current_token

from subagents.clock import Clock
from subagents.errors import CommitFailed, SessionClosed, SessionError
from subagents.events import Ending, Entry, Event
from subagents.ids import RunId, new_fact_id
from subagents.sessions.messages import NewMessage
from subagents.sessions.recordable import recordable
from subagents.sessions.state import SessionState, fold
from subagents.sessions.store import EventStore, Loaded, Write

#: Looks at the head state and answers what happened; None or nothing means that nothing did.
Decide = Callable[[SessionState], Event | Sequence[Event] | None]
#: Called in the event loop, in order, after each commit, with the committed state up to date.
Listener = Callable[[Entry], None]

SNAPSHOT_EVERY = 2_000  # facts; folding that many takes some 10 ms


class Journal:
    """Records facts of one session, in one event loop. See the module for what is promised.

    `set_aside` says in a sentence what of the session was damaged when it was loaded, "" when nothing was.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        head: SessionState,
        committed: SessionState,
        set_aside: str = "",
    ) -> None:
        self.set_aside = set_aside
        self._store = store
        self._clock = clock
        self._head = head
        self._committed = committed
        # Fact ids need to differ and nothing else; asking the system for each of them costs a call a fact.
        self._random = Random(new_fact_id())
        self._listeners: list[Listener] = []
        self._pending: deque[Pending] = deque()
        self._fates: deque[SessionError | None] = deque()
        self._settling = False
        self._call_soon = _loop_caller()
        self._woken_by_break: list[anyio.Event] = []
        self._unkept: list[Entry] = []
        self._snapshot_at = committed.seq
        self.broken: SessionError | None = None
        self.on_broken: Callable[[], None] = lambda: None

    @classmethod
    def load(cls, store: EventStore, clock: Clock) -> Journal:
        """The journal of what `store` holds. Must be called in the event loop that will use it."""
        loaded = store.load()
        return cls(store, clock, _restored(store, loaded), _restored(store, loaded), loaded.set_aside)

    @property
    def state(self) -> SessionState:
        """What is committed. It moves on by itself; read what you need before the next await."""
        return self._committed

    @property
    def head(self) -> SessionState:
        """What was decided, though it may not be kept yet; for deciding only."""
        return self._head

    async def record(
        self,
        decide: Decide,
        *,
        run: RunId | None = None,
        messages: Sequence[NewMessage] = (),
        lines: Sequence[str] = (),
        draft: str | None = None,
    ) -> tuple[Entry, ...]:
        """Records what `decide` answers, and what belongs to it, and returns when it is kept.

        `messages`, `lines` and `draft` are kept with the facts, in the same transaction, for `run`; when `decide`
        answers that nothing happened they are dropped as well. What `decide` raises passes through, with nothing
        recorded. Raises `SessionClosed` when the journal is closed or broken, `CommitFailed` when the store could
        not keep it, `ValueError` with nothing recorded for a fact that could not be read again. A caller that is
        cancelled while it waits leaves the facts on their way.
        """
        pending = self.enqueue(decide, run=run, messages=messages, lines=lines, draft=draft)
        if pending is None:
            return ()
        return await pending.wait()

    def enqueue(
        self,
        decide: Decide,
        *,
        run: RunId | None = None,
        messages: Sequence[NewMessage] = (),
        lines: Sequence[str] = (),
        draft: str | None = None,
    ) -> Pending | None:
        """The synchronous half of `record`, for callers that need not wait: in order with all others."""
        self._require_open()
        events = [recordable(event) for event in _as_sequence(decide(self._head))]
        if not events:
            return None
        entries = tuple(self._entry(number, event) for number, event in enumerate(events, self._head.seq + 1))
        fold(entries, self._head)
        episode = self._head.runs[run].episode if run in self._head.runs and run is not None else 1
        return self._hand_over(
            Write(
                entries=entries,
                run=run,
                episode=episode,
                messages=tuple(messages),
                lines=tuple(lines),
                draft=draft,
            )
        )

    def keep(
        self,
        run: RunId,
        *,
        messages: Sequence[NewMessage] = (),
        lines: Sequence[str] = (),
        draft: str | None = None,
    ) -> None:
        """Keeps words of a run that no fact goes with, in order with the facts, without waiting."""
        if self.broken is None:
            episode = self._head.run(run).episode
            self._hand_over(
                Write(run=run, episode=episode, messages=tuple(messages), lines=tuple(lines), draft=draft)
            )

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with every fact from now on, after its commit; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def unkept(self, run: RunId) -> Ending | None:
        """The ending that this run came to and that the store could not keep, in a session that broke."""
        if not isinstance(self.broken, CommitFailed):
            return None
        # What the store has not answered yet fares like what it has: after a failure it keeps nothing.
        entries = chain(self._unkept, *(pending.write.entries for pending in self._pending))
        endings = (entry.event for entry in entries if isinstance(entry.event, Ending))
        return next((ending for ending in endings if ending.run == run), None)

    async def until(self, holds: Callable[[SessionState], bool]) -> None:
        """Waits until the committed state is such; the caller bounds it.

        Raises `SessionClosed` when the journal breaks first.
        """
        if holds(self._committed):
            return
        self._require_open()
        seen = anyio.Event()

        def look(_: Entry) -> None:
            if holds(self._committed):
                seen.set()

        unlisten = self.listen(look)
        self._woken_by_break.append(seen)
        try:
            await seen.wait()
        finally:
            unlisten()
            self._woken_by_break.remove(seen)
        if not holds(self._committed):
            self._require_open()

    def close(self, reason: str) -> None:
        """Refuses everything from now on; what was handed over is still kept."""
        self._break(SessionClosed(reason))
        self._save_last_snapshot()

    def _require_open(self) -> None:
        if self.broken is not None:
            raise SessionClosed(f"the session is over and records nothing more: {self.broken}")

    # --- what the store answers

    def _hand_over(self, write: Write) -> Pending:
        pending = Pending(write)
        self._pending.append(pending)
        self._store.append(write, self._store_answered)
        return pending

    def _store_answered(self, error: SessionError | None) -> None:
        """From any thread. Answers come in the order of the writes, so a queue of fates is enough."""
        self._fates.append(error)
        if not self._settling:
            self._settling = True
            self._call_soon(self._settle)

    def _settle(self) -> None:
        # Cleared first: an answer that comes during the loop then costs one call too many, never one too few.
        self._settling = False
        try:
            while self._fates:
                self._answer(self._pending.popleft(), self._fates.popleft())
        finally:
            # Only a listener that raised leaves some; those who wait for them must not pay for it.
            if self._fates:
                self._call_soon(self._settle)
        if self.broken is not None:
            self._save_last_snapshot()

    def _answer(self, pending: Pending, error: SessionError | None) -> None:
        try:
            if error is None:
                self._commit(iter(pending.write.entries))
            else:
                self._unkept += pending.write.entries
                self._break(CommitFailed(str(error)))
        finally:
            pending.settle(error)

    def _commit(self, entries: Iterator[Entry]) -> None:
        try:
            for entry in entries:
                self._committed.apply(entry)
                self._tell(entry, iter(tuple(self._listeners)))
        finally:
            # Only when a listener raised: what is kept is committed all the same.
            if rest := list(entries):
                self._commit(iter(rest))
        if self._committed.seq - self._snapshot_at >= SNAPSHOT_EVERY:
            self._save_snapshot()

    def _tell(self, entry: Entry, listeners: Iterator[Listener]) -> None:
        """What one listener raises costs the others nothing, and comes out of the event loop."""
        try:
            for listener in listeners:
                listener(entry)
        finally:
            if rest := list(listeners):
                self._tell(entry, iter(rest))

    def _save_last_snapshot(self) -> None:
        """With it, a closed session is read without folding anything."""
        if not self._pending and self._committed.seq > self._snapshot_at:
            self._save_snapshot()

    def _save_snapshot(self) -> None:
        self._snapshot_at = self._committed.seq
        self._store.save_snapshot(self._committed.seq, self._committed.snapshot())

    def _break(self, error: SessionError) -> None:
        if self.broken is None:
            self.broken = error
            for waiting in self._woken_by_break:
                waiting.set()
            self.on_broken()

    def _entry(self, seq: int, event: Event) -> Entry:
        return Entry(seq, f"{self._random.getrandbits(64):016x}", self._clock.now(), event)


class Pending:
    """A write that the store has not answered yet."""

    __slots__ = ("_error", "_settled", "_waited_for", "write")

    def __init__(self, write: Write) -> None:
        self.write = write
        self._settled = False
        self._error: SessionError | None = None
        # Most writes are waited for by nobody, and an event costs more than the rest of this object.
        self._waited_for: anyio.Event | None = None

    def settle(self, error: SessionError | None) -> None:
        """What the store answered; in the event loop."""
        self._error, self._settled = error, True
        if self._waited_for is not None:
            self._waited_for.set()

    async def wait(self) -> tuple[Entry, ...]:
        """Its facts, when they are kept. Raises `CommitFailed` when they could not be."""
        if not self._settled:
            self._waited_for = self._waited_for or anyio.Event()
            await self._waited_for.wait()
        if self._error is not None:
            raise CommitFailed(str(self._error))
        return self.write.entries


def _as_sequence(decided: Event | Sequence[Event] | None) -> Sequence[Event]:
    if decided is None:
        return ()
    return (decided,) if isinstance(decided, Event) else decided


def _restored(store: EventStore, loaded: Loaded) -> SessionState:
    if loaded.snapshot is not None:
        try:
            return fold(loaded.entries, SessionState.restore(loaded.snapshot))
        except msgspec.MsgspecError:
            # Whole, but not what this version makes: the facts say the same.
            return fold(store.entries())
    return fold(loaded.entries)


def _loop_caller() -> Callable[[Callable[[], None]], None]:
    """What runs a function in this event loop, soon, from any thread, without waiting for it.

    `anyio.from_thread.run_sync` would make the store's thread wait for the loop while the loop waits for it.
    """
    loop: Any = current_token().native_token
    home = threading.get_ident()

    def call_soon(function: Callable[[], None]) -> None:
        if threading.get_ident() == home:
            loop.call_soon(function)  # the loop is awake: there is no need to write to its waking pipe
            return
        # A loop that has ended has nobody left who waits for the answer.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(function)

    return call_soon
