"""What a kept folder holds, onto its branch: as `git add --all && git commit` in it would, without hooks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.committing import (
    add_all,
    commit_tree,
    look_and_head,
    unhide,
    unmerged,
    write_tree,
)
from subagents.workspaces.git.output import NO_FIGURES, Figures, commit
from subagents.workspaces.git.program import HEADS, Execute, Git, execute
from subagents.workspaces.git.repository import commit_of, head_of, is_in
from subagents.workspaces.putting_back.contribution import Contribution
from subagents.workspaces.worktrees.drivers import drivers
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.keeping import keep, measured, prepare, staged_alone, unfinished
from subagents.workspaces.worktrees.ownership import Worktree, note
from subagents.workspaces.worktrees.proof import named
from subagents.workspaces.worktrees.snapshot import publish


@dataclass(frozen=True, slots=True)
class Committed:
    """Where the branch is now; `before` is the same where the folder had nothing new. "" is no commit, or no branch."""

    branch: str
    before: str
    after: str
    commits: int = 0
    figures: Figures = NO_FIGURES


async def recommit(
    contribution: Contribution, now: float, line: str = "", run: Execute = execute
) -> Committed:
    """Raises `WorkspaceError` where there is no folder, or somebody works in it.

    What git's settings tell it to run now is what the person who asks for this lets it run.
    """
    async with held(_kept(contribution)) as known:
        return await recommit_held(replace(contribution, worktree=known), now, line, run)


async def recommit_held(
    contribution: Contribution, now: float, line: str = "", run: Execute = execute
) -> Committed:
    """The same for whoever holds its worktree already."""
    worktree = _kept(contribution)
    worktree = await note(worktree, drivers=await drivers(worktree.repository_git(run)))
    git = worktree.repository_git(run)
    at = await commit_of(git, HEADS + worktree.branch) if worktree.branch else ""
    if not at or at != worktree.tip:
        return await _first(worktree, line, now, run)
    await anyio.to_thread.run_sync(prepare, worktree)
    if several := await unmerged(worktree.git(run)):
        sentence = _(
            "git has more than one version of {paths} in {folder!r}; settle that first (git add, git rm)."
        )
        raise WorkspaceError(sentence.format(paths=named(several), folder=str(worktree.tree)))
    after = await _on_top(worktree, contribution, at, line, now, run)
    if after == at:
        return Committed(worktree.branch, at, at)
    await git("update-ref", "-m", f"subagents: run {worktree.run}", HEADS + worktree.branch, after, at)
    await note(worktree, tip=after)
    await _move(worktree, after, run)
    return Committed(worktree.branch, at, after, *await measured(git, worktree.base, after))


def _kept(contribution: Contribution) -> Worktree:
    worktree, run = contribution.worktree, contribution.run
    if worktree is None or contribution.folder is None:
        where = contribution.branch or _("nothing was changed")
        sentence = _(
            "Run {run} has no folder (any more), so there is nothing to commit; its branch: {where}."
        )
        raise WorkspaceError(sentence.format(run=run, where=where))
    if contribution.in_use:
        sentence = _("Run {run} is at work in {folder!r}; what it did goes to its branch when it ends.")
        raise WorkspaceError(sentence.format(run=run, folder=str(worktree.tree)))
    if doing := unfinished(worktree):
        sentence = _("git is in the middle of {doing} in {folder!r}; finish or abort it first.")
        raise WorkspaceError(sentence.format(doing=doing, folder=str(worktree.tree)))
    return worktree


async def _first(worktree: Worktree, line: str, now: float, run: Execute) -> Committed:
    """On no branch yet, or that was changed by somebody else: then the work gets one as at the end of a run."""
    _noted, work = await keep(worktree, run, line, now)
    return Committed(work.branch, "", work.tip, work.commits, work.figures)


async def _on_top(
    worktree: Worktree, contribution: Contribution, at: str, line: str, now: float, run: Execute
) -> str:
    git = worktree.git(run)
    head = await head_of(git)
    await unhide(git)
    message = contribution.message(now, line)
    # What was committed there by hand comes along.
    parents: tuple[str, ...] = (at,) if not head or await is_in(git, head, at) else (at, head)
    looked = await look_and_head(git)
    if await staged_alone(git, looked):
        parents = (await commit_tree(git, await write_tree(git), parents, message.as_staged),)
        at = parents[0]
    await add_all(git, looked.changes)
    tree = await write_tree(git)
    if len(parents) == 1 and tree == commit(await git("rev-parse", f"{at}^{{tree}}")):
        return at
    after = await commit_tree(git, tree, parents, message)
    if worktree.snapshot:
        await publish(worktree, git, after)
    return after


async def _move(worktree: Worktree, after: str, run: Execute) -> None:
    """The folder stands at the new commit too, so that nothing in it looks as if it were changed."""
    git: Git = worktree.git(run)
    await git("update-ref", "--no-deref", "HEAD", after)
    await anyio.to_thread.run_sync(shutil.copy2, worktree.index, Path(worktree.git_dir, "index"))
