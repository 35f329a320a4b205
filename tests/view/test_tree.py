"""The tree of agents, as it is drawn."""

from __future__ import annotations

import msgspec
import pytest
from inline_snapshot import snapshot
from tests.view.forests import BEGAN, DOING, NOW, STORY, drawn, run

from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.testing.facts import spawned, started, state_after
from subagents.view.theme import ascii_of
from subagents.view.tree import totals_line, tree
from subagents.view.tree_json import tree_json
from subagents.view.tree_path import path_text


def test_auto_takes_one_line_each_where_two_find_no_room():
    assert "⎿" not in drawn(width=120, height=9, mode="auto")


def test_focused_shows_the_branch_of_one_and_counts_the_others():
    assert drawn(width=88, height=40, mode="focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work
     ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget's data flow
        ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
      └─ ⠋  explore-2   trace who owns the manager
           ⎿ searching for owner · 1 tool · 48.0s
+1 completed sibling hidden
""")
    assert drawn(width=60, height=12, mode="focused", focus=RunId("explore-2")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work
     ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget's data fl…
        ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts
      └─ ⠋  explore-2   trace who owns the manager
           ⎿ searching for owner · 1 tool · 48.0s
+1 completed sibling hidden
""")
    assert drawn(width=120, height=5, mode="focused", focus=RunId("orchestrator")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget'… · 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
      └─ ⠋  explore-2   trace who owns the manager · 1 tool · 48.0s
+1 finished descendant hidden
""")
    assert drawn(width=40, height=12, mode="focused", focus=RunId("orchestrator")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  split the work
     ⎿ ↻3≤20 · 4 tools · 1m
   └─ ⠋  Explore   inspect the widget's…
        ⎿ 1 tool · 2 conflicts · 50.0s
      └─ ⠋  explore-2   trace who owns…
           ⎿ searching for owner · 48.0s
+1 finished descendant hidden
""")


def test_in_plain_characters_it_says_the_same():
    lines = tree(STORY, now=NOW, width=88, doing=DOING, max_depth=4).lines
    assert "\n" + "\n".join(ascii_of(line).plain.rstrip() for line in lines) + "\n" == snapshot("""\

* Agents  3 running - 2 queued - 1 waiting for approval - depth 3/4 - 25.9k tokens
|- | orchestrator  opus-4-6  split the work
|    ` @3/20 - 4 tools - 22.8k tokens (38%) - 1m
|  |- |  Explore   sonnet-4-5  inspect the widget's data flow
|  |    ` 1 tool - 3.1k tokens (86% - v1) - 2 conflicts - wt-explore - 50.0s
|  |  `- |  explore-2   trace who owns the manager
|  |       ` searching for owner - 1 tool - 48.0s
|  `- + auditor  sonnet-4-5  review the plan - 31s
|- ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
|- o explore-3  sonnet-4-5  read the release notes - queued (1st)
|- o explore-4  sonnet-4-5  ???? ? read the others - queued (2nd)
`- x Plan  sonnet-4-5  old attempt - failed: model unavailable - 35s
""")


def test_nothing_at_all_is_one_line():
    assert drawn(()) == "\n○ Agents  0 running\n"


# --- the rows of the cases


def test_z1_a_child_stands_below_its_parent_and_a_grandchild_below_that():
    chain = (run("a"), run("b", parent="a", depth=2), run("c", parent="b", depth=3))
    assert drawn(chain, mode="compact", doing={}) == snapshot("""\

● Agents  3 running
└─ ⠋ a  sonnet-4-5 · 1m
   └─ ⠋ b · 1m
      └─ ⠋ c · 1m
""")


def test_z2_z3_those_of_an_unknown_parent_stand_apart_and_it_is_said():
    assert drawn((run("a"), run("lost", "where from?", "nobody")), mode="compact", doing={}) == snapshot("""\

● Agents  2 running
├─ ⠋ a  sonnet-4-5 · 1m
└─ ⚠ Other agents, whose parent is not known here
   └─ ⠋ lost  where from? · 1m
""")


def test_z25_two_that_are_each_others_parents_are_both_seen_and_marked():
    assert drawn((run("a", parent="b"), run("b", parent="a")), mode="compact", doing={}) == snapshot("""\

● Agents  2 running
└─ ⚠ Other agents, whose parent is not known here
   └─ ⠋ a · 1m
      └─ ⠋ b · 1m
""")


def test_z5_three_nested_in_four_lines_have_no_details():
    chain = (run("a"), run("b", parent="a"), run("c", parent="b"))
    text = drawn(chain, 120, 4, "auto", doing={})
    assert (text.count("\n") - 1, "⎿" in text) == (4, False)


def test_where_each_finds_a_line_but_not_two_none_at_work_is_hidden():
    busy = tuple(run(f"worker-{number}", began=number) for number in range(15))
    lines = drawn(busy, height=24).splitlines()
    assert not [line for line in lines if "hidden" in line]
    assert all(any(f" {one.handle} " in f"{line} " for line in lines) for one in busy)


def test_one_at_work_in_two_lines_is_seen():
    assert "⠋ worker" in drawn((run("worker"),), height=2)


def test_z7_of_a_chain_of_eight_in_five_lines_the_others_are_counted():
    chain = tuple(run(f"n{number}", parent=f"n{number - 1}" if number else None) for number in range(8))
    text = drawn(chain, 88, 5, "compact", doing={})
    assert text.count("\n") - 1 == 5
    assert "+5 descendants hidden (5 running)" in text


def test_z9_one_that_was_asked_to_wrap_up_is_a_success_that_says_so():
    done = run("a", "look around", status=RunStatus.COMPLETED, ended=50)
    assert done.outcome is not None
    wrapped = msgspec.structs.replace(done, outcome=msgspec.structs.replace(done.outcome, wrapped_up=True))
    assert "✓ a  sonnet-4-5  look around · wrapped up · 50s" in drawn((wrapped,))


def test_z11_the_heading_sums_up_the_whole_tree():
    assert drawn().splitlines()[1] == snapshot(
        "● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens"
    )


def test_z13_a_subtree_that_finds_no_room_is_counted_by_kinds():
    below = (
        run("b", parent="a"), run("c", parent="b"), run("d", parent="b", status=RunStatus.QUEUED),
        run("e", parent="b", status=RunStatus.COMPLETED),
    )  # fmt: skip
    text = drawn((run("a"), *below), 88, 3, "compact", doing={})
    assert "   └─ +4 descendants hidden (2 running, 1 queued, 1 finished)" in text.splitlines()


def test_z15_one_in_progress_has_its_figures_below_it():
    busy = run("a", turns=3, tools=4, tokens=22_800, limits=STORY[0].spec.limits)
    text = drawn((busy,), doing={})
    assert "⎿ thinking… · ↻3≤20 · 4 tools · 22.8k tokens · 1m" in text


@pytest.mark.parametrize(
    ("status", "seconds"), [(RunStatus.COMPLETED, 30), (RunStatus.FAILED, 120), (RunStatus.STOPPED, 120)]
)
def test_z17_what_is_over_lingers_for_a_while_and_then_folds_away(status: RunStatus, seconds: int):
    over = run("a", status=status, ended=10)
    assert "a" in drawn((over, run("busy")), now=BEGAN + 10 + seconds - 1).splitlines()[-1] + drawn((over,))
    assert " a " not in drawn((over, run("busy")), now=BEGAN + 10 + seconds + 1, doing={}).replace(
        "Agents", ""
    )
    assert " a " in drawn((over,), now=NOW + 9_999, everything=True)


def test_z19_whoever_is_above_a_live_one_stays_and_is_no_orphan():
    old = run("top", status=RunStatus.COMPLETED, began=-900, ended=-800)
    text = drawn(
        (
            old,
            run("mid", parent="top", status=RunStatus.COMPLETED, began=-900, ended=-800),
            run("c", parent="mid"),
        )
    )
    assert "top" in text
    assert "mid" in text
    assert "Other agents" not in text


def test_z27_brothers_and_sisters_stand_by_what_they_do_and_then_by_age():
    runs = (
        run("done", status=RunStatus.COMPLETED, began=0, ended=55),
        run("waits", status=RunStatus.QUEUED, began=1),
        run("busy", began=2),
        run("busier", began=1),
    )
    rows = drawn(runs, mode="compact", doing={}).splitlines()[2:]
    assert [row.split()[2] for row in rows] == ["busier", "busy", "waits", "done"]


def test_the_time_of_one_that_is_over_stands_still():
    over = (run("a", status=RunStatus.COMPLETED, began=0, ended=50),)
    assert drawn(over, now=NOW) == drawn(over, now=NOW + 10)


def test_a_parents_figures_may_be_those_of_all_below_it():
    runs = (run("a", tokens=1_000, turns=1), run("b", parent="a", tokens=2_000, turns=1))
    assert "1.0k tokens" in drawn(runs, doing={}).splitlines()[3]
    assert "3.0k tokens" in drawn(runs, doing={}, rollup=True).splitlines()[3]


def test_colours_say_how_full_the_context_is_and_whose_agent_it_is():
    lines = tree(STORY, now=NOW, width=120, doing=DOING).lines
    styles = {line.plain[span.start : span.end]: str(span.style) for line in lines for span in line.spans}
    assert styles["(86% · ⇊1)"] == "red"
    assert styles["(38%)"] == "dim"
    assert styles[" Explore "].endswith("on #6a9bcc")


# --- other forms


def test_one_line_of_totals_is_for_other_programs():
    assert totals_line([run("worker")], 40) == "1 running agent"
    assert totals_line(STORY, 40) == "4 running, 2 queued agents"
    assert totals_line(STORY, 12) == "4 running, …"
    assert totals_line((run("a", status=RunStatus.COMPLETED),), 40) == ""


def test_how_full_a_window_is_and_how_often_a_conversation_was_made_shorter():
    full = msgspec.structs.replace(
        run("a", turns=3, tokens=9_000), context=90_000, window=200_000, compactions=2
    )
    assert "9.0k tokens (45% · ⇊2)" in drawn((full,), doing={})
    [top] = tree_json((full,), NOW)
    assert (top["context"], top["compactions"]) == (45, 2)


def test_as_json_children_stand_in_their_parents_with_figures_of_both_kinds():
    [top, *_others] = tree_json((run("a", tokens=10), run("b", parent="a", tokens=20)), NOW)
    assert (top["id"], [child["id"] for child in top["children"]]) == ("a", ["b"])
    assert (top["own"]["tokens"], top["all"]["tokens"], top["all"]["running"]) == (10, 30, 2)
    assert [each["id"] for each in tree_json(STORY, NOW, RunId("explore"))] == ["explore"]


def test_a_model_is_told_where_it_stands():
    state = state_after(
        spawned(RunId("aaaaaaaa"), handle="lead"),
        started(RunId("aaaaaaaa")),
        spawned(RunId("bbbbbbbb"), RunId("aaaaaaaa"), handle="explore"),
        spawned(RunId("cccccccc"), RunId("aaaaaaaa"), handle="other"),
    )
    assert path_text(state, RunId("bbbbbbbb"), state.at) == snapshot("""\
You are here: lead > explore
● 3 total · showing active branch
└─ ⠦ lead (explore)  scripted  find retries
     ⎿ thinking… · 2.0s
   └─ ◦ explore  find retries · queued (1st)
+1 active sibling hidden\
""")
