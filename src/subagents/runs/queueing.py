"""Where a run stands in its queue, as far as its session knows."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus


def queue_position(runs: Iterable[RunState], run_id: RunId, capacity: int) -> int | None:
    """The place of a run that waits for its turn, from 1; None for one that does not have to, or has had it.

    `capacity` is how many may be in progress: at the top of the project, or below its parent. Runs of other sessions
    are not known here, so it may wait behind more.
    """
    known = {run.id: run for run in runs}
    run = known[run_id]
    if run.status is not RunStatus.QUEUED:
        return None
    beside = [other for other in known.values() if other.parent == run.parent]
    queued = [other for other in beside if other.status is RunStatus.QUEUED]
    queued.sort(key=lambda other: other.queued_at)  # those of one moment in the order they were spawned
    working = sum(other.status is RunStatus.RUNNING and not other.parked for other in beside)
    place = queued.index(run) + 1 - max(0, capacity - working)
    return place if place > 0 else None
