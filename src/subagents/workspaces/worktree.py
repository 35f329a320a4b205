"""The life of a worktree: made by `create`, and at the end of its run `finish`ed, which keeps all that was done."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.base import Kept
from subagents.workspaces.keeping import Work, keep
from subagents.workspaces.leftovers import archive
from subagents.workspaces.ownership import Stage, Worktree, note, noted
from subagents.workspaces.placing import Place, Wish, create
from subagents.workspaces.proof import doubts, left_in
from subagents.workspaces.removing import move_back, remove, remove_if_proven

__all__ = ["Kept", "Place", "Wish", "Worktree", "create", "finish"]


async def finish(worktree: Worktree, place: Place, description: str = "") -> Kept:
    """Keeps what was done in it, and removes it when nothing would be lost. Never raises, but for cancellation.

    May be called again after a crash or a cancellation at any point, and when all is gone.
    """
    kept = Kept(repository=storable(worktree.top), base=worktree.base, branch=worktree.branch)
    try:
        kept = await _finished(worktree, place, description, kept)
    except (OSError, WorkspaceError) as error:
        kept = await anyio.to_thread.run_sync(_stays, worktree, kept, storable(str(error)))
    if kept.preserved:
        await _unlock(worktree, place)
    return kept


async def _unlock(worktree: Worktree, place: Place) -> None:
    """Nobody is in it any more: git may be asked to remove it, by who knows what is in it."""
    with suppress(WorkspaceError):
        await worktree.repository_git(place.execute)("worktree", "unlock", str(worktree.tree))


async def _finished(worktree: Worktree, place: Place, description: str, kept: Kept) -> Kept:
    if not worktree.worked_in:
        await remove(worktree, place.execute)
        return kept
    if not await anyio.to_thread.run_sync(_there, worktree):
        return await _without_folder(worktree, place, description, kept)
    worktree, work = await keep(worktree, place.execute, description, place.now())
    kept = _told(kept, work)
    try:
        worktree = await _archived(worktree, place)
        kept = replace(kept, archived=worktree.archive)
        prove = partial(_doubts, worktree, work, place)
        if found := await remove_if_proven(worktree, prove, place.execute):
            return _stays(worktree, kept, "; ".join(found))
    except (OSError, WorkspaceError) as error:
        return await anyio.to_thread.run_sync(_stays, worktree, kept, storable(str(error)))
    return kept


async def _doubts(worktree: Worktree, work: Work, place: Place, folder: Path) -> tuple[str, ...]:
    return await doubts(worktree, folder, work, place.disposable, place.execute)


def _told(kept: Kept, work: Work) -> Kept:
    size = work.figures
    return replace(
        kept,
        branch=work.branch,
        commits=work.commits,
        files=size.files,
        insertions=size.insertions,
        deletions=size.deletions,
    )


def _there(worktree: Worktree) -> bool:
    """Whether there is a folder; one that was aside when somebody died comes back."""
    if not worktree.tree.exists():
        move_back(worktree)
    return worktree.tree.is_dir()


async def _without_folder(worktree: Worktree, place: Place, description: str, kept: Kept) -> Kept:
    """Somebody deleted it by hand. What was committed there is still known to git, and gets its branch."""
    if Path(worktree.git_dir).is_dir():
        worktree, work = await keep(worktree, place.execute, description, place.now())
        kept = _told(kept, work)
    elif worktree.file.exists():
        # Our own removal ends with the record.
        why = _("its folder is gone and git has no {folder} any more, so it is not known what was done in it")
        kept = replace(kept, why=why.format(folder=storable(worktree.git_dir)))
    await remove(worktree, place.execute)
    return kept


async def _archived(worktree: Worktree, place: Place) -> Worktree:
    """The worktree with its archive, where there is something to be kept in one."""
    found = await left_in(worktree, worktree.tree, place.disposable, place.execute)
    if not found.files or found.repositories:
        return worktree
    target = place.archive / worktree.run
    await anyio.to_thread.run_sync(archive, worktree.tree, found.files, target, place.archived)
    return await note(worktree, archive=str(target))


def _stays(worktree: Worktree, kept: Kept, why: str) -> Kept:
    """The folder is back in its place, and its record says why."""
    try:
        if not worktree.tree.exists():
            move_back(worktree)
        if worktree.file.exists() and worktree.tree.is_dir():
            noted(worktree, stage=Stage.KEPT, why=why)
    except (OSError, WorkspaceError) as error:
        why = f"{why}; {storable(str(error))}"
    # A path is told only of what is there.
    left = next((folder for folder in (worktree.tree, worktree.aside) if folder.is_dir()), None)
    return replace(kept, preserved=str(left) if left is not None else "", why=why)
