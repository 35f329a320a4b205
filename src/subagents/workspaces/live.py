"""A working tree as it is at this moment, as a commit that nobody but us sees.

Nothing of the tree is touched: git works on a copy of its index, and writes into an object directory of ours that has
the repository as its alternate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from subagents.workspaces.committing import EMAIL, NAME, copy_index, write_tree
from subagents.workspaces.git import HEADS, LONG, Git
from subagents.workspaces.git_output import Change, changes, commit, joined
from subagents.workspaces.ownership import Worktree
from subagents.workspaces.repository import Repository, commit_of, head_of
from subagents.workspaces.scratch import Scratch
from subagents.workspaces.starting import STATUS

#: The same state makes the same commit, whenever it is looked at.
NOBODY = {
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
       (("NAME", NAME), ("EMAIL", EMAIL), ("DATE", "1000000000 +0000"))}
}  # fmt: skip


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
    # In a folder of its own: a git that is ended while it writes leaves its lock beside the index.
    with TemporaryDirectory(prefix="index-", dir=scratch.folder) as folder:
        index = Path(folder, "index")
        await anyio.to_thread.run_sync(copy_index, tree.git_dir, index)
        return await _taken(tree, git_for(scratch, tree).with_variables(GIT_INDEX_FILE=str(index)))


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
    return not (await git.answer("merge-base", "--is-ancestor", part.head, whole.head, fine=(0, 1))).code


async def _taken(tree: LiveTree, git: Git) -> Snapshot:
    # One start of git for both: starting it five times is most of what a small tree costs.
    said = await git(*STATUS, "--branch", seconds=LONG)
    head, changed = head_in(said), [change for change in changes(said) if not change.nested]
    if not head or not (changed or tree.begun):
        return Snapshot(tree, head, head)
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


def head_in(status: bytes) -> str:
    """The commit in what `git status --porcelain=v2 --branch -z` says; "" before the first."""
    said = next((each for each in status.split(b"\0", 4) if each.startswith(b"# branch.oid ")), b"")
    oid = said.removeprefix(b"# branch.oid ").decode()
    return "" if oid == "(initial)" else oid


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
