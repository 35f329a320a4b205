"""The user's uncommitted work as a commit, taken without a trace in their checkout.

Its objects go to a directory of ours that has the repository as its alternate, its index is a copy. The worktree
itself is checked out at the user's own commit, and the rest lies in it as uncommitted files, as it does with them: so
whoever looks at the repository, `git gc` too, meets no commit that is not in it.
"""

from __future__ import annotations

import os
from pathlib import Path

import anyio.to_thread

from subagents.workspaces.git.committing import Message, add_all, commit_tree, copy_index, write_tree
from subagents.workspaces.git.output import commit, joined
from subagents.workspaces.git.program import LONG, Execute, Git
from subagents.workspaces.git.repository import Repository
from subagents.workspaces.worktrees.ownership import Worktree, forget_index, note

MESSAGE = "Uncommitted work that this began with"


async def take(worktree: Worktree, repository: Repository, run: Execute) -> Worktree:
    """The worktree with the snapshot as its base; with its commit when there is nothing uncommitted."""
    await anyio.to_thread.run_sync(_prepare, worktree, repository)
    git = repository.git(run).writing_to(worktree.objects).with_index(worktree.index)
    await add_all(git)
    tree = await write_tree(git)
    forget_index(worktree)
    if tree == commit(await git("rev-parse", f"{worktree.head}^{{tree}}")):
        return worktree
    snapped = await commit_tree(git, tree, (worktree.head,), Message(MESSAGE, "", worktree.made_at))
    return await note(worktree, base=snapped, snapped=snapped)


def _prepare(worktree: Worktree, repository: Repository) -> None:
    worktree.objects.mkdir(mode=0o700)
    copy_index(repository.git_dir, worktree.index)


async def lay_out(worktree: Worktree, run: Execute) -> None:
    """Puts the snapshot's files into the tree, through the repository's own filters; no index but ours knows of it."""
    git = worktree.git(run)
    await git("read-tree", worktree.snapped)
    rows = (await _difference(git, worktree)).split(b"\0")
    pairs = list(zip(rows[::2], rows[1::2], strict=False))
    gone = [name for kind, name in pairs if kind == b"D"]
    await anyio.to_thread.run_sync(_delete, worktree.tree, [os.fsdecode(name) for name in gone])
    there = [os.fsdecode(name) for kind, name in pairs if kind not in (b"D", b"")]
    if there:
        await git("checkout-index", "--force", "-z", "--stdin", stdin=joined(there), seconds=LONG)
    forget_index(worktree)


async def _difference(git: Git, worktree: Worktree) -> bytes:
    return await git(
        *("diff-tree", "-r", "-z", "--name-status", "--no-renames", "--no-ext-diff"),
        worktree.head,
        worktree.snapped,
    )


def _delete(tree: Path, paths: list[str]) -> None:
    for path in paths:
        (tree / path).unlink(missing_ok=True)


async def publish(worktree: Worktree, git: Git, tip: str) -> None:
    """Makes the snapshot's objects that `tip` needs part of the repository, in one pack: a branch is to hold them."""
    wanted = f"{tip}\n^{worktree.head}\n".encode()
    pack = Path(worktree.common, "objects", "pack", "pack")
    await git("pack-objects", "--revs", "-q", str(pack), stdin=wanted, seconds=LONG)
