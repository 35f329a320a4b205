"""The tree keeps to its bounds and hides nobody without counting him, whatever runs there are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.view.forests import NOW, forests

from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus
from subagents.view.theme import ascii_of
from subagents.view.tree import TreeMode, tree
from subagents.view.tree_focus import branch_of
from subagents.view.tree_model import forest, recent
from subagents.view.tree_overflow import admitted

widths = st.integers(1, 200)
heights = st.integers(1, 60)
modes = st.sampled_from(TreeMode)


@given(forests(), widths, st.none() | heights, modes, st.booleans(), st.booleans())
def test_z23_no_line_is_too_wide_and_there_are_not_too_many(
    runs: tuple[RunState, ...], width: int, height: int | None, mode: TreeMode, everything: bool, cost: bool
):
    drawn = tree(runs, now=NOW, width=width, height=height, mode=mode, everything=everything, cost=cost)
    assert all(line.cell_len <= width for line in drawn.lines)
    assert all("\n" not in line.plain and "\x1b" not in line.plain for line in drawn.lines)
    assert height is None or len(drawn.lines) <= height
    assert len(drawn.lines) >= 1
    assert all(ascii_of(line).plain.isascii() for line in drawn.lines)


@given(forests(), st.none() | st.integers(2, 60), st.sampled_from([TreeMode.RICH, TreeMode.COMPACT]))
def test_every_run_is_shown_or_counted(runs: tuple[RunState, ...], height: int | None, mode: TreeMode):
    drawn = tree(runs, now=NOW, width=500, height=height, mode=mode, everything=True)
    lines = [line.plain for line in drawn.lines[1:]]
    hidden = [found for line in lines if (found := re.search(r"\+(\d+) \w+ hidden \((.*)\)$", line))]
    shown = {found[0] for line in lines if (found := re.search(r"\br\d+\b", line))}
    assert len(shown) + sum(int(found[1]) for found in hidden) == len(runs)
    for found in hidden:
        assert int(found[1]) == sum(map(int, re.findall(r"(\d+) [a-z]", found[2])))
    in_progress = {run.id for run in runs if run.status is RunStatus.RUNNING}
    counted = sum(int(number) for found in hidden for number in re.findall(r"(\d+) running", found[2]))
    assert len(in_progress & shown) + counted == len(in_progress)


@given(forests(), st.integers(1, 60))
def test_what_is_admitted_hangs_together_and_fits(runs: tuple[RunState, ...], lines: int):
    known = forest(runs)
    tops = [*known.roots, *known.orphans]
    shown = admitted(tops, lines, lambda _node: 1)
    above: dict[RunId, RunId] = {c.run.id: n.run.id for top in tops for n in top.walk() for c in n.children}
    assert all(above[run] in shown for run in shown if run in above)
    everybody = {node.run.id for node in known.nodes}
    holders = {above.get(run) for run in everybody - shown if above.get(run) is None or above[run] in shown}
    assert len(shown) + len(holders) <= max(lines, 1)
    assert everybody == {run.id for run in runs}


@given(forests(), st.integers(1, 60))
def test_nobody_takes_the_place_of_one_that_is_livelier(runs: tuple[RunState, ...], lines: int):
    known = forest(runs)
    tops = [*known.roots, *known.orphans]
    shown = admitted(tops, lines, lambda _node: 1)
    hidden = [node.lively for node in known.nodes if node.run.id not in shown]
    assert all(node.lively <= min(hidden) for node in known.nodes if hidden and node.run.id in shown)


@given(forests(), st.integers(2, 20), st.integers(0, 30))
def test_whom_a_focused_view_is_about_is_in_it(runs: tuple[RunState, ...], height: int, number: int):
    focus = RunId(f"r{number}")
    if number < len(runs):
        drawn = tree(runs, now=NOW, width=500, height=height, mode=TreeMode.FOCUSED, focus=focus)
        assert len(drawn.lines) <= height
        assert any(re.search(rf"\b{focus}\b", line.plain) for line in drawn.lines[1:])


@given(forests(), st.integers(0, 30))
def test_a_branch_and_its_sums_are_the_whole_tree(runs: tuple[RunState, ...], number: int):
    whole = forest(runs)
    branch = branch_of(whole, RunId(f"r{number}"), NOW)
    if branch is None:
        assert number >= len(runs)
        return
    hidden = sum(int(line.split()[0]) for line in branch.sums)
    assert branch.top.counts.total + hidden == branch.total


@given(forests())
def test_whoever_is_in_progress_or_above_such_a_one_is_never_folded_away(runs: tuple[RunState, ...]):
    kept = {node.run.id for node in recent(forest(runs), NOW).nodes}
    for node in forest(runs).nodes:
        if any(not below.run.status.ended for below in node.walk()):
            assert node.run.id in kept
