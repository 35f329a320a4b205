"""Which ended runs may go off the list. Rows V and R19 of the cases."""

from __future__ import annotations

import msgspec
import pytest

from subagents.errors import RunNotFound
from subagents.ids import RunId, with_prefix
from subagents.runs.clearing import Clearing, Kept, Rules, by_age, by_name
from subagents.runs.evolving import spawned as state_of
from subagents.runs.state import RunState, RunStatus
from subagents.testing.facts import numbered, spawned

NOW = 10_000.0
USUAL = Rules()
OLD, YOUNG = NOW - 300, NOW - 299  # five minutes is the usual age


def run(
    name: str, status: RunStatus, ended: float = OLD, *, parent: str | None = None, read: bool = True
) -> RunState:
    event = spawned(RunId(name), RunId(parent) if parent else None)
    state = state_of(numbered([event])[0], event)
    return msgspec.structs.replace(
        state, status=status, ended_at=ended if status.ended else None, delivered=read and status.ended
    )


DONE = run("done-1", RunStatus.COMPLETED)
FRESH = run("fresh-1", RunStatus.COMPLETED, YOUNG)
UNREAD = run("unread-1", RunStatus.COMPLETED, read=False)
FAILED = run("failed-1", RunStatus.FAILED)
STOPPED = run("stopped-1", RunStatus.STOPPED)
INTERRUPTED = run("gone-1", RunStatus.INTERRUPTED)
RUNNING = run("run-1", RunStatus.RUNNING)
QUEUED = run("run-2", RunStatus.QUEUED)
ALL = (DONE, FRESH, UNREAD, FAILED, STOPPED, INTERRUPTED, RUNNING, QUEUED)


def named(*names: str, rules: Rules = USUAL, runs: tuple[RunState, ...] = ALL) -> Clearing:
    def find(name: str) -> RunId:
        found = with_prefix(name, [each.id for each in runs]) if name else []
        if len(found) != 1:
            raise RunNotFound(f"{name!r} fits {len(found)} runs")
        return RunId(found[0])

    return by_name(names, runs, rules, find)


def test_successes_of_that_age_go_and_everything_else_stays_with_its_reason():
    clearing = by_age(ALL, Rules(), NOW)
    assert clearing.cleared == ("done-1",)
    assert clearing.kept == {
        Kept.YOUNG: ("fresh-1",),
        Kept.UNREAD: ("unread-1",),
        Kept.PROBLEM: ("failed-1", "stopped-1", "gone-1"),
        Kept.ACTIVE: ("run-1", "run-2"),
    }
    assert clearing.errors == ()


def test_v7_with_errors_those_of_that_age_go_too():
    young = run("failed-2", RunStatus.FAILED, YOUNG)
    clearing = by_age((*ALL, young), Rules(include_errors=True), NOW)
    assert clearing.cleared == ("done-1", "failed-1", "stopped-1", "gone-1")
    assert clearing.stays(Kept.YOUNG) == ("fresh-1", "failed-2")


def test_r19_unread_answers_are_kept_and_errors_and_read_ones_go():
    clearing = by_age(ALL, Rules(older_than=0, include_errors=True), NOW)
    assert clearing.stays(Kept.UNREAD) == ("unread-1",)
    assert {"done-1", "fresh-1", "failed-1"} <= set(clearing.cleared)
    assert "unread-1" in by_age(ALL, Rules(include_unread=True), NOW).cleared


def test_v5_a_name_that_fits_an_active_one_is_an_error_and_the_others_go():
    clearing = named("done", "run-1")
    assert clearing.cleared == ("done-1",)
    assert clearing.errors == ("run-1 is still running; stop it first",)


def test_v5_a_prefix_of_an_active_one_is_answered_with_what_it_fits():
    (error,) = named("run", runs=(DONE, RUNNING)).errors
    assert error == "'run' is run-1, which is still running; stop it first"


def test_by_name_neither_age_nor_how_it_ended_matters():
    assert named("fresh-1", "failed-1", "gone").cleared == ("fresh-1", "failed-1", "gone-1")


def test_names_are_trimmed_and_count_once():
    clearing = named(" done-1 ", "done-1", "done", "nobody", "nobody", "run", "")
    assert clearing.cleared == ("done-1",)
    assert clearing.errors == ("'nobody' fits 0 runs", "'run' fits 2 runs", "'' fits 0 runs")


def test_by_name_an_unread_answer_stays_unless_it_may_go():
    assert named("unread-1").stays(Kept.UNREAD) == ("unread-1",)
    assert named("unread-1").cleared == ()
    assert named("unread-1", rules=Rules(include_unread=True)).cleared == ("unread-1",)


def test_one_that_was_cleared_before_is_neither_cleared_again_nor_kept():
    gone = msgspec.structs.replace(DONE, cleared=True)
    assert by_age((gone,), Rules(), NOW) == Clearing((), {})
    assert named("done", runs=(gone,)).errors == ("'done' is done-1, which was cleared before",)


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.QUEUED])
def test_v9_a_finished_parent_of_one_that_has_not_ended_is_kept_however_deep(status: RunStatus):
    runs = (
        DONE,
        run("child", RunStatus.FAILED, parent="done-1"),
        run("grandchild", status, parent="child"),
        run("other", RunStatus.COMPLETED, parent="done-1"),
    )
    clearing = by_age(runs, Rules(include_errors=True), NOW)
    assert clearing.cleared == ("other",)
    assert clearing.stays(Kept.ABOVE) == ("done-1", "child")
    (error,) = named("done-1", runs=runs).errors
    assert error.startswith("done-1 has agents below it that have not ended")


def test_parents_that_are_each_others_children_hold_up_nothing():
    one = run("one", RunStatus.COMPLETED, parent="two")
    two = run("two", RunStatus.RUNNING, parent="one")
    assert by_age((one, two), Rules(), NOW).stays(Kept.ABOVE) == ("one",)


def test_one_that_came_while_they_were_looked_at_is_an_error():
    clearing = by_name(["new"], ALL, USUAL, lambda _: RunId("new-1"))
    assert clearing.errors == ("'new' has only just begun; stop it first",)
