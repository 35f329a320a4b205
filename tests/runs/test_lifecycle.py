"""What a run may do next, in every state it can be in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from subagents.errors import NotNow
from subagents.events import (
    Event,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunStopped,
    RunUnpaused,
    StoppedBy,
    WrapUpAsked,
)
from subagents.runs import lifecycle
from subagents.runs.state import RunState
from subagents.spec import AskedBy
from subagents.testing.facts import RUN, replied, spawned, started, state_after

FOR_RUN: dict[str, Any] = {"run": RUN, "episode": 1}
ENDINGS: list[Event] = [
    RunCompleted(**FOR_RUN, text="done"),
    RunFailed(**FOR_RUN, reason="it broke"),
    RunStopped(**FOR_RUN, by=StoppedBy.USER),
    RunInterrupted(**FOR_RUN, reason="nobody drives it"),
]
WAYS_TO_END: list[Callable[[RunState], Event | None]] = [
    lambda run: lifecycle.complete(run, "another", 1.0),
    lambda run: lifecycle.fail(run, "late", 1.0),
    lambda run: lifecycle.stop(run, StoppedBy.PARENT),
    lambda run: lifecycle.interrupt(run, "late"),
]


def run_after(*events: Event) -> RunState:
    return state_after(*events).run(RUN)


def queued() -> RunState:
    return run_after(spawned())


def running(*more: Event) -> RunState:
    return run_after(spawned(), started(), *more)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
@pytest.mark.parametrize("way", WAYS_TO_END)
def test_the_first_ending_wins(ending: Event, way: Callable[[RunState], Event | None]):
    assert way(running(ending)) is None


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_what_is_asked_of_an_ended_run_in_vain_is_said(ending: Event):
    ended = running(ending)
    for ask in (
        lambda: lifecycle.pause(ended),
        lambda: lifecycle.unpause(ended),
        lambda: lifecycle.steer(ended, "s1", "left", AskedBy.PERSON),
    ):
        with pytest.raises(NotNow, match=f"run 'abcdefgh' is {ended.status}"):
            ask()
    for ask_for_nothing in (lifecycle.start, lifecycle.end_turn, lifecycle.park):
        assert ask_for_nothing(ended) is None
    assert lifecycle.wrap_up(ended, "turns") is None


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_every_ended_run_can_go_on(ending: Event):
    resumed = lifecycle.resume(running(ending), "and now?", AskedBy.PERSON)
    assert resumed.episode == 2
    assert running(ending, resumed).status == "queued"


def test_a_run_that_has_not_ended_is_steered_and_not_resumed():
    for run in (queued(), running()):
        with pytest.raises(NotNow, match="steer it, or stop it first"):
            lifecycle.resume(run, "and now?", AskedBy.PERSON)
    with pytest.raises(NotNow, match="needs a prompt"):
        lifecycle.resume(running(ENDINGS[0]), " \n", AskedBy.PERSON)


def test_a_queued_run_starts_once():
    assert lifecycle.start(queued(), "opus") is not None
    assert lifecycle.start(running()) is None


def test_a_queued_run_has_no_turns_and_nothing_to_wrap_up():
    assert lifecycle.end_turn(queued()) is None
    assert lifecycle.wrap_up(queued(), "time") is None
    assert lifecycle.park(queued()) is None


def test_it_is_asked_to_wrap_up_once_an_episode():
    asked = lifecycle.wrap_up(running(), "turns")
    assert asked == WrapUpAsked(**FOR_RUN, limit="turns")
    assert lifecycle.wrap_up(running(asked), "time") is None
    completed = lifecycle.complete(running(asked), "in short", 2.0)
    assert completed is not None
    assert completed.wrapped_up


def test_what_was_asked_in_an_earlier_episode_does_not_count():
    asked = lifecycle.wrap_up(running(), "turns")
    assert asked is not None
    ended = lifecycle.complete(running(asked), "in short", 2.0)
    assert ended is not None
    resumed = lifecycle.resume(running(asked, ended), "all of it", AskedBy.PERSON)
    again = running(asked, ended, resumed, started(episode=2))
    completed = lifecycle.complete(again, "all of it", 2.0)
    assert completed is not None
    assert not completed.wrapped_up


def test_pausing_takes_effect_at_the_end_of_a_turn():
    paused = lifecycle.pause(running())
    assert paused == RunPaused(**FOR_RUN)
    assert lifecycle.pause(running(paused)) is None
    assert lifecycle.park(running()) is None
    assert lifecycle.park(running(paused)) == RunParked(**FOR_RUN)
    assert lifecycle.park(running(paused, RunParked(**FOR_RUN))) is None


def test_a_parked_run_goes_on_with_a_slot_of_its_own():
    parked = [RunPaused(**FOR_RUN), RunParked(**FOR_RUN)]
    assert lifecycle.unpause(running()) is None
    assert lifecycle.unpause(running(*parked)) == RunUnpaused(**FOR_RUN)
    assert lifecycle.start(running(*parked, RunUnpaused(**FOR_RUN))) is not None
    assert not running(*parked, RunUnpaused(**FOR_RUN), started()).parked


def test_an_ending_keeps_the_work_done():
    said = replied(text="half of it")
    stopped = lifecycle.stop(running(said), StoppedBy.TIMEOUT, 9.0, "time is up")
    interrupted = lifecycle.interrupt(running(said), "nobody drives it", 1.0, partial="and a bit more")
    assert stopped is not None
    assert interrupted is not None
    assert (stopped.partial, stopped.seconds, stopped.reason) == ("half of it", 9.0, "time is up")
    assert interrupted.partial == "and a bit more"


def test_one_that_had_not_begun_says_so():
    before, after = lifecycle.interrupt(queued(), "died"), lifecycle.interrupt(running(), "died")
    assert before is not None
    assert after is not None
    assert (before.started, after.started) == (False, True)


def test_a_resumed_run_that_comes_to_nothing_does_not_return_its_old_answer():
    first = [replied(text="the old answer"), RunCompleted(**FOR_RUN, text="the old answer")]
    resumed = lifecycle.resume(running(*first), "and now?", AskedBy.PERSON)
    again = running(*first, resumed, started(episode=2))
    stopped = lifecycle.stop(again, StoppedBy.USER)
    assert stopped is not None
    assert stopped.partial == ""
