"""What is said of runs' work when they have ended: that a conflict is settled, and where a worktree's work is now."""

from __future__ import annotations

from subagents.ids import RunId
from subagents.runs import lifecycle
from subagents.runs.conflicts import settle
from subagents.runs.kept import KeptWork
from subagents.sessions.journal import Journal


class Settling:
    """Records a person's word; whoever says it has done already what there was to do."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def conflict(self, conflict: str, reason: str = "") -> None:
        """Raises `NotNow` for one that is not open (any more), and `SessionError`."""
        await self._journal.record(lambda head: settle(head.conflicts, conflict, reason))

    async def worktree(self, run: RunId, kept: KeptWork) -> None:
        """Raises `NotNow` for a run that is at work in it, `RunNotFound`, and `SessionError`."""
        await self._journal.record(lambda head: lifecycle.put_back(head.run(run), kept))
