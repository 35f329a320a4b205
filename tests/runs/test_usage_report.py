"""What was used, by agent, model, project, user and day. Rows T9 and T13 of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.events import ContextCompacted, ModelReplied, ModelRequestFailed, TurnEnded
from subagents.ids import RunId
from subagents.runs.usage_report import By, Spent, UsageReport, report_json, spent, usage_report
from subagents.testing.facts import RUN, numbered, spec
from subagents.usage import ModelUsage, Usage

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC).timestamp()


def request(run: str = "one", model: str = "opus", at: float = NOON, **used: Any) -> Spent:
    about = {key: used.pop(key, value) for key, value in _ABOUT.items()}
    return Spent(RunId(run), at=at, model=model, usage=ModelUsage(requests=1, **used), **about)


_ABOUT = {"agent": "Explore", "project": "/srv/shop", "user": "ada"}


def sums(report: UsageReport) -> dict[str, tuple[int, int]]:
    """Of each key the runs and the tokens."""
    return {each.key: (each.runs, each.usage.total.tokens) for each in report.sums}


REQUESTS = (
    request("one", "opus", input=100, cost=0.5),
    request("one", "haiku", input=10, output=5, cost=0.01),
    request("two", "haiku", agent="Plan", user="bob", at=NOON + 86_400, input=7, unpriced=1),
    request("three", "haiku", agent="Plan", project="/srv/bank", input=1, cost=0.01),
)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.AGENT, {"Explore": (1, 115), "Plan": (2, 8)}),
        (By.MODEL, {"opus": (1, 100), "haiku": (3, 23)}),
        (By.PROJECT, {"/srv/shop": (2, 122), "/srv/bank": (1, 1)}),
        (By.USER, {"ada": (2, 116), "bob": (1, 7)}),
        (By.DAY, {"2026-06-22": (2, 116), "2026-06-23": (1, 7)}),
    ],
)
def test_sums_by(by: By, expected: dict[str, tuple[int, int]]):
    report = usage_report(REQUESTS, by, UTC)
    assert sums(report) == expected
    assert list(sums(report)) == list(expected), "days in order, else what cost most first"
    assert (report.total.runs, report.total.usage.total.tokens) == (3, 123)


def test_a_day_is_one_where_the_reader_is():
    late = (request(at=NOON + 11 * 3600, input=1),)
    assert sums(usage_report(late, By.DAY, timezone(timedelta(hours=2)))) == {"2026-06-23": (1, 1)}


def test_t9_cache_reads_are_no_tokens():
    five = [request(input=1000, output=200, cache_write=50, cache_read=99_000)] * 5
    three = [request(input=800, output=150, cache_write=30)] * 3
    assert usage_report(five, By.AGENT).total.usage.total.tokens == 6250
    assert usage_report([*five, *three], By.AGENT).total.usage.total.tokens == 9190


def test_t13_reads_stand_apart_and_asking_twice_counts_once():
    messages = (
        request("child", input=100, output=50, cache_write=10, cache_read=900, cost=0.01),
        request("child", input=200, output=80, cache_write=20, cache_read=1800, cost=0.02),
    )
    first, again = (report_json(usage_report(messages, By.AGENT)) for _ in range(2))
    total = first["total"]
    assert (total["input"], total["output"], total["cache_write"]) == (300, 130, 30)
    assert (total["cache_read"], total["tokens"]) == (2700, 460)
    assert total["cache_read"] + total["tokens"] == 3160
    assert total["cost"] == pytest.approx(0.03)
    assert again == first


def test_the_object_has_the_models_of_each_sum_and_says_where_a_cost_is_a_lower_bound():
    told = report_json(usage_report(REQUESTS, By.AGENT))
    explore, plan = told["sums"]
    assert told["by"] == "agent"
    assert (explore["agent"], sorted(explore["models"])) == ("Explore", ["haiku", "opus"])
    assert explore["models"]["opus"]["tokens"] == 100
    assert (plan["unpriced"], plan["cost"]) == (1, 0.01)


def test_only_requests_tell_of_usage_and_those_that_broke_off_count():
    used = ModelUsage(requests=1, input=5)
    of: dict[str, Any] = {"run": RUN, "episode": 1}
    entries = numbered(
        [
            ModelReplied(**of, model="opus", usage=used),
            ModelRequestFailed(**of, model="opus", usage=used),
            ModelRequestFailed(**of, model="opus"),
            TurnEnded(**of, turn=1),
            ContextCompacted(
                **of, reason="full", tokens_before=9, tokens_after=1, count=1, model="haiku", usage=used
            ),
        ]
    )
    told = [spent(entry, spec(user="ada")) for entry in entries]
    assert [each is not None for each in told] == [True, True, False, False, True]
    assert told[0] == Spent(RUN, "explore", "/project", "ada", entries[0].at, "opus", used)


def test_nothing_used_is_an_empty_report():
    report = usage_report((), By.DAY)
    assert (report.sums, report.total.usage) == ((), Usage())


requests = st.builds(
    request,
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from(["opus", "haiku"]),
    st.floats(0, 4e9),
    input=st.integers(0, 10**6),
    agent=st.sampled_from(["Explore", "Plan"]),
)


@given(st.lists(requests), st.sampled_from(By))
def test_every_request_stands_in_exactly_one_sum(made: Sequence[Spent], by: By):
    report = usage_report(made, by, UTC)
    assert sum(each.usage.total.requests for each in report.sums) == len(made)
    assert report.total.usage.total.input == sum(each.usage.input for each in made)
