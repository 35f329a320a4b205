"""The one writer of a session.

`record` decides on the *head* state, folds the facts into it and hands them to the store in one synchronous
step, so that no other decision comes between; then it waits. Everybody else sees the *committed* state,
which follows only when the store has kept the facts. A write that the store cannot keep poisons the journal:
nothing more is recorded, every waiter is told, and `broken` says why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import anyio
from anyio.lowlevel import current_token

from subagents.clock import Clock
from subagents.errors import CommitFailed, SessionClosed, SessionError
from subagents.events import Entry, Event
from subagents.ids import RunId, new_fact_id
from subagents.sessions.messages import NewMessage
from subagents.sessions.state import SessionState, fold
from subagents.sessions.store import EventStore, Write

#: Looks at the head state and answers what happened; None or nothing means that nothing did.
Decide = Callable[[SessionState], Event | Sequence[Event] | None]
#: Called in the event loop, in order, after each commit, with the committed state up to date.
Listener = Callable[[Entry], None]

SNAPSHOT_EVERY = 2_000  # facts; folding that many takes some 10 ms


class Journal:
    """Records facts of one session, in one event loop. See the module for what is promised."""

    def __init__(self, store: EventStore, clock: Clock, head: SessionState, committed: SessionState) -> None:
        self._store = store
        self._clock = clock
        self._head = head
        self._committed = committed
        self._listeners: list[Listener] = []
        self._pending: deque[Pending] = deque()
        self._fates: deque[SessionError | None] = deque()
        self._settling = False
        self._call_soon = _loop_caller()
        self._woken_by_break: list[anyio.Event] = []
        self._snapshot_at = committed.seq
        self.broken: SessionError | None = None
        self.on_broken: Callable[[], None] = lambda: None

    @classmethod
    def load(cls, store: EventStore, clock: Clock) -> Journal:
        """The journal of what `store` holds. Must be called in the event loop that will use it."""
        loaded = store.load()
        return cls(store, clock, *(_restored(loaded.snapshot, loaded.entries) for _ in range(2)))

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
        not keep it. A caller that is cancelled while it waits leaves the facts on their way.
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
        if self.broken is not None:
            raise SessionClosed(f"nothing more is recorded in this session: {self.broken}")
        events = _as_sequence(decide(self._head))
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

    async def until(self, holds: Callable[[SessionState], bool]) -> None:
        """Waits until the committed state is such; the caller bounds it.

        Raises `SessionClosed` when the journal breaks first.
        """
        if holds(self._committed):
            return
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
        if self.broken is not None and not holds(self._committed):
            raise SessionClosed(f"the session is over: {self.broken}")

    def close(self, reason: str) -> None:
        """Refuses everything from now on; what was handed over is still kept."""
        self._break(SessionClosed(reason))

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
        while self._fates:
            pending, error = self._pending.popleft(), self._fates.popleft()
            if error is None:
                self._commit(pending.write.entries)
            else:
                pending.error = CommitFailed(str(error))
                self._break(pending.error)
            pending.settled.set()

    def _commit(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._committed.apply(entry)
            for listener in tuple(self._listeners):
                listener(entry)
        if self._committed.seq - self._snapshot_at >= SNAPSHOT_EVERY:
            self._snapshot_at = self._committed.seq
            self._store.save_snapshot(self._committed.seq, self._committed.snapshot())

    def _break(self, error: SessionError) -> None:
        if self.broken is None:
            self.broken = error
            for waiting in self._woken_by_break:
                waiting.set()
            self.on_broken()

    def _entry(self, seq: int, event: Event) -> Entry:
        return Entry(seq, new_fact_id(), self._clock.now(), event)


class Pending:
    """A write that the store has not answered yet."""

    __slots__ = ("error", "settled", "write")

    def __init__(self, write: Write) -> None:
        self.write = write
        self.settled = anyio.Event()
        self.error: SessionError | None = None

    async def wait(self) -> tuple[Entry, ...]:
        """Its facts, when they are kept. Raises `CommitFailed` when they could not be."""
        await self.settled.wait()
        if self.error is not None:
            raise self.error
        return self.write.entries


def _as_sequence(decided: Event | Sequence[Event] | None) -> Sequence[Event]:
    if decided is None:
        return ()
    return (decided,) if isinstance(decided, Event) else decided


def _restored(snapshot: bytes | None, entries: Iterable[Entry]) -> SessionState:
    return fold(entries, SessionState.restore(snapshot) if snapshot is not None else None)


def _loop_caller() -> Callable[[Callable[[], None]], None]:
    """What runs a function in this event loop, soon, from any thread, without waiting for it.

    `anyio.from_thread.run_sync` would make the store's thread wait for the loop while the loop waits for it.
    """
    loop: Any = current_token().native_token

    def call_soon(function: Callable[[], None]) -> None:
        # A loop that has ended has nobody left who waits for the answer.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(function)

    return call_soon
