"""The tree as objects for programs: children in their parents, each with its own figures and those of all below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.usage import ModelUsage
from subagents.view.activity import activity, seconds
from subagents.view.tree_model import Node, forest


def tree_json(runs: Iterable[RunState], now: float, only: RunId | None = None) -> list[dict[str, Any]]:
    """The tops with all below them; with `only` that run alone. Those whose parent is not known are tops with `orphan`.

    `own` and `all` are the figures of the run itself and of it with all below it; `seconds` is how long the episode
    took or has taken so far, times are seconds since the epoch. `context` is how full the model's window is, from 0 to
    100, null while that is not known.
    """
    whole = forest(runs)
    tops = [*whole.roots, *whole.orphans]
    if only is not None:
        tops = [node for node in whole.nodes if node.run.id == only]
    made: dict[RunId, dict[str, Any]] = {}
    for top in tops:
        for node in reversed(list(top.walk())):
            made[node.run.id] = _object(node, now, [made[child.run.id] for child in node.children])
    return [made[top.run.id] for top in tops]


def _object(node: Node, now: float, children: list[dict[str, Any]]) -> dict[str, Any]:
    run = node.run
    return {
        "id": run.id,
        "handle": run.handle,
        "agent": run.spec.agent,
        "description": run.spec.description,
        "status": str(run.status),
        "paused": run.parked,
        "reported": run.reported,
        "activity": activity(run, now, aged=False),
        "parent": run.parent,
        "depth": run.depth,
        "orphan": node.orphan,
        "model": run.model,
        "turns": run.turns,
        "tool_uses": run.tool_uses,
        "context": run.context_share,
        "compactions": run.compactions,
        "seconds": round(seconds(run, now), 3),
        "spawned_at": run.spawned_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "own": _figures(run.usage.total),
        "all": {**_figures(node.used), "running": node.counts.running, "queued": node.counts.queued},
        "children": children,
    }


def _figures(used: ModelUsage) -> dict[str, Any]:
    return {
        "tokens": used.tokens,
        "cache_read": used.cache_read,
        "cost": used.cost,
        "unpriced": used.unpriced,
    }
