"""When a run is asked to finish, and when it is stopped: turns, time, tokens and cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.events import Event, StoppedBy, TurnEnded
from subagents.runs import lifecycle
from subagents.runs.limits import (
    Verdict,
    after_seconds,
    after_turn,
    after_usage,
    dollars,
    nearest,
    next_check,
    used_up,
    wrap_up_message,
)
from subagents.runs.state import RunState
from subagents.spec import Limits
from subagents.testing.facts import RUN, spawned, spec, started, state_after
from subagents.usage import ModelUsage

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
    both = Limits(max_tokens=10_000, max_cost=0.5)
    assert wrap_up_message(both, "tokens") == snapshot(
        "You have used most of your 10,000 tokens. Wrap up now: do not begin anything new, and answer with what you "
        "have, saying what is missing."
    )
    assert wrap_up_message(both, "cost") == snapshot(
        "You have used most of the $0.50 that you may cost. Wrap up now: do not begin anything new, and answer with "
        "what you have, saying what is missing."
    )


# --- tokens and cost

BOTH = Limits(max_tokens=1000, max_cost=2.0)


@pytest.mark.parametrize(
    ("tokens", "cost", "asked", "verdict"),
    [
        (0, 0.0, False, Verdict.CONTINUE),
        (799, 1.59, False, Verdict.CONTINUE),
        (800, 0.0, False, Verdict.WRAP_UP),
        (0, 1.6, False, Verdict.WRAP_UP),
        (999, 1.99, True, Verdict.CONTINUE),
        (1000, 0.0, True, Verdict.STOP),
        (1000, 0.0, False, Verdict.STOP),
        (0, 2.0, False, Verdict.STOP),
        (5000, 0.1, True, Verdict.STOP),
    ],
)
def test_the_last_fifth_of_tokens_or_cost_is_for_finishing(
    tokens: int, cost: float, asked: bool, verdict: Verdict
):
    used = ModelUsage(requests=3, input=tokens, cache_read=10**6, cost=cost)
    assert after_usage(BOTH, used, asked=asked) is verdict


def test_without_a_limit_usage_says_nothing():
    assert (
        after_usage(Limits(), ModelUsage(input=10**12, cost=1e9, unpriced=3), asked=False) is Verdict.CONTINUE
    )


def test_a_limit_of_cost_is_not_kept_blindly():
    used = ModelUsage(requests=3, input=10, unpriced=1)
    assert after_usage(Limits(max_cost=2.0), used, asked=False) is Verdict.STOP
    assert after_usage(Limits(max_tokens=1000), used, asked=False) is Verdict.CONTINUE
    assert used_up(Limits(max_cost=2.0), used) == snapshot(
        "the price of 1 of its 3 requests is not known, so its limit of $2.00 cannot be kept; limit its tokens instead "
        "(max_tokens)"
    )


def test_a_limit_of_tokens_is_not_kept_blindly_either():
    used = ModelUsage(requests=3, uncounted=1)
    assert after_usage(Limits(max_tokens=1000), used, asked=False) is Verdict.STOP
    assert after_usage(Limits(max_cost=2.0), used, asked=False) is Verdict.CONTINUE
    assert used_up(Limits(max_tokens=1000), used) == snapshot(
        "its provider did not say how many tokens 1 of its 3 requests used, so its limit of 1,000 cannot be kept; "
        "limit its turns or time instead (max_turns, max_seconds)"
    )


def test_what_was_used_up_is_said_with_its_figures():
    assert used_up(BOTH, ModelUsage(requests=3, input=10_400, cost=0.2)) == snapshot(
        "it used 10,400 tokens, and its limit was 1,000"
    )
    assert used_up(BOTH, ModelUsage(requests=3, input=400, cost=2.12)) == snapshot(
        "it cost $2.12, and its limit was $2.00"
    )
    assert nearest(BOTH, ModelUsage(input=900, cost=1.7)) == "tokens"
    assert nearest(BOTH, ModelUsage(input=100, cost=1.7)) == "cost"
    assert [dollars(amount) for amount in (0.0, 0.0042, 0.5, 12.345)] == [
        "$0.00",
        "$0.0042",
        "$0.50",
        "$12.35",
    ]


requests = st.builds(
    ModelUsage,
    requests=st.just(1),
    input=st.integers(0, 5000),
    output=st.integers(0, 500),
    cache_read=st.integers(0, 10_000),
    cost=st.integers(0, 400).map(lambda cents: cents / 100),
    unpriced=st.sampled_from([0, 0, 0, 0, 1]),
)


@given(
    st.one_of(st.none(), st.integers(1, 20_000)),
    st.one_of(st.none(), st.floats(0.01, 20)),
    st.lists(requests, max_size=30),
)
def test_no_limit_is_exceeded_by_more_than_the_last_request(
    tokens: int | None, cost: float | None, wanted: list[ModelUsage]
):
    limits, used, asked, last = Limits(max_tokens=tokens, max_cost=cost), ModelUsage(), 0, ModelUsage()
    for request in wanted:
        verdict = after_usage(limits, used, asked=bool(asked))
        asked += verdict is Verdict.WRAP_UP
        if verdict is Verdict.STOP:
            break
        used, last = used + request, request
    before = used - last
    assert asked <= 1
    assert tokens is None or before.tokens < tokens or not used.requests
    assert cost is None or (before.cost < cost and before.unpriced == 0) or not used.requests


def _turn(number: int, episode: int = 1) -> Event:
    return TurnEnded(run=RUN, episode=episode, turn=number)
