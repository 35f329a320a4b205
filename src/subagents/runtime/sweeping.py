"""Worktrees that nobody needs any more: looked at in the background when a session is opened, a few each time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from subagents.errors import NotNow, SessionError, WorkspaceError
from subagents.ids import RunId
from subagents.runtime.settling import Settling
from subagents.sessions.journal import Journal
from subagents.workspaces.git.repository import Repository, repository_at
from subagents.workspaces.worktrees.debris import DAY, Finding, collect
from subagents.workspaces.worktrees.ownership import Stage, Worktree
from subagents.workspaces.worktrees.placing import Place

log = logging.getLogger("subagents")

MOST = 20  # of one time; `subagents worktrees gc` looks at all


async def sweep(journal: Journal, place: Place, root: Path, days: int) -> None:
    """Finishes what owners that died left behind, whichever session they had, and what runs of this one left that is
    older than so many `days`; that is told with the run. What fails is for the next to do."""

    def due(worktree: Worktree) -> bool:
        if worktree.stage is not Stage.KEPT:
            return True
        # What became of it must be told, and other sessions' logs are not ours to write.
        return worktree.run in journal.state.runs and place.now() - worktree.made_at > days * DAY

    try:
        found = await collect(place, due, MOST, await _repository(root))
    except OSError as error:
        log.debug("looking for worktrees that nobody needs failed: %s", error)
        return
    await _tell(journal, found)


async def _repository(root: Path) -> Repository | None:
    with suppress(WorkspaceError):
        return await repository_at(root)
    return None


async def _tell(journal: Journal, found: Sequence[Finding]) -> None:
    settling = Settling(journal)
    for finding in found:
        run = RunId(finding.worktree.run) if finding.worktree is not None else None
        if run is not None and run in journal.state.runs and finding.kept is not None:
            with suppress(NotNow, SessionError):
                await settling.worktree(run, finding.kept)
