"""Tells of endings until it is acknowledged: when, by the mode of joining; to whom, by who is still there.

An ending is on the disk before this hears of it. A notice is posted, that is recorded, before it is on its way; it
arrived when it stands in its owner's conversation, when whoever drives the session says so, or when the results it
tells of were read. Until then it is told again to whoever opens the session.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import anyio

from subagents.clock import Clock
from subagents.errors import NotNow, SessionError
from subagents.events import (
    Ending,
    Entry,
    Event,
    NoticeAcknowledged,
    Noticed,
    NoticePosted,
    ResultDelivered,
    RunSpawned,
    SteerDelivered,
    StoppedBy,
)
from subagents.ids import RunId, new_fact_id
from subagents.notices import joining
from subagents.notices.joining import Bundle, JoinMode, Joins
from subagents.notices.notice import Notice, notice_text
from subagents.notices.state import NOTICE_PREFIX, Posted, is_notice
from subagents.runs.result import Result
from subagents.runs.state import RunState
from subagents.sessions.journal import Journal
from subagents.sessions.state import SessionState
from subagents.spec import AskedBy

LOOK_AGAIN = 1.0  # seconds after which an ending that its owner was waiting for is looked at again

#: Slips a message with this id into a run. Raises `NotNow` when that has ended.
Steer = Callable[[RunId, str, str, AskedBy], Awaitable[None]]
#: An ended run with its whole text.
ResultOf = Callable[[RunState], Awaitable[Result]]
#: Whether the owner waits for the run, and so will read its result by itself.
Watching = Callable[[RunId, RunId | None], bool]


class Outbox:
    """The notices of one session. `attend` is its task; everything else may be called meanwhile."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        mode: JoinMode,
        steer: Steer,
        result_of: ResultOf,
        watching: Watching,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._mode = mode
        self._steer = steer
        self._result_of = result_of
        self._watching = watching
        self._joins: dict[RunId | None, Joins] = {}
        self._undelivered: dict[str, None] = {}
        self._came = anyio.Event()
        self._posted = anyio.Event()
        self._taken_up = anyio.Event()
        journal.listen(self._heard)

    # --- for whoever drives the session

    async def pending(self) -> Sequence[Notice]:
        """The notices for whoever drives the session that were not acknowledged, in the order they were posted; those
        of earlier owners of the session first."""
        await self._taken_up.wait()
        state = self._journal.state
        posted = [each for each in state.notices.pending if addressee(state, each) is None]
        found = [await self._notice(each) for each in posted]
        return [notice for notice in found if notice.runs]

    async def notices(self) -> AsyncIterator[Notice]:
        """Each of those once, and then those that come, until the session is closed. The reader acknowledges them."""
        seen: set[str] = set()
        while True:
            came = self._posted
            for notice in await self.pending():
                if notice.id not in seen:
                    seen.add(notice.id)
                    yield notice
            if self._journal.broken is not None:
                return
            await came.wait()

    async def acknowledge(self, *notices: str, to: str = "library") -> None:
        """They have arrived. One that was acknowledged before is left as it is."""
        await self._journal.record(lambda head: _acknowledged(head, notices, to))

    def release_all(self) -> None:
        """Wakes those who read; for when nothing will be posted any more."""
        self._taken_up.set()
        self._posted.set()

    # --- the task

    async def attend(self) -> None:
        """Posts and delivers, for ever. First what was left when the session was closed or its owner died."""
        with suppress(SessionError):
            await self._take_up()
            self._taken_up.set()
            while True:
                await self._tell_due()
                await self._deliver()
                with self._clock.move_on_after(self._seconds_left()):
                    await self._came.wait()
                    self._came = anyio.Event()

    async def _take_up(self) -> None:
        """Endings that nobody was told of get their notices now; posted ones are on their way again."""
        state = self._journal.state
        left = [run for run in state.runs.values() if _is_to_be_told(state, run)]
        self._undelivered |= {posted.id: None for posted in state.notices.pending}
        await self._post([(_owner(state, run), Bundle((Noticed(run.id, run.episode),))) for run in left])

    def _seconds_left(self) -> float | None:
        moments = [due for joins in self._joins.values() if (due := joins.next_due) is not None]
        return max(0.0, min(moments) - self._clock.monotonic()) if moments else None

    async def _tell_due(self) -> None:
        now, told = self._clock.monotonic(), list[tuple[RunId | None, Bundle]]()
        for owner, joins in tuple(self._joins.items()):
            self._joins[owner], bundles = joining.due(joins, now)
            told += [(owner, self._still_to_tell(bundle, owner)) for bundle in bundles]
            if self._joins[owner] == Joins(self._mode):
                del self._joins[owner]
        await self._post(told)

    def _still_to_tell(self, bundle: Bundle, owner: RunId | None) -> Bundle:
        """Without what was read, resumed or cleared since; what the owner waits for is looked at again later."""
        state, later = self._journal.state, self._clock.monotonic() + LOOK_AGAIN
        kept = []
        for ending in bundle.endings:
            run = state.run(ending.run)
            if run.episode != ending.episode or not _is_to_be_told(state, run):
                continue
            if self._watching(run.id, owner):
                self._joins[owner] = joining.hold(self._joins[owner], ending, later)
            else:
                kept.append(ending)
        return Bundle(tuple(kept), bundle.partial)

    async def _post(self, told: Sequence[tuple[RunId | None, Bundle]]) -> None:
        """All of them in one go: what is synced takes its time, for a hundred as long as for one."""
        posted = [
            NoticePosted(
                notice=f"{NOTICE_PREFIX}{new_fact_id()}",
                owner=owner,
                endings=bundle.endings,
                partial=bundle.partial,
            )
            for owner, bundle in told
            if bundle.endings
        ]
        await self._journal.record(lambda _: posted)

    async def _deliver(self) -> None:
        """Each posted notice to the run it is for; those for whoever drives the session are fetched."""
        undelivered, self._undelivered = self._undelivered, {}
        pending = {posted.id: posted for posted in self._journal.state.notices.pending}
        for notice_id in undelivered:
            if (posted := pending.get(notice_id)) is not None:
                await self._deliver_one(posted)

    async def _deliver_one(self, posted: Posted) -> None:
        owner = addressee(self._journal.state, posted)
        if owner is None:
            self._wake_readers()
            return
        if any(steer.id == posted.id for steer in self._journal.state.run(owner).steers):
            return  # it is on its way, since before the session was opened perhaps
        notice = await self._notice(posted)
        if notice.runs:
            # One that has ended in between: its ending addresses it anew.
            with suppress(NotNow):
                await self._steer(owner, posted.id, notice.text, AskedBy.PROGRAM)

    async def _notice(self, posted: Posted) -> Notice:
        """As it is now: what was read, resumed or cleared since is not in it any more."""
        state = self._journal.state
        runs = [state.run(ending.run) for ending in posted.endings if _still_news(state, ending)]
        results = [await self._result_of(run) for run in runs]
        text = notice_text(results, partial=posted.partial) if results else ""
        return Notice(posted.id, tuple(runs), text, posted.partial)

    # --- what is heard

    def _heard(self, entry: Entry) -> None:
        state = self._journal.state
        match entry.event:
            case RunSpawned(run=run):
                self._join(_owner(state, state.run(run)), joining.started, run)
            case Ending(run=run, episode=episode):
                self._address_anew(state, run)
                if _is_to_be_told(state, state.run(run)):
                    self._join(_owner(state, state.run(run)), joining.ended, Noticed(run, episode))
            case NoticePosted(notice=notice):
                self._undelivered[notice] = None
            case SteerDelivered(steer=steer) if is_notice(steer):
                self._enqueue(lambda head: _acknowledged(head, (steer,), "conversation"))
            case ResultDelivered(run=run) if state.run(run).delivered:
                self._withdraw(state, run)
            case _:
                return
        self._came.set()

    def _join(self, owner: RunId | None, step: Callable[[Joins, Any, float], Joins], what: object) -> None:
        joins = self._joins.get(owner) or Joins(self._mode)
        self._joins[owner] = step(joins, what, self._clock.monotonic())

    def _address_anew(self, state: SessionState, owner: RunId) -> None:
        """Whom some were for has ended before they arrived: whoever is above it is told."""
        for posted in state.notices.pending:
            if posted.owner is not None and owner in state.path(posted.owner):
                self._undelivered[posted.id] = None

    def _withdraw(self, state: SessionState, run: RunId) -> None:
        """A result was read: a notice that tells of nothing else need not arrive."""
        for posted in state.notices.pending:
            told = any(ending.run == run for ending in posted.endings)
            if told and not any(_still_news(state, ending) for ending in posted.endings):
                self._enqueue(partial(_acknowledged, notices=(posted.id,), to="result"))

    def _enqueue(self, decide: Callable[[SessionState], Sequence[Event]]) -> None:
        # Who heard that the session is over needs no notice of it.
        with suppress(SessionError):
            self._journal.enqueue(decide)

    def _wake_readers(self) -> None:
        self._posted.set()
        self._posted = anyio.Event()


def addressee(state: SessionState, posted: Posted) -> RunId | None:
    """Who is told now: whom it was posted for, or when that has ended the next one above it; None for whoever drives
    the session."""
    above = posted.owner
    while above is not None and (run := state.runs.get(above)) is not None:
        if not run.status.ended:
            return above
        above = run.parent
    return None


def _owner(state: SessionState, run: RunState) -> RunId | None:
    """Who is to be told of a run's ending: the nearest one above it that has not ended itself."""
    for above in state.path(run.id)[1:]:
        if not state.run(above).status.ended:
            return above
    return None


def _is_to_be_told(state: SessionState, run: RunState) -> bool:
    """Whether its ending is news to its owner, and stands in no notice."""
    return _is_news(run) and not state.notices.tells_of(run.id, run.episode)


def _still_news(state: SessionState, ending: Noticed) -> bool:
    run = state.runs.get(ending.run)
    return run is not None and run.episode == ending.episode and _is_news(run)


def _is_news(run: RunState) -> bool:
    """What was read is none, nor what its owner did itself: a stop is answered with what the run had."""
    by = run.outcome.by if run.outcome is not None else None
    # Whoever registered an agent outside knows of its end from that agent.
    return (
        run.status.ended
        and not run.reported
        and not run.delivered
        and not run.cleared
        and by is not StoppedBy.PARENT
    )


def _acknowledged(head: SessionState, notices: Sequence[str], to: str) -> list[NoticeAcknowledged]:
    known = {posted.id for posted in head.notices.pending}
    return [NoticeAcknowledged(notice=notice, to=to) for notice in dict.fromkeys(notices) if notice in known]
