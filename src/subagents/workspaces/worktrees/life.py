"""The life of a worktree: made by `create`, and at the end of its run `finish`ed, which keeps all that was done."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio.to_thread
from msgspec.structs import replace

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.runs.kept import KeptWork
from subagents.texts import shortened, storable
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.keeping import Work, keep, with_work
from subagents.workspaces.worktrees.leftovers import archive, leftovers_of
from subagents.workspaces.worktrees.ownership import Stage, Worktree, note, noted
from subagents.workspaces.worktrees.placing import Place, Wish, create
from subagents.workspaces.worktrees.proof import doubts
from subagents.workspaces.worktrees.removing import move_back, remove, remove_if_proven

__all__ = ["Place", "Wish", "Worktree", "create", "finish", "finish_held"]


async def finish(worktree: Worktree, place: Place, description: str = "") -> KeptWork:
    """Keeps what was done in it, and removes it when nothing would be lost. Never raises, but for cancellation.

    May be called again after a crash or a cancellation at any point, and when all is gone.
    """
    try:
        async with held(worktree) as known:
            return await finish_held(known or worktree, place, description)
    except (OSError, WorkspaceError) as error:
        return await anyio.to_thread.run_sync(_untouched, worktree, _said(error))


def _untouched(worktree: Worktree, why: str) -> KeptWork:
    return replace(_known(worktree), preserved=str(worktree.tree) if worktree.there else "", why=why)


def _said(error: Exception) -> str:
    return shortened(storable(str(error)))


def _known(worktree: Worktree) -> KeptWork:
    return KeptWork(repository=storable(worktree.top), base=worktree.base, branch=worktree.branch)


async def finish_held(worktree: Worktree, place: Place, description: str = "") -> KeptWork:
    """The same for whoever holds it already."""
    kept = _known(worktree)
    try:
        await anyio.to_thread.run_sync(_recorded_again, worktree)
        kept = await _finished(worktree, place, description, kept)
    except (OSError, WorkspaceError) as error:
        kept = await anyio.to_thread.run_sync(_stays, worktree, kept, _said(error))
    if kept.preserved:
        await _unlock(worktree, place)
    return kept


def _recorded_again(worktree: Worktree) -> None:
    """Somebody deleted what we had written down, and git still knows of work there."""
    if not worktree.file.exists() and Path(worktree.git_dir).is_dir():
        noted(worktree)


async def _unlock(worktree: Worktree, place: Place) -> None:
    """Nobody is in it any more: git may be asked to remove it, by who knows what is in it."""
    with suppress(WorkspaceError):
        await worktree.repository_git(place.execute)("worktree", "unlock", str(worktree.tree))


async def _finished(worktree: Worktree, place: Place, description: str, kept: KeptWork) -> KeptWork:
    if not worktree.worked_in:
        await remove(worktree, place.execute)
        return kept
    if not await anyio.to_thread.run_sync(_there, worktree):
        return await _without_folder(worktree, place, description, kept)
    worktree, work = await keep(worktree, place.execute, description, place.now())
    kept = _told(kept, work)
    try:
        worktree = await _archived(worktree, place, work)
        kept = replace(kept, archived=worktree.archive)
        prove = partial(_doubts, worktree, work, place)
        if found := await remove_if_proven(worktree, prove, place.execute):
            return _stays(worktree, kept, "; ".join(found))
    except (OSError, WorkspaceError) as error:
        return await anyio.to_thread.run_sync(_stays, worktree, kept, _said(error))
    return kept


async def _doubts(worktree: Worktree, work: Work, place: Place, folder: Path) -> tuple[str, ...]:
    return await doubts(worktree, folder, work, place.disposable, place.execute)


def _told(kept: KeptWork, work: Work) -> KeptWork:
    return replace(with_work(kept, work.branch, work.commits, work.figures), dropped=work.dropped)


def _there(worktree: Worktree) -> bool:
    """Whether there is a folder; one that was aside when somebody died comes back."""
    if not worktree.tree.exists():
        move_back(worktree)
    return worktree.there


async def _without_folder(worktree: Worktree, place: Place, description: str, kept: KeptWork) -> KeptWork:
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


async def _archived(worktree: Worktree, place: Place, work: Work) -> Worktree:
    """The worktree with its archive, where there is something to be kept in one."""
    git = worktree.git(place.execute)
    found = await leftovers_of(worktree, git, worktree.tree, work.nested, place.disposable)
    if not found.files or found.repositories:
        return worktree
    target = place.archive / worktree.run
    await anyio.to_thread.run_sync(archive, worktree.tree, found.files, target, place.archived)
    return await note(worktree, archive=str(target))


def _stays(worktree: Worktree, kept: KeptWork, why: str) -> KeptWork:
    """The folder is back in its place, and its record says why."""
    try:
        if not worktree.tree.exists():
            move_back(worktree)
        if worktree.file.exists() and worktree.there:
            noted(worktree, stage=Stage.KEPT, why=why)
    except (OSError, WorkspaceError) as error:
        why = f"{why}; {_said(error)}"
    # A path is told only of what is there.
    left = next(
        (folder for folder in (worktree.tree, worktree.aside) if folder.is_dir() and not folder.is_symlink()),
        None,
    )
    return replace(kept, preserved=str(left) if left is not None else "", why=why)
