"""A run's work as uncommitted changes of the checkout that it was started in: all of it, or nothing.

The user's files as they are now and the run's are merged in memory. What that changes becomes one patch, exact to the
byte, which git checks against every file before it writes the first; should writing fail, the files are put back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.committing import Message, commit_tree, copy_index, write_tree
from subagents.workspaces.git.output import joined, names
from subagents.workspaces.git.program import LONG, Execute, Git, execute
from subagents.workspaces.git.repository import Repository
from subagents.workspaces.git.three_way import three_way
from subagents.workspaces.putting_back.aside import refuse_in_the_way, undone_on_failure
from subagents.workspaces.putting_back.comparing import AS_MANY, PLAIN, paths
from subagents.workspaces.putting_back.contribution import Contribution, checkout, tip_of
from subagents.workspaces.worktrees.scratch import index_of, scratch

EXACT = ("--binary", "--full-index", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
AS_IT_IS = ("--whitespace=nowarn", "--no-ignore-whitespace")


@dataclass(frozen=True, slots=True)
class Applied:
    """The paths that were changed, none where all was there already; with `conflicts` nothing was changed."""

    paths: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


async def apply(contribution: Contribution, now: float, run: Execute = execute) -> Applied:
    """Raises `WorkspaceError` with the reason why nothing was changed."""
    repository = await checkout(contribution, run)
    git = repository.git(run)
    tip = await tip_of(contribution, git)
    touched = await paths(git, contribution.base, tip)
    with scratch(git) as ours:
        message = contribution.message(now)
        start = await _files_now(repository, ours, contribution.base, touched, message)
        end = await _alone(ours, f"{tip}^{{tree}}", contribution.base, message)
        found = await three_way(ours, start, end)
        if found.conflicts:
            return Applied(conflicts=found.conflicts)
        changed = await paths(ours, start, found.tree)
        new = names(await ours(*PLAIN, *AS_MANY, "--diff-filter=A", "--name-only", "-z", start, found.tree))
        patch = await ours(*PLAIN, *EXACT, start, found.tree, "--", seconds=LONG)
    if patch:
        await _written(git, repository.top, patch, changed, new)
    return Applied(changed)


async def _files_now(
    repository: Repository, git: Git, base: str, touched: tuple[str, ...], message: Message
) -> str:
    """The user's files as a commit in memory: what is tracked, and what else stands where something is to go."""
    await anyio.to_thread.run_sync(copy_index, repository.git_dir, index_of(git))
    await git("add", "--update", "--sparse", seconds=LONG)
    in_place = await anyio.to_thread.run_sync(_files, repository, touched)
    if in_place:
        options = ("--force", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul")
        await git("add", *options, stdin=joined(in_place), seconds=LONG)
    return await commit_tree(git, await write_tree(git), (base,), message)


def _files(repository: Repository, touched: tuple[str, ...]) -> tuple[str, ...]:
    """Those paths that are files or links; nothing is looked for behind a link."""
    folders: dict[str, bool] = {}

    def within(path: str) -> bool:
        folder, _slash, _name = path.rpartition("/")
        if folder not in folders:
            real = os.path.realpath(repository.top / folder)
            folders[folder] = real == str(repository.top / folder) if folder else True
        return folders[folder]

    return tuple(each for each in touched if within(each) and _is_file(repository, each))


def _is_file(repository: Repository, path: str) -> bool:
    there = repository.top / path
    return there.is_symlink() or there.is_file()


async def _alone(git: Git, tree: str, base: str, message: Message) -> str:
    """A tree as the one commit after `base`, so that this is what both sides have in common."""
    found = (await git("rev-parse", "--verify", tree)).decode().strip()
    return await commit_tree(git, found, (base,), message)


async def _written(git: Git, top: Path, patch: bytes, changed: tuple[str, ...], new: tuple[str, ...]) -> None:
    # git looks at every file before it writes the first, but not whether a folder is in the way, or a disk full.
    await anyio.to_thread.run_sync(refuse_in_the_way, top, new)
    try:
        with undone_on_failure(top, changed):
            await git("apply", *AS_IT_IS, stdin=patch, seconds=LONG)
    except (OSError, GitFailed) as error:
        said = error.said if isinstance(error, GitFailed) and error.said else str(error)
        sentence = _("Nothing was applied to {folder!r}: {said}")
        raise WorkspaceError(sentence.format(folder=str(top), said=storable(said))) from error
