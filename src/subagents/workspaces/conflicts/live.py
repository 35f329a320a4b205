"""A working tree as it is at this moment, as a commit that nobody but us sees.

Nothing of the tree is touched: git works on a copy of its index, and writes into an object directory of ours that has
the repository as its alternate. The copy is kept for the next look, with what git has learnt of the files' times: what
is in the tree's own index is as old as the checkout, and git reads each file anew that was written in the same second.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from subagents.workspaces.git.committing import OURS, write_tree
from subagents.workspaces.git.output import Change, changes, commit, head_in, joined
from subagents.workspaces.git.program import HEADS, LONG, Git
from subagents.workspaces.git.repository import Repository, commit_of, head_of, is_in
from subagents.workspaces.git.starting import STATUS_AND_HEAD
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.scratch import Scratch

#: The same state makes the same commit, whenever it is looked at.
_AT = "1000000000 +0000"
NOBODY = {**OURS, "GIT_AUTHOR_DATE": _AT, "GIT_COMMITTER_DATE": _AT}


@dataclass(frozen=True, slots=True)
class LiveTree:
    """Where a tree is, and what git keeps for it; `objects` are more directories that its commits may be in. `begun` is
    the commit with the user's uncommitted work that it began with, "" where it began with a commit of theirs."""

    top: Path
    git_dir: Path
    common: Path
    objects: tuple[Path, ...] = ()
    begun: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a tree. `commit` has all that lay there and is not ignored; its parent is `head`, what was checked
    out. Both are the same where there was nothing uncommitted."""

    of: LiveTree
    head: str
    commit: str


def of_worktree(worktree: Worktree) -> LiveTree:
    """The tree of a run, by what was written down of it: the agent may write what stands in the tree itself."""
    objects = (worktree.objects,) if worktree.snapshot else ()
    return LiveTree(worktree.tree, Path(worktree.git_dir), Path(worktree.common), objects, worktree.snapped)


def of_repository(repository: Repository) -> LiveTree:
    return LiveTree(repository.top, repository.git_dir, repository.common)


def git_for(scratch: Scratch, *trees: LiveTree) -> Git:
    """git for the first of the trees, which sees the objects of all of them and writes to the scratch folder."""
    first = trees[0]
    others = (place for tree in trees for place in tree.objects)
    git = Git(first.git_dir, first.common, first.top, execute=scratch.run)
    return git.writing_to(scratch.objects, *others).with_variables(**NOBODY)


async def snapshot(tree: LiveTree, scratch: Scratch) -> Snapshot:
    """The tree as it is now. Raises `WorkspaceError` and `OSError`, also where a file went away meanwhile."""
    await anyio.to_thread.run_sync(scratch.prepare)
    name = f"{hash(tree) & 0xFFFFFFFF:08x}"
    known = await anyio.to_thread.run_sync(_known, tree.git_dir / "index", scratch.folder, name)
    # In a folder of its own: a git that is ended while it writes leaves its lock beside the index.
    with TemporaryDirectory(prefix="index-", dir=scratch.folder) as folder:
        return await _taken(tree, git_for(scratch, tree), known, Path(folder, "index"))


async def head_snapshot(tree: LiveTree, scratch: Scratch) -> Snapshot:
    """Only what is committed there."""
    await anyio.to_thread.run_sync(scratch.prepare)
    head = await head_of(git_for(scratch, tree))
    return Snapshot(tree, head, head)


async def branch_snapshot(tree: LiveTree, branch: str, scratch: Scratch) -> Snapshot | None:
    """What a branch of the repository holds; None where there is none."""
    await anyio.to_thread.run_sync(scratch.prepare)
    tip = await commit_of(git_for(scratch, tree), HEADS + branch)
    return Snapshot(tree, tip, tip) if tip else None


async def contains(whole: Snapshot, part: Snapshot, scratch: Scratch) -> bool:
    """Whether the one has all that is committed of the other in its history, and there is nothing else of that."""
    if part.commit != part.head:
        return False
    git = git_for(scratch, whole.of, part.of)
    return await is_in(git, part.head, whole.head)


async def _taken(tree: LiveTree, git: Git, known: Path, staging: Path) -> Snapshot:
    # One start of git for both: starting it five times is most of what a small tree costs. It may write what it learns.
    looking = git.with_index(known).with_variables(GIT_OPTIONAL_LOCKS="1")
    said = await looking(*STATUS_AND_HEAD, seconds=LONG)
    head, changed = head_in(said), [change for change in changes(said) if not change.nested]
    if not head or not (changed or tree.begun):
        return Snapshot(tree, head, head)
    await anyio.to_thread.run_sync(_copied, known, staging)
    git = git.with_index(staging)
    await _stage(git, changed)
    parents = [head, *([await _common_beginning(git, tree.begun)] if tree.begun else [])]
    made = await _commit(git, await write_tree(git), parents)
    return Snapshot(tree, head, made)


async def _common_beginning(git: Git, begun: str) -> str:
    """The same commit for all trees that began with the same uncommitted work: what they have in common by it is no
    change of theirs."""
    return await _commit(git, f"{begun}^{{tree}}", [f"{begun}^"])


async def _commit(git: Git, tree: str, parents: Iterable[str]) -> str:
    options = [part for parent in parents for part in ("-p", parent)]
    return commit(await git("commit-tree", tree, *options, "-m", "as it is now"))


async def _stage(git: Git, changed: Iterable[Change]) -> None:
    """Only what status named, so that the tree is gone through once."""
    loose = [change for change in changed if change.unstaged != "."]
    gone = [change.path for change in loose if change.unstaged == "D"]
    there = [change.path for change in loose if change.unstaged != "D"]
    if gone:
        # By force: a folder that became a link would refuse to be left.
        await git("update-index", "--force-remove", "-z", "--stdin", stdin=joined(gone))
    if there:
        options = ("--add", "--remove", "--replace")
        await git("update-index", *options, "-z", "--stdin", stdin=joined(there), seconds=LONG)


def _known(index: Path, folder: Path, name: str) -> Path:
    """Our copy of a tree's index: that of an earlier look while the tree has the same one. It is called by what tells
    one from the next, for git never writes into an index but puts another in its place."""
    try:
        found = index.stat()
        stamp = f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"
    except FileNotFoundError:
        stamp = "none"
    known = folder / f"{name}.{stamp}.known"
    if not known.exists():
        for older in folder.glob(f"{name}.*.known*"):
            older.unlink(missing_ok=True)
        half = folder / f"{name}.half"
        _copied(index, half)
        if half.exists():
            half.replace(known)
    # A git that was ended while it wrote what it had learnt leaves its lock.
    known.with_name(f"{known.name}.lock").unlink(missing_ok=True)
    return known


def _copied(index: Path, copy: Path) -> None:
    """With its time, by which git tells files that changed in the moment that the index was written."""
    if os.path.lexists(index):
        shutil.copy2(index, copy)
