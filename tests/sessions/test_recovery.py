"""What is recorded of the runs of an owner that died, and what it may have left running."""

from __future__ import annotations

from typing import Any

from inline_snapshot import snapshot

from subagents.events import (
    CommandStarted,
    Event,
    RunCompleted,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunUnpaused,
    ToolReturned,
    WorkspaceClosed,
)
from subagents.ids import RunId
from subagents.runs.state import Command
from subagents.sessions.recovery import leftover_commands, on_open
from subagents.testing.facts import RUN, replied, spawned, started, state_after

FOR_RUN: dict[str, Any] = {"run": RUN, "episode": 1}
CHILD = RunId("childchi")


def endings(*events: Event, partials: dict[RunId, str] | None = None) -> list[RunInterrupted]:
    return on_open(state_after(*events), partials)


def test_a_running_run_ends_with_the_work_it_did():
    assert endings(spawned(), started(), replied(text="half of it")) == snapshot(
        [
            RunInterrupted(
                run=RUN,
                episode=1,
                seconds=1.0,
                partial="half of it",
                reason="its process ended without closing the session",
            )
        ]
    )


def test_the_text_it_was_just_writing_is_kept_when_there_is_one():
    (ending,) = endings(spawned(), started(), replied(text="before"), partials={RUN: "and now it"})
    assert ending.partial == "and now it"


def test_a_queued_run_ends_and_says_that_it_had_not_begun():
    (ending,) = endings(spawned())
    assert (ending.started, ending.seconds, ending.partial) == (False, 0.0, "")


def test_what_rests_goes_on_resting():
    parked = [spawned(), started(), RunPaused(**FOR_RUN), RunParked(**FOR_RUN)]
    assert endings(*parked) == []
    assert len(endings(*parked[:3])) == 1  # paused, but still at work
    assert len(endings(*parked, RunUnpaused(**FOR_RUN))) == 1  # told to go on, with nobody to hear it


def test_children_end_before_their_parents_and_what_has_ended_stays():
    events = [spawned(), started(), spawned(CHILD, RUN), started(CHILD)]
    assert [ending.run for ending in endings(*events)] == [CHILD, RUN]
    assert [ending.run for ending in endings(*events, RunCompleted(run=CHILD, episode=1, text="done"))] == [
        RUN
    ]


def test_opening_again_finds_nothing_left_to_end():
    events = [spawned(), started()]
    assert endings(*events, *endings(*events)) == []


def test_commands_of_runs_that_had_not_ended_may_still_be_there():
    command = CommandStarted(**FOR_RUN, group=42, started="12345")
    assert leftover_commands(state_after(spawned(), started(), command)) == [Command(42, "12345")]
    returned = ToolReturned(**FOR_RUN, call="a", tool="bash")
    assert leftover_commands(state_after(spawned(), started(), command, returned)) == []
    ended = RunCompleted(**FOR_RUN, text="done")
    # A stop is recorded first and carried out then; its process may have died in between.
    assert leftover_commands(state_after(spawned(), started(), command, ended)) == [Command(42, "12345")]
    closed = WorkspaceClosed(**FOR_RUN)
    assert leftover_commands(state_after(spawned(), started(), command, ended, closed)) == []
