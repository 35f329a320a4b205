"""Runs in the order of their tree: each parent above its children, with how deep each stands."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.ids import RunId
from subagents.runs.state import RunState


def nested(runs: Iterable[RunState]) -> list[tuple[RunState, int]]:
    """Every run once, siblings in the order given; one whose parent is not among them stands at the top."""
    given = {run.id: run for run in runs}
    below: dict[RunId | None, list[RunState]] = {}
    for run in given.values():
        below.setdefault(run.parent if run.parent in given else None, []).append(run)
    placed: dict[RunId, tuple[RunState, int]] = {}
    # Runs that are each other's parents hang below no top: each of them gets its turn at the end.
    for start in (*below.get(None, ()), *given.values()):
        _place(start, below, placed)
    return list(placed.values())


def _place(
    start: RunState, below: dict[RunId | None, list[RunState]], placed: dict[RunId, tuple[RunState, int]]
) -> None:
    waiting = [(start, 0)]
    while waiting:
        run, depth = waiting.pop()
        if run.id not in placed:
            placed[run.id] = run, depth
            waiting += [(child, depth + 1) for child in reversed(below.get(run.id, []))]
