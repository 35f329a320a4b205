"""The workspace that isolates: a run works in a git worktree of its own, or it does not work at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from subagents.clock import Clock
from subagents.errors import SpawnRefused, WorkspaceError
from subagents.language import _
from subagents.places import Project
from subagents.prompts.isolation import isolated_in
from subagents.runs.kept import KeptWork
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import Base
from subagents.texts import storable
from subagents.workspaces.base import WORKTREE, OpenWorkspace
from subagents.workspaces.git.program import Execute, execute
from subagents.workspaces.git.starting import starting_point
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.placing import Place, Wish, create, found

#: What is known of a run that wants a worktree in a folder.
WishOf = Callable[[Path, str], Wish]


class WorktreeWorkspaces:
    """Makes worktrees at a place. `wish_of` knows what the run is called and what it begins with."""

    def __init__(self, place: Place, wish_of: WishOf) -> None:
        self._place = place
        self._wish_of = wish_of
        self._open: dict[Path, Worktree] = {}

    async def open(self, cwd: Path, run: str) -> OpenWorkspace:
        wish = self._wish_of(cwd, run)
        try:
            worktree = await found(wish, self._place) or await create(wish, self._place)
        except (OSError, WorkspaceError) as error:
            raise WorkspaceError(_("workspace: {error}").format(error=storable(str(error)))) from error
        root = Path(os.path.realpath(worktree.root))
        self._open[root] = worktree
        return OpenWorkspace(
            root=root,
            isolation=WORKTREE,
            repository=storable(worktree.top),
            base=worktree.base,
            told=_told(worktree, root),
        )

    async def close(self, opened: OpenWorkspace) -> KeptWork | None:
        worktree = self._open.pop(opened.root, None)
        return await finish(worktree, self._place) if worktree is not None else None


def _told(worktree: Worktree, root: Path) -> str:
    return isolated_in(
        folder=str(root),
        checkout=str(Path(worktree.top, worktree.subfolder)),
        base=worktree.base,
        missing=worktree.missing,
        snapshot=worktree.snapshot,
    )


def place_for(project: Project, settings: Settings, clock: Clock, archive: Path) -> Place:
    """Where a project's worktrees are, by the rules that are set."""
    return Place(
        root=project.worktrees,
        archive=archive,
        now=clock.now,
        disposable=settings.worktree_disposable,
        archived=settings.worktree_archived_megabytes * 1_000_000,
    )


def wish_of(run: RunState, folder: Path) -> Wish:
    """What a run's worktree begins with: what was decided, or the branch that an earlier episode left."""
    kept = run.kept
    return Wish(
        folder=folder,
        run=run.id,
        agent=run.spec.agent,
        description=run.spec.description,
        base=Base(run.spec.base or Base.HEAD),
        branch=kept.branch if kept is not None else "",
        since=kept.base if kept is not None else "",
    )


async def refuse_impossible(folder: Path, base: str, run: Execute = execute) -> None:
    """Raises `SpawnRefused` with the reason where no worktree could be made for a run in this folder."""
    try:
        await starting_point(folder, Base(base), run)
    except WorkspaceError as error:
        raise SpawnRefused(storable(str(error))) from error
