"""A run's workspace as facts: that it was opened, and what became of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anyio
from msgspec.structs import asdict

from subagents.events import WorkspaceClosed, WorkspaceOpened
from subagents.runs.kept import KeptWork
from subagents.runs.state import RunState
from subagents.sessions.journal import Journal
from subagents.sessions.state import SessionState
from subagents.texts import storable
from subagents.workspaces.base import WORKTREE, OpenWorkspace
from subagents.workspaces.isolated import wish_of
from subagents.workspaces.worktrees.placing import Place
from subagents.workspaces.worktrees.recovering import put_away

#: Seconds that opening a session waits for a worktree that its last owner left; the next opening goes on with it.
PUT_AWAY = 60.0


def opening(run: RunState, episode: int, opened: OpenWorkspace) -> WorkspaceOpened:
    """The fact that a place is ready for the run."""
    return WorkspaceOpened(
        run=run.id,
        episode=episode,
        root=str(opened.root),
        isolation=opened.isolation,
        repository=opened.repository,
        base=opened.base,
    )


def closing(run: RunState, episode: int, kept: KeptWork | None) -> WorkspaceClosed:
    """The fact that its place is no longer the run's; `kept` is what one of its own came to."""
    if kept is None:
        return WorkspaceClosed(run=run.id, episode=episode)
    told: dict[str, Any] = asdict(kept)
    told |= {name: storable(value) for name, value in told.items() if isinstance(value, str)}
    return WorkspaceClosed(run=run.id, episode=episode, **told)


def unclosed(opened: OpenWorkspace) -> KeptWork | None:
    """What is told when closing took too long or broke: the place of a run's own is as it was left."""
    if not opened.repository:
        return None
    why = "it could not be put away in time"
    return KeptWork(repository=opened.repository, base=opened.base, preserved=str(opened.root), why=why)


async def put_away_all(journal: Journal, place: Place) -> None:
    """After an owner that died: what its agents did in worktrees goes to their branches, and is told with the runs."""
    for run in list(journal.state.runs.values()):
        if run.isolation == WORKTREE and run.status.ended:
            with anyio.move_on_after(PUT_AWAY):
                kept = await put_away(wish_of(run, Path(run.spec.cwd)), place, run.base)
                await journal.record(partial(_closed, closing(run, run.episode, kept)))


def _closed(fact: WorkspaceClosed, _head: SessionState) -> WorkspaceClosed:
    return fact
