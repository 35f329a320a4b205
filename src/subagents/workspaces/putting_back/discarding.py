"""Throwing a run's work away so that it can be had back: what its folder holds is committed first, and that told.

Only what git cannot hold is lost for good: ignored files that are in no archive, and repositories inside the folder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import anyio.to_thread

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.committing import look_and_head
from subagents.workspaces.git.program import HEADS, Execute, Git
from subagents.workspaces.git.repository import commit_of
from subagents.workspaces.putting_back.contribution import Contribution, checkout
from subagents.workspaces.putting_back.recommitting import recommit_held
from subagents.workspaces.worktrees.dropped import ref_of
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.leftovers import Leftovers, is_archived, leftovers_of
from subagents.workspaces.worktrees.ownership import Stage, Worktree, note
from subagents.workspaces.worktrees.placing import Place
from subagents.workspaces.worktrees.removing import remove
from subagents.workspaces.worktrees.scratch import scratch_of, tree_of

NOTHING_LEFT = Leftovers((), ())


@dataclass(frozen=True, slots=True)
class Discarded:
    """`tip` is the commit that had it all, under `branch`; both are "" where there was none. `folder` is the one that
    went, "" for none. `dropped` is the commit with those that the agent had left, which `ref` kept, "" for none."""

    branch: str = ""
    tip: str = ""
    folder: str = ""
    ref: str = ""
    dropped: str = ""

    @property
    def anything(self) -> bool:
        return bool(self.tip or self.folder or self.dropped)


async def lost_with(contribution: Contribution, place: Place) -> Leftovers:
    """What would be lost for good. Raises `WorkspaceError` where that cannot be told."""
    worktree = contribution.worktree
    if worktree is None or contribution.folder is None:
        return NOTHING_LEFT
    with scratch_of(worktree, place.execute) as git:
        await tree_of(worktree, git)
        found = await leftovers_of(
            worktree, git, worktree.tree, (await look_and_head(git)).nested, place.disposable
        )
    return await anyio.to_thread.run_sync(_unarchived, worktree, found) if worktree.archive else found


def _unarchived(worktree: Worktree, found: Leftovers) -> Leftovers:
    archive = Path(worktree.archive)
    files = (path for path in found.files if not is_archived(worktree.tree / path, archive / path))
    return Leftovers(tuple(files), found.repositories)


async def discard(contribution: Contribution, place: Place) -> Discarded:
    """Deletes its branch and its folder. Raises `WorkspaceError`; then what is still there is there as it was."""
    if contribution.worktree is None:
        return await _discard(contribution, place)
    async with held(contribution.worktree) as known:
        return await _discard(replace(contribution, worktree=known), place)


async def _discard(contribution: Contribution, place: Place) -> Discarded:
    if contribution.in_use:
        sentence = _("Run {run} is at work in its folder; stop it first: subagents stop {run}")
        raise WorkspaceError(sentence.format(run=contribution.run))
    git, branch = await _git(contribution, place.execute), contribution.branch
    await _refuse_checked_out(git, branch)
    if contribution.folder is not None:
        # The branch may have another name then, if somebody else went on with the one it had.
        branch = (await recommit_held(contribution, place.now(), run=place.execute)).branch or branch
        await _refuse_checked_out(git, branch)
    tip = await commit_of(git, HEADS + branch) if branch else ""
    folder = await _without_folder(contribution.worktree, place)
    if tip:
        await git("update-ref", "-m", f"subagents: discard {branch}", "-d", HEADS + branch, tip)
    ref = ref_of(contribution.agent, contribution.run)
    if dropped := await commit_of(git, ref):
        await git("update-ref", "-m", f"subagents: discard {branch}", "-d", ref, dropped)
    return Discarded(branch if tip else "", tip, folder, ref, dropped)


async def _git(contribution: Contribution, run: Execute) -> Git:
    if contribution.worktree is not None:
        return contribution.worktree.repository_git(run)
    return (await checkout(contribution, run)).git(run)


async def _refuse_checked_out(git: Git, branch: str) -> None:
    if not branch:
        return
    found = await git("for-each-ref", "--format=%(worktreepath)", HEADS + branch)
    if where := storable(found.decode(errors="surrogateescape").removesuffix("\n")):
        sentence = _("The branch {branch} is checked out in {folder!r}; change to another one there first.")
        raise WorkspaceError(sentence.format(branch=branch, folder=where))


async def _without_folder(worktree: Worktree | None, place: Place) -> str:
    if worktree is None or not worktree.file.exists():
        return ""
    there = worktree.there
    try:
        # Whoever asked for this has been told what goes with it, so there is nothing to prove.
        await remove(await note(worktree, stage=Stage.PROVEN), place.execute)
    except (OSError, GitFailed) as error:
        sentence = _("{folder!r} could not be removed ({error}); `subagents worktrees gc` goes on with it.")
        raise WorkspaceError(
            sentence.format(folder=str(worktree.tree), error=storable(str(error)))
        ) from error
    return str(worktree.tree) if there else ""
