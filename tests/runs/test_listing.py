"""Which runs are listed, and in which order. Rows V and R39 of the cases."""

from __future__ import annotations

from typing import Any

import msgspec
from inline_snapshot import snapshot

from subagents.ids import RunId
from subagents.runs.evolving import spawned as state_of
from subagents.runs.listing import MAX_ROWS, Group, listed, listing_text
from subagents.runs.state import Outcome, RunState, RunStatus
from subagents.testing.facts import numbered, spawned, spec

NOW = 10_000.0


def run(name: str, status: RunStatus, at: float, *, parent: str | None = None, **more: Any) -> RunState:
    """A run that began at this second and, if it has ended, did so ten seconds later."""
    about = {key: more.pop(key) for key in ("agent", "description") if key in more}
    event = spawned(RunId(name), RunId(parent) if parent else None, spec=spec(**about))
    (entry,) = numbered([event])
    ended = {"ended_at": at + 10, "outcome": more.pop("outcome", Outcome(seq=2))} if status.ended else {}
    began = {"spawned_at": at, "queued_at": at, "started_at": None if status is RunStatus.QUEUED else at}
    return msgspec.structs.replace(state_of(entry, event), status=status, **began, **ended, **more)


RUNNING = run("running", RunStatus.RUNNING, 500)
QUEUED = run("queued", RunStatus.QUEUED, 400)
ERROR = run("error", RunStatus.FAILED, 300)
STOPPED = run("stopped", RunStatus.STOPPED, 200)
NEW = run("new", RunStatus.COMPLETED, 250, delivered=True)
WRAPPED = run("wrapped", RunStatus.COMPLETED, 150, outcome=Outcome(seq=2, wrapped_up=True))
OLD = run("old", RunStatus.COMPLETED, 100)
ALL = (OLD, NEW, WRAPPED, ERROR, STOPPED, QUEUED, RUNNING)


def ids(runs: tuple[RunState, ...]) -> list[str]:
    return [str(each.id) for each in runs]


def test_v1_active_ones_then_problems_then_the_two_latest_successes():
    seen = listed(ALL, NOW)
    assert ids(seen.rows) == ["running", "queued", "error", "stopped", "new", "wrapped"]
    assert (seen.hidden, seen.total, seen.now) == (1, 7, NOW)
    assert seen.counts == {Group.ACTIVE: 2, Group.PROBLEMS: 2, Group.SUCCESSES: 3}


def test_each_group_is_ordered_by_ending_and_else_by_its_beginning():
    late = msgspec.structs.replace(OLD, id=RunId("late"), ended_at=9_000.0)
    interrupted = run("interrupted", RunStatus.INTERRUPTED, 900)
    assert ids(listed((*ALL, late, interrupted), NOW).rows) == [
        *("running", "queued"),
        *("interrupted", "error", "stopped"),
        *("late", "new"),
    ]


def test_r39_all_of_them_are_listed_with_those_that_began_last_first():
    seen = listed(ALL, NOW, everything=True)
    assert ids(seen.rows) == ["running", "queued", "error", "new", "stopped", "wrapped", "old"]
    assert seen.hidden == 0


def test_v3_what_happens_afterwards_does_not_change_a_listing():
    runs = list(ALL)
    seen = listed(runs, NOW)
    before = listing_text(seen)
    runs[0] = msgspec.structs.replace(RUNNING, status=RunStatus.FAILED)
    runs.clear()
    assert listing_text(seen) == before


def test_the_text():
    assert listing_text(listed(ALL, NOW)) == snapshot("""\
6 visible of 7 retained: 2 active, 2 with problems, 3 done.
running | explore | running | find retries
queued | explore | queued | find retries
error | explore | failed | find retries
stopped | explore | stopped | find retries
new | explore | completed | find retries
wrapped | explore | completed, wrapped up, unread | find retries
1 earlier success is not shown; call with all: true to see everything.\
""")


def test_the_text_of_all_of_them_as_their_grandparent_sees_it():
    runs = (
        run("child", RunStatus.RUNNING, 300, parent="me", paused=True, description="split\n  the work"),
        run("grandson", RunStatus.RUNNING, 400, parent="child", parked=True, agent="general-purpose"),
        run("second", RunStatus.COMPLETED, 200, parent="me", description="long " * 40),
    )
    assert listing_text(listed(runs, NOW, everything=True), RunId("me")) == snapshot("""\
3 visible of 3 retained: 2 active, 1 done.
grandson | general | running, paused | find retries (started by child)
child | explore | running, pausing | split the work
second | explore | completed, unread | long long long long long long long long long long long long long long long long…\
""")


def test_the_text_where_nothing_was_started():
    assert listing_text(listed((), NOW)) == snapshot("No agents: none was started yet, or all were cleared.")


def test_the_text_is_bounded_however_many_there_were():
    many = [run(f"run{n}", RunStatus.FAILED, n) for n in range(MAX_ROWS + 5)]
    lines = listing_text(listed(many, NOW, everything=True)).splitlines()
    assert len(lines) == MAX_ROWS + 2
    assert (lines[0], lines[-1]) == snapshot(
        ("200 visible of 205 retained: 205 with problems.", "5 more are not listed here.")
    )
