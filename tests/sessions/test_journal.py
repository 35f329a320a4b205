"""The one writer of a session: what is decided, what is kept, and who hears of it when."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

import anyio
import pytest

from subagents.errors import CommitFailed, NotNow, RunNotFound, SessionClosed, SessionError
from subagents.events import Entry, Event, RunCompleted, RunFailed, SessionRenamed
from subagents.runs import lifecycle
from subagents.sessions.journal import SNAPSHOT_EVERY, Decide, Journal
from subagents.sessions.messages import MessageKind, NewMessage
from subagents.sessions.reader import read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import SessionState
from subagents.sessions.store import Done, MemoryStore, Write
from subagents.spec import AskedBy
from subagents.testing.clock import FakeClock
from subagents.testing.facts import RUN, replied, spawned, spec, started

BOUND = 30.0  # seconds until a test that waits in vain fails


class HeldStore(MemoryStore):
    """Keeps nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[tuple[Write, Done]] = deque()
        self.snapshots: list[int] = []

    def append(self, write: Write, done: Done) -> None:
        self.waiting.append((write, done))

    def save_snapshot(self, seq: int, data: bytes) -> None:
        self.snapshots.append(seq)

    def keep(self, writes: int = 1) -> None:
        for _ in range(writes):
            super().append(*self.waiting.popleft())

    def fail(self, reason: str) -> None:
        """What a real store does after a failure: this write and all that follow are refused."""
        while self.waiting:
            self.waiting.popleft()[1](SessionError(reason))


@pytest.fixture
def store() -> HeldStore:
    return HeldStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def journal(store: HeldStore, clock: FakeClock) -> Journal:
    return Journal.load(store, clock)


async def settled() -> None:
    """Everything that the store answered has been heard."""
    await anyio.wait_all_tasks_blocked()


def decided(event: Event) -> Decide:
    return lambda _: event


def rename(title: str) -> SessionRenamed:
    return SessionRenamed(title=title)


async def test_what_is_decided_shows_in_the_head_and_what_is_kept_in_the_state(
    journal: Journal, store: HeldStore
):
    journal.enqueue(lambda _: rename("decided"))
    assert (journal.head.header.title, journal.state.header.title) == ("decided", "")
    store.keep()
    await settled()
    assert journal.state.header.title == "decided"


async def test_the_next_decision_sees_the_one_before_although_it_is_not_kept_yet(journal: Journal):
    journal.enqueue(lambda _: [spawned(), started()])
    journal.enqueue(lambda head: lifecycle.complete(head.run(RUN), "first", 1.0))
    assert journal.enqueue(lambda head: lifecycle.complete(head.run(RUN), "second", 1.0)) is None


async def test_record_returns_when_it_is_kept(journal: Journal, store: HeldStore):
    async with anyio.create_task_group() as tasks:
        returned: list[tuple[Entry, ...]] = []

        async def record() -> None:
            returned.append(await journal.record(lambda _: [rename("a"), rename("b")]))

        tasks.start_soon(record)
        await settled()
        assert returned == []
        store.keep()
        with anyio.fail_after(BOUND):
            await journal.until(lambda state: state.seq == 2)
    assert [entry.seq for entry in returned[0]] == [1, 2]
    assert returned[0][0].event == rename("a")


async def test_nothing_decided_is_nothing_recorded(journal: Journal, store: HeldStore):
    assert await journal.record(lambda _: None, run=RUN, lines=["dropped"], draft="dropped") == ()
    assert await journal.record(lambda _: []) == ()
    assert not store.waiting


async def test_what_deciding_raises_passes_through_and_nothing_is_recorded(
    journal: Journal, store: HeldStore
):
    def decide(head: SessionState):
        return lifecycle.pause(head.run(RUN))

    with pytest.raises(RunNotFound):
        await journal.record(decide)
    journal.enqueue(lambda _: [spawned(), RunCompleted(run=RUN, episode=1, text="done")])
    with pytest.raises(NotNow):
        await journal.record(decide)
    assert (journal.head.seq, len(store.waiting)) == (2, 1)


async def test_words_are_kept_with_their_fact_in_the_episode_that_it_began(
    journal: Journal, store: HeldStore
):
    journal.enqueue(lambda _: [spawned(), RunCompleted(run=RUN, episode=1, text="done")])
    message = NewMessage(MessageKind.REPLY, b"{}")
    journal.enqueue(
        lambda head: lifecycle.resume(head.run(RUN), "and now?", AskedBy.PERSON),
        run=RUN,
        messages=[message],
        lines=["a line"],
        draft="half",
    )
    journal.keep(RUN, lines=["another"], draft="half a word")
    store.keep(3)
    ((kept,), lines) = (store.messages(RUN), store.lines(RUN, 1, 9))
    assert (kept.episode, kept.n, kept.json) == (2, 1, b"{}")
    assert [line.text for line in lines] == ["a line", "another"]
    assert store.draft(RUN) == "half a word"


async def test_listeners_hear_every_fact_in_order_with_the_state_up_to_date(
    journal: Journal, store: HeldStore
):
    heard: list[tuple[str, int, int]] = []

    def listener(name: str):
        return lambda entry: heard.append((name, entry.seq, journal.state.seq))

    for name in ("one", "two"):
        journal.listen(listener(name))
    journal.enqueue(lambda _: [rename("a"), rename("b")])
    store.keep()
    await settled()
    assert heard == [("one", 1, 1), ("two", 1, 1), ("one", 2, 2), ("two", 2, 2)]


async def test_who_stops_listening_hears_nothing_more(journal: Journal, store: HeldStore):
    heard: list[int] = []
    unlisten = journal.listen(lambda entry: heard.append(entry.seq))
    for title in ("a", "b"):
        journal.enqueue(decided(rename(title)))
        store.keep()
        await settled()
        if title == "a":
            unlisten()
    assert heard == [1]


async def test_a_cancelled_caller_leaves_its_facts_on_their_way(journal: Journal, store: HeldStore):
    with anyio.move_on_after(0):
        await journal.record(lambda _: rename("kept all the same"))
    store.keep()
    await settled()
    assert journal.state.header.title == "kept all the same"


async def test_until_returns_when_the_committed_state_is_such(journal: Journal, store: HeldStore):
    returned: list[str] = []

    async def wait() -> None:
        await journal.until(lambda state: state.header.title == "b")
        returned.append(journal.state.header.title)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            for title in ("a", "b"):
                journal.enqueue(decided(rename(title)))
            await settled()
            store.keep()
            await settled()
            assert (journal.state.header.title, returned) == ("a", [])
            store.keep()
            await journal.until(lambda state: state.seq == 2)
    assert returned == ["b"]
    await journal.until(lambda state: state.seq == 2)


@pytest.mark.parametrize("end", ["close", "failure"])
async def test_until_raises_when_the_journal_ends_first(journal: Journal, store: HeldStore, end: str):
    raised: list[SessionClosed] = []

    async def wait() -> None:
        try:
            await journal.until(lambda state: state.header.title == "never")
        except SessionClosed as error:
            raised.append(error)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await settled()
            if end == "close":
                journal.close("enough")
            else:
                journal.enqueue(lambda _: rename("lost"))
                store.fail("the disk is full")
        await wait()  # and who asks only now need not wait for ever
    assert len(raised) == 2


async def test_a_failed_write_ends_the_session_for_everybody(journal: Journal, store: HeldStore):
    errors: list[SessionError] = []
    broken: list[str] = []
    journal.on_broken = lambda: broken.append(str(journal.broken))

    async def record(title: str) -> None:
        try:
            await journal.record(lambda _: rename(title))
        except SessionError as error:
            errors.append(error)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            for title in ("kept", "lost", "lost too"):
                tasks.start_soon(record, title)
            await settled()
            store.keep()
            store.fail("the disk is full")
    assert [type(error) for error in errors] == [CommitFailed, CommitFailed]
    assert broken == ["the disk is full"]
    assert journal.state.header.title == "kept"
    with pytest.raises(SessionClosed, match="the disk is full"):
        await journal.record(lambda _: rename("afterwards"))
    journal.keep(RUN, draft="not even this")
    assert not store.waiting


async def test_closing_refuses_what_comes_and_keeps_what_was_handed_over(journal: Journal, store: HeldStore):
    pending = journal.enqueue(lambda _: rename("on its way"))
    assert pending is not None
    journal.close("the day is over")
    with pytest.raises(SessionClosed, match="the day is over"):
        journal.enqueue(lambda _: rename("too late"))
    store.keep()
    with anyio.fail_after(BOUND):
        await pending.wait()
    assert journal.state.header.title == "on its way"


async def test_a_restart_goes_on_with_the_numbers_and_the_state(clock: FakeClock):
    store = MemoryStore()
    before = Journal.load(store, clock)
    await before.record(lambda _: [spawned(), started()])
    before.close("restart")
    store.close()
    after = Journal.load(store, clock)
    assert after.state.snapshot() == before.state.snapshot()
    (entry,) = await after.record(lambda head: lifecycle.complete(head.run(RUN), "done", 1.0))
    assert entry.seq == 3


async def test_a_clock_that_is_set_back_changes_no_order(clock: FakeClock):
    journal = Journal.load(MemoryStore(), clock)
    (first,) = await journal.record(lambda _: spawned())
    clock.set_back(3_600)
    (second,) = await journal.record(lambda _: started())
    assert (first.seq, second.seq) == (1, 2)
    assert second.at < first.at
    assert journal.state.run(RUN).status == "running"


async def test_facts_have_ids_of_their_own(journal: Journal):
    pending = journal.enqueue(lambda _: [rename(str(number)) for number in range(1_000)])
    assert pending is not None
    assert len({entry.id for entry in pending.write.entries}) == 1_000


def test_a_listener_that_raises_makes_nobody_wait_for_ever(caplog: pytest.LogCaptureFixture):
    """Its error goes where the event loop reports those that belong to no task."""

    async def story() -> str:
        journal = Journal.load(store := HeldStore(), FakeClock())
        journal.listen(raises_at_first)
        both = [journal.enqueue(lambda _: rename("a")), journal.enqueue(lambda _: rename("b"))]
        store.keep(2)
        with anyio.fail_after(BOUND):
            for pending in both:
                assert pending is not None
                await pending.wait()
        return journal.state.header.title

    def raises_at_first(entry: Entry) -> None:
        if entry.seq == 1:
            raise RuntimeError("a bug in a listener")

    assert anyio.run(story) == "b"
    assert "a bug in a listener" in caplog.text


async def test_half_a_character_pair_costs_no_run_its_ending(clock: FakeClock, tmp_path: Path):
    store = SqliteStore(tmp_path / "log.db")
    journal = Journal.load(store, clock)
    odd = "caf\udce9"  # a file name in Latin-1, as Python reads it
    await journal.record(lambda _: [spawned(), replied(text=odd)], run=RUN, lines=[odd], draft=odd)
    (entry,) = await journal.record(lambda head: lifecycle.fail(head.run(RUN), f"no such file: {odd}", 1.0))
    assert isinstance(entry.event, RunFailed)
    assert entry.event.reason == "no such file: caf?"
    assert [line.text for line in store.lines(RUN, 1, 1)] == ["caf?"]
    journal.close("done")
    store.close()
    assert read_session(tmp_path / "log.db").snapshot() == journal.state.snapshot()


async def test_a_fact_that_could_not_be_read_again_is_refused_and_nothing_breaks(
    journal: Journal, store: HeldStore
):
    unreadable: list[Event] = [
        spawned(spec=spec(output_schema={"const": object()})),
        RunCompleted(run=RUN, episode=1, text="done", seconds=float("nan")),
    ]
    for event in unreadable:
        with pytest.raises(ValueError, match=type(event).__name__):
            journal.enqueue(decided(event))
    assert (journal.head.seq, journal.broken, len(store.waiting)) == (0, None, 0)


async def test_snapshots_are_saved_now_and_then_and_at_the_end(journal: Journal, store: HeldStore):
    for _ in range(3):
        journal.enqueue(lambda _: [rename("x")] * (SNAPSHOT_EVERY // 2))
        store.keep()
        await settled()
    assert store.snapshots == [SNAPSHOT_EVERY]
    journal.close("done")
    assert store.snapshots == [SNAPSHOT_EVERY, SNAPSHOT_EVERY * 3 // 2]


async def test_a_snapshot_that_cannot_be_read_is_rebuilt_from_the_facts(clock: FakeClock, tmp_path: Path):
    store = SqliteStore(tmp_path / "log.db")
    journal = Journal.load(store, clock)
    await journal.record(lambda _: [spawned(), started()])
    store.save_snapshot(2, b'{"not":"a state"}')
    store.close()
    again = SqliteStore(tmp_path / "log.db")
    assert Journal.load(again, clock).state.snapshot() == journal.state.snapshot()
    again.close()


async def test_many_callers_at_once_are_all_answered_in_order(clock: FakeClock, tmp_path: Path):
    store = SqliteStore(tmp_path / "log.db")
    journal = Journal.load(store, clock)
    heard: list[int] = []
    journal.listen(lambda entry: heard.append(entry.seq))

    async def record(number: int) -> None:
        for step in range(20):
            await journal.record(decided(rename(f"{number}.{step}")))

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(record, number)
    assert heard == list(range(1, 1_001))
    store.close()
    assert threading.active_count() < 20
