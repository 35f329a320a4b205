"""What became of a run's workspace, as a fact."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from subagents.events import WorkspaceClosed
from subagents.runs.state import RunState
from subagents.texts import storable
from subagents.workspaces.base import Kept, OpenWorkspace


def closing(run: RunState, episode: int, kept: Kept | None) -> WorkspaceClosed:
    """The fact that its place is no longer the run's; `kept` is what one of its own came to."""
    if kept is None:
        return WorkspaceClosed(run=run.id, episode=episode)
    told: dict[str, Any] = asdict(kept)
    told |= {name: storable(value) for name, value in told.items() if isinstance(value, str)}
    return WorkspaceClosed(run=run.id, episode=episode, **told)


def unclosed(opened: OpenWorkspace) -> Kept | None:
    """What is told when closing took too long or broke: the place of a run's own is as it was left."""
    if not opened.repository:
        return None
    why = "it could not be put away in time"
    return Kept(repository=opened.repository, base=opened.base, preserved=str(opened.root), why=why)
