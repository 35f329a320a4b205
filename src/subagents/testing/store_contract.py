"""The contract of `EventStore` as tests. Derive a class, give it a `store` fixture, and pytest runs them all.

class TestMyStore(DurableStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = MyStore(tmp_path / "log")
        yield store
        store.close()

    def reopen(self, store):
        return MyStore(store.path)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from subagents.errors import SessionError
from subagents.events import Entry, Event, RunCompleted, RunStarted, SessionRenamed
from subagents.sessions.messages import MessageKind, NewMessage
from subagents.sessions.store import EventStore, Line, Write
from subagents.testing.facts import BEGAN, RUN
from subagents.testing.facts import OTHER_RUN as OTHER

ANSWERED_WITHIN = 30.0  # seconds


def fact(seq: int, event: Event | None = None) -> Entry:
    """A fact with this number, of no importance when no event is given."""
    return Entry(seq, f"{seq:016x}", BEGAN + seq, event or SessionRenamed(title=f"title {seq}"))


def facts(first: int, last: int) -> tuple[Entry, ...]:
    return tuple(fact(seq) for seq in range(first, last + 1))


def message(text: str, kind: MessageKind = MessageKind.REPLY) -> NewMessage:
    return NewMessage(kind, f'{{"text":"{text}"}}'.encode())


class Writing:
    """Gives writes to a store and remembers what it answered, in the order of the answers."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._answers: SimpleQueue[tuple[int, SessionError | None]] = SimpleQueue()
        self._given = 0
        self._read = 0

    def give(self, *writes: Write) -> None:
        for write in writes:
            self._store.append(write, self._answer(self._given))
            self._given += 1

    def answers(self) -> list[tuple[int, SessionError | None]]:
        """The answers not read before: which write, counted from 0, and what was said. Waits for all of them."""
        due = self._given - self._read
        self._read = self._given
        return [self._answers.get(timeout=ANSWERED_WITHIN) for _ in range(due)]

    def keep(self, *writes: Write) -> None:
        """Gives them and expects all to be kept."""
        self.give(*writes)
        assert [error for _, error in self.answers()] == [None] * len(writes)

    @property
    def unexpected(self) -> int:
        """How many answers came that nobody waits for any more."""
        return self._answers.qsize()

    def _answer(self, number: int) -> Callable[[SessionError | None], None]:
        return lambda error: self._answers.put((number, error))


class StoreContract:
    """What every `EventStore` does. `store` is a new one, not loaded yet."""

    @pytest.fixture
    def store(self) -> Iterator[EventStore]:
        raise NotImplementedError("give your class a fixture called `store`")

    @pytest.fixture
    def writing(self, store: EventStore) -> Writing:
        """The store, loaded."""
        store.load()
        return Writing(store)

    def test_a_new_store_is_empty(self, store: EventStore) -> None:
        loaded = store.load()
        assert (loaded.snapshot, loaded.entries, loaded.set_aside) == (None, (), "")
        assert list(store.entries()) == []
        assert list(store.messages(RUN)) == []
        assert store.draft(RUN) == ""
        assert store.line_count(RUN) == 0
        assert list(store.lines(RUN, 1, 100)) == []

    def test_what_is_answered_can_be_read(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 2)), Write(entries=facts(3, 3)))
        assert tuple(store.entries()) == facts(1, 3)

    def test_reading_begins_after_a_number(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 3_000)))
        assert tuple(store.entries(1)) == facts(2, 3_000)
        assert tuple(store.entries(2_999)) == facts(3_000, 3_000)
        assert tuple(store.entries(3_000)) == ()

    def test_one_fact_is_found_by_its_number(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 3)))
        assert store.entry(2) == fact(2)
        for absent in (0, 4, -1):
            with pytest.raises(KeyError):
                store.entry(absent)

    def test_every_write_is_answered_once_and_in_order(self, writing: Writing) -> None:
        writing.give(*(Write(entries=(fact(seq),)) for seq in range(1, 2_001)))
        assert writing.answers() == [(number, None) for number in range(2_000)]
        assert writing.unexpected == 0

    def test_a_gap_is_refused_and_everything_after_it(self, store: EventStore, writing: Writing) -> None:
        writing.give(Write(entries=facts(1, 2)), Write(entries=(fact(4),)), Write(entries=(fact(3),)))
        outcomes = [error is None for _, error in writing.answers()]
        assert outcomes == [True, False, False]
        assert tuple(store.entries()) == facts(1, 2)

    def test_a_write_is_kept_wholly_or_not_at_all(self, store: EventStore, writing: Writing) -> None:
        half = Write(entries=(fact(1), fact(3)), run=RUN, messages=(message("m"),), lines=("l",), draft="d")
        writing.give(half)
        ((_, error),) = writing.answers()
        assert isinstance(error, SessionError)
        assert list(store.entries()) == []
        assert list(store.messages(RUN)) == []
        assert (store.line_count(RUN), store.draft(RUN)) == (0, "")

    def test_a_number_given_twice_is_refused(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=(fact(1),)))
        writing.give(Write(entries=(fact(1, SessionRenamed(title="forged")),)))
        ((_, error),) = writing.answers()
        assert isinstance(error, SessionError)
        assert store.entry(1) == fact(1)

    def test_after_closing_writes_are_refused_and_reading_goes_on(
        self, store: EventStore, writing: Writing
    ) -> None:
        writing.give(Write(entries=facts(1, 50)))
        store.close()
        store.close()
        writing.give(Write(entries=(fact(51),)))
        (_, kept), (_, refused) = writing.answers()
        assert kept is None
        assert isinstance(refused, SessionError)
        assert tuple(store.entries()) == facts(1, 50)

    def test_messages_are_numbered_for_each_run_over_its_episodes(
        self, store: EventStore, writing: Writing
    ) -> None:
        part = message("result", MessageKind.PART)
        writing.keep(
            Write(entries=(fact(1),), run=RUN, messages=(message("a"), part)),
            Write(entries=(fact(2),), run=OTHER, messages=(message("b"),)),
            Write(run=RUN, episode=2, messages=(message("c"),)),
        )
        rows = [(m.run, m.episode, m.n, m.kind, m.json) for m in store.messages(RUN)]
        assert rows == [
            (RUN, 1, 1, MessageKind.REPLY, b'{"text":"a"}'),
            (RUN, 1, 2, MessageKind.PART, b'{"text":"result"}'),
            (RUN, 2, 3, MessageKind.REPLY, b'{"text":"c"}'),
        ]
        assert [m.n for m in store.messages(OTHER)] == [1]

    def test_lines_are_numbered_for_each_run_and_read_by_number(
        self, store: EventStore, writing: Writing
    ) -> None:
        writing.keep(
            Write(run=RUN, lines=("one", "", "three")),
            Write(run=OTHER, lines=("other",)),
            Write(run=RUN, episode=2, lines=("four",)),
            Write(run=RUN, lines=("five", "six")),
        )
        assert store.line_count(RUN) == 6
        assert list(store.lines(RUN, 2, 5)) == [
            Line(2, ""),
            Line(3, "three"),
            Line(4, "four"),
            Line(5, "five"),
        ]
        assert list(store.lines(OTHER, 1, 9)) == [Line(1, "other")]

    @pytest.mark.parametrize(
        ("first", "last", "numbers"),
        [(1, 3, [1, 2, 3]), (3, 3, [3]), (0, 1, [1]), (-5, 2, [1, 2]), (3, 99, [3]), (4, 9, []), (3, 2, [])],
    )
    def test_lines_are_given_as_far_as_they_exist(
        self, store: EventStore, writing: Writing, first: int, last: int, numbers: list[int]
    ) -> None:
        writing.keep(Write(run=RUN, lines=("a",)), Write(run=RUN, lines=("b", "c")))
        assert [line.n for line in store.lines(RUN, first, last)] == numbers
        assert [line.n for line in store.lines(RUN, 1, 10**30)] == [1, 2, 3]

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("size", [1, 40, 700, 10**6])
    @pytest.mark.parametrize(("first", "last"), [(1, 450), (0, 10**30), (2, 2), (203, 399), (450, 460)])
    def test_a_stretch_is_the_lines_at_one_end_until_there_is_enough(
        self, store: EventStore, writing: Writing, first: int, last: int, size: int, backwards: bool
    ) -> None:
        writing.keep(
            Write(run=RUN, lines=("", "", *(f"line {n}" for n in range(3, 401)))),
            Write(run=OTHER, lines=("of another run",)),
            *(Write(run=RUN, lines=(f"line {n}",)) for n in range(401, 450)),
            Write(run=RUN, episode=2, lines=("",)),
        )
        stretch = store.stretch(RUN, first, last, size, backwards=backwards)
        assert stretch is not None
        begin, end = max(first, 1), min(last, 450)
        assert (stretch.last == end) if backwards else (stretch.first == begin)
        assert begin <= stretch.first <= stretch.last <= end
        lines = [line.text for line in store.lines(RUN, stretch.first, stretch.last)]
        assert stretch.text == "\n".join(lines)
        whole = len("\n".join(line.text for line in store.lines(RUN, begin, end)))
        assert len(stretch.text) + 1 >= min(size, whole)

    def test_a_stretch_is_not_much_longer_than_was_asked(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(run=RUN, lines=tuple(f"line {n}" for n in range(1, 5_001))))
        for backwards in (False, True):
            stretch = store.stretch(RUN, 1, 5_000, 1_000, backwards=backwards)
            assert stretch is not None
            assert len(stretch.text) < 10_000

    def test_where_there_are_no_lines_there_is_no_stretch(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(run=RUN, lines=("a", "b")))
        assert store.stretch(RUN, 3, 9, 10) is None
        assert store.stretch(RUN, 2, 1, 10, backwards=True) is None
        assert store.stretch(OTHER, 1, 9, 10, backwards=True) is None
        assert store.stretch(RUN, -3, 0, 10) is None

    def test_a_line_break_inside_a_line_moves_no_numbers(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(run=RUN, lines=("a\nb", "c")), Write(run=RUN, lines=("",)))
        assert [(line.n, line.text) for line in store.lines(RUN, 1, 9)] == [(1, "a b"), (2, "c"), (3, "")]

    def test_a_draft_is_replaced_and_dropped(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(run=RUN, draft="first"), Write(run=OTHER, draft="other"))
        writing.keep(Write(run=RUN, draft="first and more"))
        assert store.draft(RUN) == "first and more"
        writing.keep(Write(run=RUN, entries=(fact(1),)))
        assert store.draft(RUN) == "first and more"
        writing.keep(Write(run=RUN, draft=""))
        assert (store.draft(RUN), store.draft(OTHER)) == ("", "other")

    def test_any_text_comes_back_as_it_was(self, store: EventStore, writing: Writing) -> None:
        text = "naïve 中文 🎉 'quoted' \"too\" \\ \t \r \x00 \x0b \x85 \u2028 end"
        event = RunCompleted(run=RUN, episode=1, text=text)
        writing.keep(Write(entries=(fact(1, event),), run=RUN, lines=(text,), draft=text))
        assert store.entry(1).event == event
        assert [line.text for line in store.lines(RUN, 1, 1)] == [text]
        assert store.draft(RUN) == text

    def test_synced_facts_are_kept_among_others(self, store: EventStore, writing: Writing) -> None:
        ending = RunCompleted(run=RUN, episode=1, text="done")
        started = RunStarted(run=RUN, episode=1)
        assert ending.synced
        assert not started.synced
        writing.keep(*(Write(entries=(fact(n, ending if n % 3 else started),)) for n in range(1, 31)))
        assert [entry.seq for entry in store.entries()] == list(range(1, 31))

    def test_reading_from_other_threads_sees_what_was_kept(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 5), run=RUN, lines=("a", "b")))
        with ThreadPoolExecutor(4) as threads:
            seen = list(threads.map(lambda _: len(list(store.entries())) + store.line_count(RUN), range(40)))
        assert seen == [7] * 40


class DurableStoreContract(StoreContract):
    """What a store that outlives its process does besides."""

    def reopen(self, store: EventStore) -> EventStore:
        """Another store of what `store` kept, not loaded yet. `store` was closed before."""
        raise NotImplementedError("say how your store is opened again")

    def test_everything_is_there_after_reopening(self, store: EventStore, writing: Writing) -> None:
        writing.keep(
            Write(entries=facts(1, 2), run=RUN, messages=(message("a"),), lines=("x", "y"), draft="half a")
        )
        store.close()
        again = self.reopen(store)
        assert again.load().entries == facts(1, 2)
        assert [m.json for m in again.messages(RUN)] == [b'{"text":"a"}']
        assert list(again.lines(RUN, 1, 9)) == [Line(1, "x"), Line(2, "y")]
        assert again.draft(RUN) == "half a"
        again.close()

    def test_all_numbers_go_on_after_reopening(self, store: EventStore, writing: Writing) -> None:
        write = Write(entries=(fact(1),), run=RUN, messages=(message("a"),), lines=("x",))
        writing.keep(write)
        store.close()
        again = self.reopen(store)
        again.load()
        Writing(again).keep(
            Write(entries=(fact(2),), run=RUN, episode=2, messages=(message("b"),), lines=("y",))
        )
        assert [entry.seq for entry in again.entries()] == [1, 2]
        assert [m.n for m in again.messages(RUN)] == [1, 2]
        assert [line.n for line in again.lines(RUN, 1, 9)] == [1, 2]
        again.close()

    def test_a_snapshot_saves_loading_what_came_before(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 3)))
        store.save_snapshot(3, b'{"a":"state"}')
        writing.keep(Write(entries=facts(4, 5)))
        store.close()
        again = self.reopen(store)
        loaded = again.load()
        assert (loaded.snapshot, loaded.entries) == (b'{"a":"state"}', facts(4, 5))
        assert tuple(again.entries()) == facts(1, 5)
        again.close()

    def test_the_newest_snapshot_is_loaded(self, store: EventStore, writing: Writing) -> None:
        writing.keep(Write(entries=facts(1, 5)))
        for seq in range(1, 5):
            store.save_snapshot(seq, b'"after %d"' % seq)
        store.close()
        again = self.reopen(store)
        loaded = again.load()
        assert (loaded.snapshot, loaded.entries) == (b'"after 4"', facts(5, 5))
        again.close()
