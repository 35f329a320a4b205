"""Numbers as people read them: the cases of T, and their edges."""

from __future__ import annotations

import math

import pytest

from subagents.view import figures
from subagents.view.figures import Level


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (12.3, "12.3s"),
        (59.999, "60.0s"),
        (60, "1m"),
        (72, "1m 12s"),
        (3599.9, "59m 59s"),
        (3600, "1h"),
        (3900, "1h 5m"),
        (7470, "2h 4m"),
        (-5, "0.0s"),
    ],
)
def test_duration(seconds: float, text: str):
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (5.9, "5s"), (72, "1m 12s"), (60, "1m"), (4503, "75m 3s"), (-1, "0s")]
)
def test_duration_of_a_row_stays_in_minutes(seconds: float, text: str):
    assert figures.row_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.999, "0s"),
        (59, "59s"),
        (60, "1m"),
        (59 * 60, "59m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
    ],
)
def test_age(seconds: float, text: str):
    assert figures.age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 token"),
        (512, "512 token"),
        (999, "999 token"),
        (1000, "1.0k token"),
        (1234, "1.2k token"),
        (999_949, "999.9k token"),
        (999_950, "1.0M token"),
        (1_200_000, "1.2M token"),
    ],
)
def test_tokens(count: int, text: str):
    assert figures.tokens(count) == text
    assert figures.row_tokens(count) == text.replace("token", "tok")


def test_turns_with_and_without_a_limit():
    assert figures.turns(5) == "↻5"
    assert figures.turns(5, 30) == "↻5≤30"


@pytest.mark.parametrize(
    ("percent", "level"),
    [(50, Level.DIM), (69.9, Level.DIM), (70, Level.WARNING), (84, Level.WARNING), (85, Level.ERROR)],
)
def test_a_full_context_asks_for_attention(percent: float, level: Level):
    assert figures.context_level(percent) is level


def test_context_share():
    assert f"{figures.tokens(1234)} {figures.context_share(45, 2)}" == "1.2k token (45% · ⇊2)"
    assert figures.context_share(45) == "(45%)"
    assert figures.context_share(None, 2) == "(⇊2)"
    assert figures.context_share(None) == ""


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0, ""),
        (-1, ""),
        (math.nan, ""),
        (math.inf, ""),
        (0.00009, "<$0.0001"),
        (0.0001, "~$0.0001"),
        (0.012, "~$0.012"),
        (0.01234, "~$0.0123"),
        (0.5, "~$0.50"),
        (1, "~$1.00"),
        (12.345, "~$12.35"),
    ],
)
def test_cost(dollars: float, text: str):
    assert figures.cost(dollars) == text


def test_a_cost_that_is_not_all_says_so():
    assert figures.cost(0.5, unpriced=2) == "~$0.50+"
    assert figures.cost(0, unpriced=2) == ""


def test_sizes_are_whole_kilobytes_and_then_megabytes():
    counts = (0, 1, 12_000, 12_001, 999_000, 999_001, 1_250_000)
    assert [figures.size(count) for count in counts] == [
        "0 kB",
        "1 kB",
        "12 kB",
        "13 kB",
        "999 kB",
        "1.0 MB",
        "1.2 MB",
    ]
