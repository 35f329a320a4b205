"""Looking at a run's lines: over both stores, while it works, when it ended, in more text than there is time for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest
from inline_snapshot import snapshot

from subagents.ids import RunId
from subagents.runs.peek import Peek, PeekQuery, peek_text
from subagents.runtime.peeking import peek
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import EventStore, Line, MemoryStore, Stretch, Write
from subagents.sessions.tables import Damaged
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.facts import OTHER_RUN, RUN
from subagents.testing.runner import Break, Say, ScriptedRunner, Tool, Wait
from subagents.testing.store_contract import Writing

pytestmark = pytest.mark.anyio

S3 = ("line one", "line two", "line three")
S4 = ("a", "b", "c", "d")
S5 = ("alpha", "beta", "gamma", "ALPHA", "delta")
S500 = tuple(f"line {n}" for n in range(1, 501))
BOUND = 30.0  # seconds after which a look is given up


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    store: EventStore = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "log.db")
    store.load()
    yield store
    store.close()


def keep(store: EventStore, *lines: str, run: RunId = RUN, at_once: int = 7) -> None:
    """Writes the lines, some in each write, so that no write is what anybody asks for."""
    Writing(store).keep(
        *(Write(run=run, lines=lines[first : first + at_once]) for first in range(0, len(lines), at_once))
    )


async def look(store: EventStore, clock: FakeClock | None = None, /, **asked: Any) -> Peek:
    with anyio.fail_after(BOUND):
        return await peek(store, RUN, PeekQuery(**asked), clock or FakeClock())


def numbers(answer: Peek) -> list[int]:
    return [line.n for line in answer.lines]


def through(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


@pytest.mark.parametrize(
    ("lines", "asked", "expected"),
    [
        pytest.param(S3, {"lines": 2}, [2, 3], id="L1"),
        pytest.param(S5, {"regex": "(?i)alpha"}, [1, 4], id="L3"),
        pytest.param(S4, {"after": 2, "lines": 1}, [3, 4], id="L5"),
        pytest.param(S4, {"after": 4}, [], id="L7 at the end"),
        pytest.param(S4, {"after": 99}, [], id="L7 past it"),
        pytest.param(S500, {"after": 200}, through(201, 400), id="L9 a page"),
        pytest.param(S500, {"after": 400}, through(401, 500), id="L9 the last one"),
        *(
            pytest.param(S500, {"lines": lines}, through(481, 500), id=f"L11 {lines}")
            for lines in (0, -5, math.nan, "x", None)
        ),
        pytest.param(S500, {"regex": "0$", "lines": 3}, [480, 490, 500], id="L13"),
        pytest.param(("a", "", "", "b"), {"lines": 3}, [2, 3, 4], id="L23"),
        pytest.param(("a" * 1_000_000 + "b", "a"), {"regex": "(a+)+$"}, [2], id="L31"),
        pytest.param(S500, {"before": 101}, through(81, 100), id="before a line"),
        pytest.param(S500, {"before": 1}, [], id="before the first"),
        pytest.param(S500, {"after": 10, "before": 13}, [11, 12], id="between two"),
        pytest.param(S500, {"after": 300, "regex": "0$"}, through(310, 500)[::10], id="matches after"),
        pytest.param(S500, {"before": 300, "regex": "0$", "lines": 2}, [280, 290], id="matches before"),
        pytest.param(S500, {"regex": "no such"}, [], id="no match"),
    ],
)
async def test_what_is_asked_for_is_shown(
    store: EventStore, lines: Sequence[str], asked: dict[str, Any], expected: list[int]
):
    keep(store, *lines)
    keep(store, "line 0", run=OTHER_RUN)
    answer = await look(store, **asked)
    assert numbers(answer) == expected
    assert answer.total == len(lines)


@pytest.mark.parametrize(
    ("asked", "go_on"),
    [
        ({"after": 0}, 200),
        ({"after": 300}, None),
        ({"after": 299}, 499),
        ({}, None),
        ({"lines": 1}, None),
        ({"before": 481}, 461),
        ({"before": 21}, None),
        ({"after": 0, "regex": "0$"}, None),
        ({"after": 0, "regex": "[02468]$"}, 400),
        ({"after": 98, "regex": "[02468]$"}, 498),
        ({"after": 97, "regex": "[02468]$", "before": 500}, 496),
        ({"after": 100, "regex": "[02468]$"}, None),
        ({"after": 98, "regex": "[02468]$", "context": 2}, None),
        ({"regex": "0$", "lines": 3}, None),
        ({"regex": "0$", "lines": 3, "before": 500}, 470),
        ({"regex": "0$", "lines": 3, "before": 31}, None),
    ],
    ids=str,
)
async def test_where_to_go_on_is_said_only_where_there_is_more(
    store: EventStore, asked: dict[str, Any], go_on: int | None
):
    keep(store, *S500)
    assert (await look(store, **asked)).go_on == go_on


async def test_l9_page_by_page_each_line_comes_once(store: EventStore):
    keep(store, *S500)
    first = await look(store, after=0)
    second = await look(store, after=first.go_on)
    third = await look(store, after=second.go_on)
    assert [*numbers(first), *numbers(second), *numbers(third)] == through(1, 500)
    assert third.go_on is None


async def test_l29_a_line_of_25_000_characters(store: EventStore):
    keep(store, "x" * 25_000)
    shown = peek_text(await look(store)).split("\n\n")
    assert shown[1] == "[1] " + "x" * 19_996
    assert shown[2] == snapshot("[… 5,004 characters of line 1 left out …]")


async def test_long_lines_are_shown_as_far_as_they_fit_and_the_rest_is_on_the_next_page(store: EventStore):
    keep(store, *("x" * 9_000 for _ in range(6)))
    assert (numbers(page := await look(store, after=0)), page.go_on) == ([1, 2], 2)
    assert (numbers(page := await look(store, lines=5)), page.go_on) == ([5, 6], 5)
    assert (numbers(page := await look(store, before=page.go_on)), page.go_on) == ([3, 4], 3)


async def test_lines_around_matches(store: EventStore):
    keep(store, *S500)
    answer = await look(store, regex="7$", context=1, lines=2, before=480)
    assert peek_text(answer) == snapshot("""\
Showing 6 of 500 lines (last 2 lines, before line number 480, filtered by regex /7$/, with 1 line around each).

-466- line 466
[467] line 467
-468- line 468
--
-476- line 476
[477] line 477
-478- line 478

[There is more. Go on with before: 466]

Numbers are lines of the whole transcript.\
""")


async def test_a_match_that_stands_near_another_is_shown_as_one(store: EventStore):
    keep(store, *S500)
    answer = await look(store, regex="line 49[78]", context=2, lines=1)
    assert [(line.n, line.found) for line in answer.lines] == [
        (496, False),
        (497, True),
        (498, True),
        (499, False),
        (500, False),
    ]


async def test_lines_around_matches_are_not_those_of_the_page_before(store: EventStore):
    keep(store, *S500)
    assert numbers(await look(store, after=100, regex="line 101", context=3)) == [101, 102, 103, 104]
    assert numbers(await look(store, before=101, regex="line 100", context=3)) == [97, 98, 99, 100]


async def test_too_much_around_a_match_is_left_for_the_next_page(store: EventStore):
    keep(store, *("y" * 6_000 for _ in range(5)), "x", *("y" * 6_000 for _ in range(5)))
    page = await look(store, after=0, regex="x", context=5)
    assert ([(line.n, line.found) for line in page.lines], page.go_on) == (
        [(1, False), (2, False), (3, False)],
        3,
    )
    page = await look(store, after=3, regex="x", context=5)
    assert (numbers(page), [line.n for line in page.lines if line.found]) == ([4, 5, 6, 7], [6])


# --- a run's life


async def test_l31a_lines_keep_their_numbers_when_the_run_ends_and_goes_on():
    gate, store = anyio.Event(), MemoryStore()
    work = Tool("bash", '{"command": "make"}', "\n".join(f"built {n}" for n in range(2, 41)))
    runner = ScriptedRunner(
        {
            "build": [work, Wait(gate), Say("1\n2\n3\n4\n5")],
            "again": [Tool("look", "{}", "seen"), Say("so\n\nbe it")],
        }
    )
    async with open_manager(runner, store=store) as manager:
        run = await manager.spawn("plain", "build")
        await settled()

        async def shown(after: int) -> list[tuple[int, str]]:
            answer = await peek(store, run, PeekQuery(after=after), manager.clock)
            return [(line.n, line.text) for line in answer.lines]

        seen = await shown(0)
        assert seen[:2] == [(1, "▸ bash make"), (2, "built 2")], "L21"
        assert seen[-1] == (40, "built 40")
        gate.set()
        await manager.get_result(run, wait=True)
        assert await shown(40) == [(41, "1"), (42, "2"), (43, "3"), (44, "4"), (45, "5")]
        await manager.resume(run, "again")
        await manager.get_result(run, wait=True)
        assert await shown(45) == [(46, "▸ look"), (47, "seen"), (48, "so"), (49, ""), (50, "be it")]


async def test_l25_a_run_that_failed_shows_what_it_did():
    store = MemoryStore()
    runner = ScriptedRunner(default=[Tool(text="I look.", result="seen"), Break(RuntimeError("no route"))])
    async with open_manager(runner, store=store) as manager:
        run = await manager.spawn("plain", "go")
        await manager.get_result(run, wait=True)
        answer = await peek(store, run, PeekQuery(), manager.clock)
    assert [line.text for line in answer.lines] == ["I look.", "▸ look", "seen"]


async def test_a_reply_that_is_being_written_is_shown_without_a_number(store: EventStore):
    keep(store, "▸ look", "seen")
    Writing(store).keep(Write(run=RUN, draft="First the tests.\nThen the \x1b[2Jdo\n\n"))
    assert peek_text(await look(store), while_running="It is still running.") == snapshot("""\
Showing 2 of 2 lines (last 20 lines).

[1] ▸ look
[2] seen
[…] Then the \\x1b[2Jdo

It is still running.

Numbers are lines of the whole transcript.\
""")
    assert (await look(store, after=2)).unfinished == r"Then the \x1b[2Jdo"
    for asked in ({"before": 2}, {"regex": "do"}):
        assert (await look(store, **asked)).unfinished == "", "it is asked for lines before it, or that match"


async def test_the_end_of_a_long_unfinished_line_is_shown(store: EventStore):
    Writing(store).keep(Write(run=RUN, draft="a" * 5_000 + "the end"))
    unfinished = (await look(store)).unfinished
    assert (len(unfinished), unfinished[:2], unfinished[-8:]) == (500, "…a", "athe end")


# --- more than there is time for


class Slow(FakeClock):
    """Whoever looks at it finds that 0.3 seconds have passed."""

    def monotonic(self) -> float:
        self._monotonic += 0.3
        return self._monotonic


async def test_a_search_without_end_says_how_far_it_came_and_goes_on_from_there(store: EventStore):
    keep(store, *(f"line {n} {'x' * 990}" for n in range(1, 3_001)), at_once=200)
    answer = await look(store, Slow(), regex="line 77 ")
    assert (numbers(answer), answer.go_on) == ([], answer.searched_to)
    assert f"ran out at line {answer.go_on}. Go on with before: {answer.go_on}]" in peek_text(answer)
    pages = 1
    while answer.go_on is not None:
        answer = await look(store, Slow(), regex="line 77 ", before=answer.go_on)
        pages += 1
    assert numbers(answer) == [77]
    assert pages > 2


async def test_what_was_found_until_then_is_shown(store: EventStore):
    keep(store, *(f"line {n} {'x' * 990}" for n in range(1, 3_001)), at_once=200)
    answer = await look(store, Slow(), regex="line (3|2999|8) ", after=0)
    assert numbers(answer) == [3, 8]
    assert answer.searched_to is not None
    assert 8 < answer.searched_to < 2_999
    assert answer.go_on == answer.searched_to


async def test_what_is_near_is_found_whatever_time_it_is(store: EventStore):
    keep(store, *S500)
    answer = await look(store, Slow(), regex="line 500")
    assert (numbers(answer), answer.searched_to) == ([500], None)


async def test_a_line_too_long_for_a_large_pattern_is_searched_at_its_beginning(store: EventStore):
    keep(store, "y" * 200_000 + "needle", "needle" + "z" * 200_000)
    large = r"needle(?:\pL{3}|$){0,2}"
    answer = await look(store, regex=large)
    assert answer.longest is not None
    assert (numbers(answer), 10_000 < answer.longest < 200_000) == ([2], True)
    assert numbers(await look(store, regex=large, before=2)) == []
    assert numbers(await look(store, regex="needle", before=2)) == [1]


class Endless(MemoryStore):
    """A run with more lines than anybody can search."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self.begun = anyio.Event()

    def line_count(self, run: RunId) -> int:
        return 10**15

    def lines(self, run: RunId, first: int, last: int) -> Sequence[Line]:
        return ()

    def stretch(self, run: RunId, first: int, last: int, size: int, *, backwards: bool = False) -> Stretch:
        self.read += 1
        assert self.read < 20_000, "nobody ends it"
        anyio.from_thread.run_sync(self.begun.set)
        return Stretch(last, last, "nothing")


async def test_a_look_that_is_cancelled_ends():
    store = Endless()
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(peek, store, RUN, PeekQuery(regex="something"), FakeClock())
            await store.begun.wait()
            tasks.cancel_scope.cancel()
    read = store.read
    await settled()
    assert store.read == read, "nobody goes on reading"


async def test_the_clock_ends_a_look_that_finds_nothing():
    with anyio.fail_after(BOUND):
        answer = await peek(Endless(), RUN, PeekQuery(regex="something"), Slow())
    assert answer.searched_to is not None


# --- what is damaged


async def test_what_is_shown_is_as_it_was_written_or_it_is_said(tmp_path: Path):
    store = SqliteStore(tmp_path / "log.db")
    store.load()
    keep(store, *S500, at_once=100)
    store.close()
    change(
        tmp_path / "log.db", "update lines set text = replace(text, 'line 250', 'line 666') where first = 201"
    )
    again = SqliteStore(tmp_path / "log.db")
    assert numbers(await look(again, lines=3)) == [498, 499, 500]
    with pytest.raises(Damaged):
        await look(again, regex="line 666")
    with pytest.raises(Damaged):
        await look(again, after=240)
    again.close()


async def test_lines_that_are_missing_are_noticed(tmp_path: Path):
    store = SqliteStore(tmp_path / "log.db")
    store.load()
    keep(store, *S500, at_once=100)
    store.close()
    change(tmp_path / "log.db", "delete from lines where first = 201")
    again = SqliteStore(tmp_path / "log.db")
    with pytest.raises(Damaged, match="of the lines 1 to 500 some are missing"):
        await look(again, regex="no such")
    again.close()


def change(path: Path, statement: str) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as db:
        db.execute(statement)
        db.commit()
