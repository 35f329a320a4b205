"""A run's branch, put into one of the user's: whole or not at all, by the user's identity, without any hook.

What comes out is made in memory first. Only when it is there does the checkout go on to it, as `git merge --ff-only`
does it: git itself refuses to touch what the user has not committed, and does so before it touches anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import anyio.to_thread

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.committing import Message, commit_tree, look
from subagents.workspaces.git.output import NO_FIGURES, Figures, commit
from subagents.workspaces.git.program import HEADS, LONG, Execute, Git, execute
from subagents.workspaces.git.replaying import replay
from subagents.workspaces.git.repository import commit_of, is_in
from subagents.workspaces.git.three_way import three_way
from subagents.workspaces.putting_back.aside import undone_on_failure
from subagents.workspaces.putting_back.comparing import paths
from subagents.workspaces.putting_back.contribution import Contribution, checkout, tip_of
from subagents.workspaces.putting_back.how import How
from subagents.workspaces.worktrees.keeping import measured, unfinished_in
from subagents.workspaces.worktrees.proof import named


@dataclass(frozen=True, slots=True)
class Target:
    """A branch to merge into, where it stands, and whether it is the one that is checked out."""

    git: Git
    branch: str
    commit: str
    checked_out: bool

    @property
    def ref(self) -> str:
        return f"{HEADS}{self.branch}"


@dataclass(frozen=True, slots=True)
class Merged:
    """What it came to. Both commits are the same where `into` had it all; with `conflicts` nothing was changed."""

    branch: str
    into: str
    before: str
    after: str
    conflicts: tuple[str, ...] = ()
    commits: int = 0
    figures: Figures = NO_FIGURES


async def merge(
    contribution: Contribution,
    now: float,
    how: How = How.MERGE,
    *,
    into: str = "",
    anyway: bool = False,
    run: Execute = execute,
) -> Merged:
    """Merges its branch into what is checked out, or into the branch `into`. Raises `WorkspaceError` with the reason.

    Changes of tracked files are a reason not to, unless `anyway`; then git refuses only where the merge needs those.
    """
    repository = await checkout(contribution, run)
    target = await target_of(repository.git(run), into)
    tip = await tip_of(contribution, target.git)
    if target.checked_out:
        await _refuse_busy(target, repository.git_dir, contribution, anyway=anyway)
    merged = Merged(contribution.branch, target.branch, target.commit, target.commit)
    if await is_in(target.git, tip, target.commit):
        return merged
    if not await akin(target.git, tip, target.commit):
        raise WorkspaceError(strangers(contribution.branch, target.branch))
    after, conflicts = await _made(target, contribution, tip, how, now)
    if conflicts or after == target.commit:
        return replace(merged, conflicts=conflicts)
    await _go_on(target, after, contribution)
    commits, figures = await measured(target.git, target.commit, after)
    # The merge itself is none of the run's.
    commits -= how is How.MERGE
    return replace(merged, after=after, commits=commits, figures=figures)


async def akin(git: Git, one: str, other: str) -> bool:
    """Whether two commits have an ancestor in common."""
    return not (await git.answer("merge-base", one, other, fine=(0, 1))).code


def strangers(branch: str, into: str) -> str:
    sentence = _(
        "{branch} has no commit in common with {into}, so the two cannot be merged; look at it with: git log {branch}"
    )
    return sentence.format(branch=branch, into=into)


# --- where to


async def target_of(git: Git, into: str) -> Target:
    """Raises `WorkspaceError` for a branch that there is not, and for one that another checkout has."""
    here = await _checked_out(git)
    name = into or here
    if not name:
        sentence = _("No branch is checked out in {folder!r}; name the one to merge into with --into.")
        raise WorkspaceError(sentence.format(folder=str(git.folder)))
    if not (at := await commit_of(git, HEADS + name)):
        sentence = _("There is no branch {name!r} with a commit in {folder!r}; {branches}.")
        raise WorkspaceError(
            sentence.format(name=name, folder=str(git.folder), branches=await _existing(git))
        )
    if name != here and (elsewhere := await _where(git, name)):
        sentence = _("The branch {name} is checked out in {folder!r}; merge there: git merge BRANCH")
        raise WorkspaceError(sentence.format(name=name, folder=elsewhere))
    return Target(git, name, at, checked_out=name == here)


async def _checked_out(git: Git) -> str:
    """The branch; "" for none."""
    ref = (await git("symbolic-ref", "--quiet", "HEAD", fine=(0, 1))).decode(errors="surrogateescape")
    return ref.removesuffix("\n").removeprefix(HEADS)


async def _where(git: Git, branch: str) -> str:
    """The checkout that has it; "" for none."""
    found = await git("for-each-ref", "--format=%(worktreepath)", HEADS + branch)
    return storable(found.decode(errors="surrogateescape").removesuffix("\n"))


async def _existing(git: Git) -> str:
    listed = await git("for-each-ref", "--format=%(refname:lstrip=2)", "--count=10", HEADS)
    names = storable(listed.decode(errors="replace")).split("\n")[:-1]
    return _("there are {names}").format(names=", ".join(names))


async def _refuse_busy(target: Target, git_dir: Path, contribution: Contribution, *, anyway: bool) -> None:
    doing = await anyio.to_thread.run_sync(unfinished_in, git_dir)
    if doing:
        sentence = _("git is in the middle of {doing} in {folder!r}; finish or abort it first.")
        raise WorkspaceError(sentence.format(doing=doing, folder=str(target.git.folder)))
    changed = [] if anyway else [each.path for each in await look(target.git) if each.staged != "?"]
    if changed:
        sentence = _(
            "Changed in {folder!r} and not committed: {paths}. Commit or stash that first, merge --anyway, or take "
            "the work as uncommitted changes too: subagents worktrees apply {run}"
        )
        folder, run = str(target.git.folder), contribution.run
        raise WorkspaceError(sentence.format(folder=folder, paths=named(changed), run=run))


# --- what comes out


async def _made(
    target: Target, contribution: Contribution, tip: str, how: How, now: float
) -> tuple[str, tuple[str, ...]]:
    """The commit that the target is to go on to, or the paths that conflict."""
    if how is How.REBASE:
        replayed = await replay(target.git, target.commit, tip, contribution.message(now))
        return replayed.tip, replayed.conflicts
    found = await three_way(target.git, target.commit, tip)
    if found.conflicts:
        return "", found.conflicts
    return await _committed(target, contribution, tip, found.tree, how, now), ()


async def _committed(
    target: Target, contribution: Contribution, tip: str, tree: str, how: How, now: float
) -> str:
    if how is How.MERGE:
        line = f"Merge {contribution.branch}: {contribution.message(now).line}"
        return await commit_tree(target.git, tree, (target.commit, tip), contribution.message(now, line))
    if tree == commit(await target.git("rev-parse", f"{target.commit}^{{tree}}")):
        return target.commit
    return await commit_tree(target.git, tree, (target.commit,), contribution.message(now))


async def merged_in_memory(git: Git, ours: str, theirs: str, message: Message) -> tuple[str, tuple[str, ...]]:
    """The commit of a merge that nobody has, or the paths that conflict."""
    found = await three_way(git, ours, theirs)
    if found.conflicts:
        return "", found.conflicts
    return await commit_tree(git, found.tree, (ours, theirs), message), ()


# --- going on to it


async def _go_on(target: Target, after: str, contribution: Contribution) -> None:
    reason = f"subagents: merge {contribution.branch}"
    if not target.checked_out:
        await target.git("update-ref", "-m", reason, target.ref, after, target.commit)
        return
    options = ("--ff-only", "--no-overwrite-ignore", "--no-squash", "--no-autostash", "--no-stat", "--quiet")
    git = target.git.with_variables(GIT_REFLOG_ACTION=reason)
    changed = await paths(git, target.commit, after)
    try:
        # git looks before it writes; but a disk may be full, or a folder read-only.
        with undone_on_failure(git.folder, changed):
            await git("merge", *options, "--no-verify-signatures", after, seconds=LONG)
    except (OSError, GitFailed) as error:
        said = error.said if isinstance(error, GitFailed) and error.said else str(error)
        sentence = _("{branch} was not merged, and {into} is as it was: {said}")
        words = {"branch": contribution.branch, "into": target.branch, "said": storable(said)}
        raise WorkspaceError(sentence.format(**words)) from error
