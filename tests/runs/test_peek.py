"""A look at numbered lines: how a query is understood, what fits, and what is told."""

from __future__ import annotations

import math
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.errors import BadPattern
from subagents.runs.peek import MAX_BODY, Peek, PeekLine, PeekQuery, fitted, peek_json, peek_text


def numbered(*texts: str, first: int = 1) -> tuple[PeekLine, ...]:
    return tuple(PeekLine(n, text) for n, text in enumerate(texts, first))


# --- the query


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (0, 20),
        (-5, 20),
        (math.nan, 20),
        (math.inf, 20),
        ("x", 20),
        (None, 20),
        (True, 20),
        ([3], 20),
        (1, 1),
        (2.9, 2),
        (0.5, 20),
        (200, 200),
        (201, 200),
        (10**400, 200),
    ],
    ids=lambda value: f"L11-{value!r:.9}",
)
def test_lines_are_twenty_unless_they_are_a_number_of_lines(given: object, lines: int):
    assert PeekQuery(given).lines == lines


@pytest.mark.parametrize(
    ("given", "after"),
    [(None, None), ("x", None), (math.nan, None), (0, 0), (-3, 0), (7.9, 7), (10**30, 10**30)],
)
def test_after_is_a_line_number_from_nothing_on(given: object, after: int | None):
    assert PeekQuery(after=given).after == after


@pytest.mark.parametrize(
    ("given", "before"), [(None, None), (0, None), (-1, None), ("x", None), (1, 1), (8.5, 8)]
)
def test_before_is_the_number_of_a_line(given: object, before: int | None):
    assert PeekQuery(before=given).before == before


@pytest.mark.parametrize(("given", "around"), [(None, 0), (-1, 0), (3.7, 3), (21, 20), ("x", 0)])
def test_what_stands_around_is_at_most_twenty_lines(given: object, around: int):
    assert PeekQuery(regex="a", context=given).context == around


def test_without_a_pattern_nothing_stands_around():
    assert PeekQuery(context=3) == PeekQuery(regex="", context=0)
    assert PeekQuery(regex=None).pattern is None


def test_l15_a_bad_pattern_is_refused_before_anybody_looks():
    with pytest.raises(BadPattern, match="at character 1, a group `\\(` is not closed"):
        PeekQuery(regex="(")


# --- what fits


def test_all_fits_that_has_twenty_thousand_characters_with_its_numbers():
    lines = numbered("a" * 9_995, "b" * 9_996)  # 4 characters of number each, and a line break
    assert fitted(lines, backwards=False).complete
    assert not fitted((*lines[:1], PeekLine(2, "b" * 9_997)), backwards=False).complete


@pytest.mark.parametrize(("backwards", "numbers"), [(False, [1, 2]), (True, [3, 4])])
def test_what_does_not_fit_is_left_out_whole_at_the_far_end(backwards: bool, numbers: list[int]):
    fit = fitted(numbered(*("x" * 9_000 for _ in range(4))), backwards=backwards)
    assert ([line.n for line in fit.lines], fit.complete, fit.left_out) == (numbers, False, 0)


@pytest.mark.parametrize("backwards", [False, True])
def test_l29_a_line_that_alone_is_too_long_is_cut(backwards: bool):
    fit = fitted(numbered("x" * 25_000), backwards=backwards)
    assert (fit.lines, fit.complete) == (numbered("x" * (MAX_BODY - len("[1] "))), True)
    assert fit.left_out == 25_000 + len("[1] ") - MAX_BODY


def test_nothing_fits_as_well():
    assert fitted((), backwards=True).complete


# --- as text


def told(shown: tuple[PeekLine, ...] = (), total: int = 500, /, **of: Any) -> str:
    asked = {name: of.pop(name) for name in ("lines", "regex", "after", "before", "context") if name in of}
    said = {name: of.pop(name) for name in ("while_running", "more") if name in of}
    return peek_text(Peek(PeekQuery(**asked), total, shown, **of), **said)


def test_l1_the_last_lines_with_their_numbers():
    assert told(numbered("line two", "line three", first=2), 3, lines=2) == snapshot("""\
Showing 2 of 3 lines (last 2 lines).

[2] line two
[3] line three

Numbers are lines of the whole transcript.\
""")


def test_l7_past_the_end_there_is_nothing():
    assert told((), 4, after=99) == snapshot("""\
Showing 0 of 4 lines (after line number 99).

Numbers are lines of the whole transcript.\
""")


def test_a_page_says_where_the_next_one_begins_and_the_last_lines_never_do():
    assert told(numbered("a"), after=0, go_on=200).split("\n\n")[2:] == snapshot(
        ["[There is more. Go on with after: 200]", "Numbers are lines of the whole transcript."]
    )
    assert "Go on" not in told(numbered("a"))


def test_a_running_run_is_shown_with_what_it_is_writing():
    shown = told(
        numbered("▸ bash make test"), 1, unfinished="All tests", while_running="It is still running."
    )
    assert shown == snapshot("""\
Showing 1 of 1 line (last 20 lines).

[1] ▸ bash make test
[…] All tests

It is still running.

Numbers are lines of the whole transcript.\
""")


def test_l27_a_finished_run_has_neither_guidance_nor_unfinished_text():
    assert "half a" not in told(numbered("done"), 1, unfinished="half a word")


def test_l23_blank_lines_are_lines():
    assert told(numbered("a", "", "b"), 3).splitlines()[2:5] == ["[1] a", "[2]", "[3] b"]


def test_what_stands_near_a_match_is_told_from_it_and_gaps_are_seen():
    lines = (
        PeekLine(7, "before", False),
        PeekLine(8, "an error"),
        PeekLine(9, "after", False),
        PeekLine(40, "error"),
    )
    assert told(lines, regex="error", context=1, lines=1, more="The whole: get_subagent_result.") == snapshot("""\
Showing 4 of 500 lines (last line, filtered by regex /error/, with 1 line around each).

-7- before
[8] an error
-9- after
--
[40] error

Numbers are lines of the whole transcript. The whole: get_subagent_result.\
""")


def test_without_lines_around_matches_gaps_are_not_marked():
    assert "--" not in told((PeekLine(1, "error"), PeekLine(40, "error")), regex="error")


def test_a_search_that_ran_out_of_time_says_how_far_it_came():
    assert told((), 1_000_000, regex="error", before=900, go_on=412, searched_to=412) == snapshot("""\
Showing 0 of 1,000,000 lines (last 20 lines, before line number 900, filtered by regex /error/).

[The time for searching ran out at line 412. Go on with before: 412]

Numbers are lines of the whole transcript.\
""")


def test_what_was_left_out_or_not_searched_is_said():
    shown = told(numbered("x" * 10, first=3), regex="x", left_out=5_004, longest=33_000)
    assert shown.split("\n\n")[2] == snapshot("""\
[… 5,004 characters of line 3 left out …]
[Lines were searched in their first 33,000 characters: the pattern is too large for more.]\
""")


def test_before_there_is_anything():
    assert told((), 0, while_running="It is still running.") == snapshot("""\
No output yet.

It is still running.

Numbers are lines of the whole transcript.\
""")
    assert told((), 0).splitlines()[0] == "No output."


def test_the_object_says_what_to_go_on_with():
    peek = Peek(PeekQuery(after=0), 500, numbered("a"), go_on=200)
    assert peek_json(peek) == snapshot(
        {
            "total": 500,
            "lines": [{"n": 1, "text": "a", "found": True}],
            "after": 200,
            "before": None,
            "searched_to": None,
            "left_out": 0,
        }
    )
    assert peek_json(Peek(PeekQuery(), 500, go_on=31))["before"] == 31


@pytest.mark.parametrize(
    ("of", "go_on", "following"),
    [({"after": 3}, 203, 203), ({"after": 3}, None, 500), ({}, None, 500), ({"lines": 5}, 480, 500)],
)
def test_who_follows_goes_on_where_the_last_look_ended(of: dict[str, Any], go_on: int | None, following: int):
    assert Peek(PeekQuery(**of), 500, go_on=go_on).next == following
