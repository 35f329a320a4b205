"""Where a run stands in the tree and what is below it, as plain text for a model."""

from __future__ import annotations

from subagents.ids import RunId
from subagents.sessions.state import SessionState
from subagents.view.tree import TreeMode, tree

PATH_LINES, PATH_WIDTH = 40, 120


def path_text(state: SessionState, run_id: RunId, now: float) -> str:
    """At most 40 lines of 120 cells."""
    top = state.path(run_id)[-1]
    runs = [state.run(run) for run in state.subtree(top)]
    drawn = tree(runs, now=now, width=PATH_WIDTH, height=PATH_LINES, mode=TreeMode.FOCUSED, focus=run_id)
    path = " > ".join(state.run(run).handle for run in reversed(state.path(run_id)))
    return "\n".join((f"You are here: {path}", *(line.plain.rstrip() for line in drawn.lines)))
