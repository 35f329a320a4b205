"""Runs for the tree's tests: one story with everything in it, and random ones; and how they are drawn."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.state import Outcome, RunState, RunStatus, ToolInFlight
from subagents.spec import AskedBy, Limits
from subagents.testing.facts import spec
from subagents.usage import ModelUsage, Usage
from subagents.view.tree import TreeMode, tree
from subagents.view.tree_model import Doing

BEGAN = 1_000.0
NOW = 1_060.0
OPUS, SONNET = "anthropic:claude-opus-4-6", "anthropic:claude-sonnet-4-5-20260101"


def run(
    name: str,
    description: str = "",
    parent: str | None = None,
    *,
    agent: str = "",
    status: RunStatus = RunStatus.RUNNING,
    began: float = 0.0,
    ended: float = 50.0,
    model: str = SONNET,
    depth: int = 1,
    turns: int = 0,
    tools: int = 0,
    tokens: int = 0,
    cost: float = 0.0,
    doing: tuple[str, str] | None = None,
    reason: str = "",
    **of_spec: Any,
) -> RunState:
    """A run that began `began` seconds after the story, in a state that its facts could have led to."""
    over = status.ended
    outcome = Outcome(
        seq=1,
        reason=reason,
        by=StoppedBy.USER if status is RunStatus.STOPPED else None,
        seconds=ended - began,
    )
    flight = (ToolInFlight("c", doing[0], doing[1], NOW - 14.2),) if doing is not None and not over else ()
    used = Usage({model: ModelUsage(requests=1, input=tokens, cost=cost)}) if tokens else Usage()
    return RunState(
        id=RunId(name),
        handle=name,
        parent=RunId(parent) if parent is not None else None,
        root=RunId(name),
        depth=depth,
        spec=spec(agent=agent or name, description=description, model=model, **of_spec),
        asked_by=AskedBy.PERSON,
        spawned_at=BEGAN + began,
        queued_at=BEGAN + began,
        started_at=None if status is RunStatus.QUEUED else BEGAN + began,
        ended_at=BEGAN + ended if over else None,
        status=status,
        outcome=outcome if over else None,
        model=model,
        turns=turns,
        tool_uses=tools,
        usage=used,
        in_flight=flight,
        progress_at=NOW - 4.8,
    )


#: One of each that can be seen, three deep.
STORY = (
    run("orchestrator", "split the work", model=OPUS, turns=3, tools=4, tokens=22_800, cost=0.42, began=0,
        limits=Limits(max_turns=20)),
    run("explore", "inspect the widget's data flow", "orchestrator", agent="Explore", depth=2, tools=1, began=10,
        tokens=3_100, doing=("read", '{"path": "agent_widget.py"}'), color="#6A9BCC"),
    run("explore-2", "trace who owns the manager", "explore", agent="Explore", depth=3, tools=1, began=12,
        doing=("grep", '{"pattern": "owner"}'), color="#6A9BCC"),
    run("auditor", "review the plan", "orchestrator", depth=2, status=RunStatus.COMPLETED, began=11, ended=42),
    run("reviewer", "look at the deploy", began=20),
    run("explore-3", "read the release notes", agent="Explore", status=RunStatus.QUEUED, began=30),
    run("explore-4", "发布说明 🎉 read the others", agent="Explore", status=RunStatus.QUEUED, began=31),
    run("plan", "old attempt", agent="Plan", status=RunStatus.FAILED, began=5, ended=40, reason="model unavailable"),
)  # fmt: skip
DOING = {
    RunId("reviewer"): Doing(approval="bash(make deploy)"),
    RunId("orchestrator"): Doing(context=38),
    RunId("explore"): Doing(worktree="wt-explore", conflicts=2, context=86, compactions=1),
}


def drawn(
    runs: tuple[RunState, ...] = STORY,
    width: int = 88,
    height: int | None = None,
    mode: str = "rich",
    **more: object,
) -> str:
    """The tree of these runs as text, drawn at `NOW`: what a snapshot holds."""
    look = {"now": NOW, "doing": DOING, "max_depth": 4} | more
    lines = tree(runs, width=width, height=height, mode=TreeMode(mode), **look).lines  # type: ignore[arg-type]
    return "\n" + "\n".join(line.plain.rstrip() for line in lines) + "\n"


_words = st.text(st.sampled_from("ab ─├中文🎉\t\n\x1b[31m👩‍👩‍👧é"), max_size=30)


def forests(max_size: int = 25) -> SearchStrategy[tuple[RunState, ...]]:
    """Any runs in any relation: trees, chains, those of unknown parents, and those that are each other's."""
    return st.lists(_drawn(), max_size=max_size).map(_named)


def _drawn() -> SearchStrategy[tuple[int | None, RunStatus, str, float, bool]]:
    parents = st.none() | st.integers(0, 30)
    return st.tuples(parents, st.sampled_from(RunStatus), _words, st.floats(-400, 59), st.booleans())


def _named(drawn: list[tuple[int | None, RunStatus, str, float, bool]]) -> tuple[RunState, ...]:
    made = []
    for number, (parent, status, words, began, parked) in enumerate(drawn):
        state = run(
            f"r{number}", words, None if parent is None else f"r{parent}", agent=words or "x", status=status,
            began=began, ended=began + 1, turns=number % 3, tokens=number * 997, doing=("bash", words),
            reason=words,
        )  # fmt: skip
        made.append(msgspec.structs.replace(state, parked=parked and status is RunStatus.RUNNING))
    return tuple(made)
