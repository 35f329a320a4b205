"""What a person sees of a notice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from rich.cells import cell_len
from tests.view.forests import run

from subagents.runs.result import Result
from subagents.runs.state import Outcome, RunState, RunStatus
from subagents.view.notice import EXPANDED, notice_lines
from subagents.view.theme import ascii_of

COMPLETED = run(
    "explore",
    "where are retries handled?",
    agent="Explore",
    status=RunStatus.COMPLETED,
    turns=5,
    tools=3,
    tokens=12_400,
    cost=0.1,
)
FAILED = run(
    "plan", "old attempt", agent="Plan", status=RunStatus.FAILED, reason="model unavailable", ended=2
)
STOPPED = run("worker", "", status=RunStatus.STOPPED, reason="not needed", tools=1, tokens=800, cost=0.02)

ANSWER = "In net.py, line 3.\n\nThe rest is\tin the tests:\n    def test_it(): ...\n"


def drawn(*results: Result, width: int = 80, **more: bool) -> str:
    return "\n" + "\n".join(line.plain for line in notice_lines(results, width, **more)) + "\n"


def said(run: RunState, text: str = ANSWER) -> Result:
    return Result(run, text)


def test_one_that_ended_has_its_words_its_figures_and_the_first_line_it_said():
    assert drawn(said(COMPLETED)) == snapshot("""\

✓ Explore  where are retries handled?  completed
  ↻5 · 3 tools · 12.4k tok · ~$0.10 · 50s
  └ In net.py, line 3. …
""")
    assert drawn(said(FAILED, "")) == snapshot("""\

✗ Plan  old attempt  failed: model unavailable
  2s
  └ No output.
""")
    assert drawn(said(STOPPED, "so far")) == snapshot("""\

■ worker  stopped by user: not needed
  1 tool · 800 tok · ~$0.02 · 50s
  └ so far
""")


def test_expanded_it_has_all_that_was_said():
    assert drawn(said(COMPLETED), expanded=True) == snapshot("""\

✓ Explore  where are retries handled?  completed
  ↻5 · 3 tools · 12.4k tok · ~$0.10 · 50s
  └ In net.py, line 3.

    The rest is     in the tests:
        def test_it(): ...
""")
    assert drawn(said(FAILED, " \n"), expanded=True) == drawn(said(FAILED, ""))
    assert drawn(said(COMPLETED, "one long line of many words"), width=24, expanded=True) == snapshot("""\

✓ Explore  where a…  co…
  ↻5 · 3 tools · 12.4k …
  └ one long line of
    many words
""")


def test_several_have_their_sums_above_them():
    several = said(COMPLETED), said(FAILED, "half of it"), said(STOPPED, "")
    assert drawn(*several) == snapshot("""\

3 agents finished · 13.2k tok · ~$0.12
✓ Explore  where are retries handled?  completed
  ↻5 · 3 tools · 12.4k tok · ~$0.10 · 50s
  └ In net.py, line 3. …
✗ Plan  old attempt  failed: model unavailable
  2s
  └ half of it
■ worker  stopped by user: not needed
  1 tool · 800 tok · ~$0.02 · 50s
  └ No output.
""")
    assert drawn(said(FAILED, ""), partial=True).splitlines()[1] == snapshot(
        "1 agent finished (others are still running)"
    )
    assert drawn() == "\n\n"


@pytest.mark.parametrize(
    ("lines", "left"), [(EXPANDED, ""), (EXPANDED + 1, "… 1 more line"), (1000, "… 970 more lines")]
)
def test_of_what_was_said_there_are_thirty_lines_and_the_others_are_counted(lines: int, left: str):
    _who, _figures, *shown = drawn(
        said(COMPLETED, "\n".join(f"line {n}" for n in range(1, lines + 1))), expanded=True
    ).split("\n")[1:-1]
    assert [line.strip("└ ") for line in shown[:EXPANDED]] == [f"line {n}" for n in range(1, EXPANDED + 1)]
    assert [line.strip() for line in shown[EXPANDED:]] == ([left] if left else [])


def test_a_long_line_is_broken_and_what_is_not_shown_of_it_is_counted_with_the_others():
    shown = drawn(said(COMPLETED, "x" * 100_000 + "\nlast"), width=40, expanded=True).splitlines()[3:]
    assert len(shown) == EXPANDED + 1
    assert shown[-1].strip() == "… 2 more lines"


def test_the_first_line_alone_is_no_longer_than_eighty_cells():
    line = drawn(said(COMPLETED, "在" * 100), width=200).splitlines()[3]
    assert line.endswith("…")
    assert cell_len(line.strip(" └")) <= 80


def test_what_is_to_be_known_of_an_ending_is_said():
    wrapped = _with(COMPLETED, Outcome(seq=1, wrapped_up=True, seconds=1))
    assert "completed after it was asked to wrap up" in drawn(said(wrapped))
    unfit = _with(COMPLETED, Outcome(seq=1, schema_valid=False, seconds=1))
    assert "completed, but its answer does not fit the output schema" in drawn(said(unfit), width=120)


def test_nothing_that_an_agent_says_acts_on_the_terminal():
    result = said(COMPLETED, "\x1b[2Jgone\rover\n\x1b]0;title\x07\u202eturned")
    for expanded in (False, True):
        shown = drawn(result, expanded=expanded)
        assert not {"\x1b", "\r", "\x07", "\u202e"} & set(shown)
        assert "gone" in shown


def test_in_plain_characters_it_says_the_same():
    assert [ascii_of(line).plain for line in notice_lines([said(COMPLETED)], 80)] == snapshot(
        [
            "+ Explore  where are retries handled?  completed",
            "  @5 - 3 tools - 12.4k tok - ~$0.10 - 50s",
            "  ` In net.py, line 3. ~",
        ]
    )


@given(
    st.lists(
        st.builds(Result, st.sampled_from([COMPLETED, FAILED, STOPPED]), st.text(max_size=300)), max_size=4
    ),
    st.integers(1, 120),
    st.booleans(),
    st.booleans(),
)
def test_no_line_is_wider_than_asked_for(results: list[Result], width: int, partial: bool, expanded: bool):
    lines = list(notice_lines(results, width, partial=partial, expanded=expanded))
    assert all(line.cell_len <= width and "\n" not in line.plain for line in lines)
    assert len(lines) <= 1 + len(results) * (2 + EXPANDED + 1)


def _with(run: RunState, outcome: Outcome) -> RunState:
    return msgspec.structs.replace(run, outcome=outcome)
