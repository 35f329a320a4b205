"""Removing a worktree: two steps, each written down before it is begun, so that it can be gone on with after a crash.

The folder is first moved aside, and only what lies there is proven and deleted; then git forgets the tree. The folder
that holds it is opened once, by its own name, and all that happens, happens in what was opened: a link that takes its
place leads nowhere. Nothing here deletes what is not known to be a worktree of ours.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.program import LONG, Execute
from subagents.workspaces.worktrees.entry import put_right
from subagents.workspaces.worktrees.ownership import Stage, Worktree, note, removed

Prove = Callable[[Path], Awaitable[tuple[str, ...]]]


async def remove_if_proven(worktree: Worktree, prove: Prove, run: Execute) -> tuple[str, ...]:
    """Removes it when `prove` has no doubt of what lies aside; else it is back in its place, and the doubts are told.

    Raises `WorkspaceError` or `OSError` when a step failed; it can be tried again.
    """
    worktree = await note(worktree, stage=Stage.REMOVING)
    move_aside(worktree)
    if found := await prove(worktree.aside):
        move_back(worktree)
        return found
    await remove(await note(worktree, stage=Stage.PROVEN), run)
    return ()


async def remove(worktree: Worktree, run: Execute) -> None:
    """Deletes the folder, lets git forget it, and then its record. Only for what is proven, or nobody worked in.

    Any part may be done already. Raises `WorkspaceError` or `OSError`.
    """
    _unlink_link(worktree)
    move_aside(worktree)
    await anyio.to_thread.run_sync(_delete, worktree)
    await _forget(worktree, run)
    removed(worktree)


def _unlink_link(worktree: Worktree) -> None:
    """A link that took the folder's place has nothing of its own, and what it leads to stays."""
    with _home(worktree) as home, suppress(FileNotFoundError):
        if stat.S_ISLNK(os.stat(worktree.tree.name, dir_fd=home, follow_symlinks=False).st_mode):
            os.unlink(worktree.tree.name, dir_fd=home)


def move_aside(worktree: Worktree) -> None:
    """Does nothing when it is gone, or there already."""
    _move(worktree, worktree.tree.name, worktree.aside.name)


def move_back(worktree: Worktree) -> None:
    _move(worktree, worktree.aside.name, worktree.tree.name)


def _move(worktree: Worktree, name: str, other: str) -> None:
    with _home(worktree) as home:
        if _is_folder(home, name):
            if _is_folder(home, other):
                raise WorkspaceError(_("{name} is in the way of {other}.").format(name=other, other=name))
            os.rename(name, other, src_dir_fd=home, dst_dir_fd=home)


def _delete(worktree: Worktree) -> None:
    with _home(worktree) as home:
        for name in (worktree.aside.name, worktree.objects.name):
            if _is_folder(home, name):
                _delete_folder(home, name)


def _delete_folder(home: int, name: str) -> None:
    """`rmtree` follows no link that takes a folder's place meanwhile, where the system lets it."""
    try:
        shutil.rmtree(name, dir_fd=home)
    except PermissionError:
        # Folders that nothing may be deleted from, as caches of modules are.
        make_deletable(home, name)
        shutil.rmtree(name, dir_fd=home)


def make_deletable(home: int, name: str) -> None:
    """Lets the user delete from every folder below it."""
    for _here, folders, _files, opened in os.fwalk(name, dir_fd=home):
        os.fchmod(opened, 0o700)
        for folder in folders:
            with suppress(OSError):
                if stat.S_ISDIR(os.stat(folder, dir_fd=opened, follow_symlinks=False).st_mode):
                    os.chmod(folder, 0o700, dir_fd=opened)


async def _forget(worktree: Worktree, run: Execute) -> None:
    if not Path(worktree.git_dir).exists():
        return
    await anyio.to_thread.run_sync(put_right, worktree)
    # Twice, because it is locked. The folder is gone, so all that goes is what git has noted of it.
    git = worktree.repository_git(run)
    await git("worktree", "remove", "--force", "--force", str(worktree.tree), seconds=LONG)


@contextmanager
def _home(worktree: Worktree) -> Iterator[int]:
    """The folder that it lies in, opened; not another one that a link leads to."""
    home = Path(worktree.home)
    if Path(os.path.realpath(home)) != home:
        raise WorkspaceError(
            _("{folder} is reached by a link now, so nothing there is touched.").format(folder=home)
        )
    opened = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield opened
    finally:
        os.close(opened)


def _is_folder(home: int, name: str) -> bool:
    """False for nothing; a link or a file in its place is not ours to touch. Raises `WorkspaceError` for that."""
    try:
        mode = os.stat(name, dir_fd=home, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise WorkspaceError(_("{name} is not a folder (any more), so it is not touched.").format(name=name))
    return True
