"""When a run is asked to finish, and when it is stopped: turns, and time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.events import Event, StoppedBy, TurnEnded
from subagents.runs import lifecycle
from subagents.runs.limits import Verdict, after_seconds, after_turn, next_check, wrap_up_message
from subagents.runs.state import RunState
from subagents.spec import Limits
from subagents.testing.facts import RUN, spawned, spec, started, state_after

LIMITS = Limits(max_turns=5, max_seconds=100.0)


def live(limits: Limits, turns: int) -> tuple[list[str], RunState]:
    """A run that calls tools in so many turns and then answers: what it was asked, and what became of it."""
    facts: list[Event | None] = [spawned(spec=spec(limits=limits)), started()]

    def run() -> RunState:
        return state_after(*(fact for fact in facts if fact)).run(RUN)

    for _ in range(turns):
        facts.append(lifecycle.end_turn(run()))
        match after_turn(limits, run().episode_turns, asked=bool(run().wrap_up)):
            case Verdict.WRAP_UP:
                facts.append(lifecycle.wrap_up(run(), "turns"))
            case Verdict.STOP:
                facts.append(lifecycle.stop(run(), StoppedBy.LIMIT))
                break
            case Verdict.CONTINUE:
                pass
    facts += [lifecycle.end_turn(run()), lifecycle.complete(run(), "the answer", 1.0)]
    return [type(fact).__name__ for fact in facts if fact][2:], run()


@pytest.mark.parametrize(
    ("case", "limit", "grace", "turns", "asked", "status"),
    [
        ("S1", 5, 0, 3, 0, "completed"),
        ("S1", 5, 5, 3, 0, "completed"),
        ("S2", 5, 5, 5, 1, "completed"),
        ("S3", 5, 5, 8, 1, "completed"),
        ("S4", 5, 2, 7, 1, "stopped"),
        ("S5", 5, 3, 7, 1, "completed"),
        ("no limit", None, 5, 30, 0, "completed"),
        ("no grace", 5, 0, 5, 0, "stopped"),
        ("one turn", 1, 1, 2, 1, "stopped"),
    ],
)
def test_at_its_turns_a_run_is_asked_once_and_stopped_after_the_grace(
    case: str, limit: int | None, grace: int, turns: int, asked: int, status: str
):
    happened, run = live(Limits(max_turns=limit, grace_turns=grace), turns)
    assert happened.count("WrapUpAsked") == asked
    assert run.status == status
    assert run.outcome is not None
    assert run.outcome.wrapped_up == (asked == 1 and status == "completed")
    assert run.outcome.by == (StoppedBy.LIMIT if status == "stopped" else None)


def test_s7_the_grace_is_five_turns_unless_it_is_said():
    assert live(Limits(max_turns=5), 5)[0].count("WrapUpAsked") == 1
    assert live(Limits(max_turns=5), 9)[1].status == "completed"
    assert live(Limits(max_turns=5), 10)[1].status == "stopped"


@given(st.integers(1, 20), st.integers(0, 10), st.integers(0, 40))
def test_at_most_one_request_and_never_a_turn_beyond_the_grace(limit: int, grace: int, turns: int):
    happened, run = live(Limits(max_turns=limit, grace_turns=grace), turns)
    assert happened.count("WrapUpAsked") <= 1
    assert run.turns <= limit + grace + 1  # one more than called tools: the turn of the answer
    assert (run.status == "stopped") == (turns >= limit + grace)


def test_an_episode_counts_its_own_turns():
    first = [spawned(), started(), *(_turn(number) for number in (1, 2, 3))]
    ended = lifecycle.complete(state_after(*first).run(RUN), "done", 1.0)
    assert ended is not None
    resumed = lifecycle.resume(state_after(*first, ended).run(RUN), "and now?", spawned().asked_by)
    run = state_after(*first, ended, resumed, started(episode=2), _turn(4, episode=2)).run(RUN)
    assert (run.turns, run.episode_turns) == (4, 1)


@pytest.mark.parametrize(
    ("seconds", "asked", "verdict"),
    [
        (0.0, False, Verdict.CONTINUE),
        (79.9, False, Verdict.CONTINUE),
        (80.0, False, Verdict.WRAP_UP),
        (80.0, True, Verdict.CONTINUE),
        (99.9, True, Verdict.CONTINUE),
        (100.0, True, Verdict.STOP),
        (100.0, False, Verdict.STOP),
    ],
)
def test_the_last_fifth_of_the_time_is_for_finishing(seconds: float, asked: bool, verdict: Verdict):
    assert after_seconds(LIMITS, seconds, asked=asked) is verdict


def test_without_a_limit_time_says_nothing():
    assert after_seconds(Limits(), 1e9, asked=False) is Verdict.CONTINUE
    assert next_check(Limits(), 1e9) is None


@given(st.floats(0.1, 1e6), st.floats(0, 2e6))
def test_between_now_and_the_next_look_the_verdict_stays(limit: float, seconds: float):
    limits = Limits(max_seconds=limit)
    wait = next_check(limits, seconds)
    assert wait is not None
    assert wait >= 0
    just_before = seconds + wait * 0.999
    if wait > 1e-6 * limit:
        assert after_seconds(limits, just_before, asked=False) is after_seconds(limits, seconds, asked=False)


def test_the_model_is_told_which_limit_is_near_and_what_to_do():
    assert wrap_up_message(LIMITS, "turns") == snapshot(
        "You have used your 5 turns. Wrap up now: do not begin anything new, and answer with what you have, "
        "saying what is missing. At most 5 more turns are possible."
    )
    assert wrap_up_message(LIMITS, "time") == snapshot(
        "You are almost out of time. Wrap up now: do not begin anything new, and answer with what you have, "
        "saying what is missing."
    )


def _turn(number: int, episode: int = 1) -> Event:
    return TurnEnded(run=RUN, episode=episode, turn=number)
