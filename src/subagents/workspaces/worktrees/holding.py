"""One at a time at a worktree: whoever puts it away, commits in it or takes it again holds it meanwhile.

By a lock of the operating system on a file beside it, which is gone the moment that its process is (flock(2): it
belongs to the open file, and so also keeps apart what goes on in one process).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from subagents.errors import WorkspaceBusy
from subagents.language import _
from subagents.workspaces.worktrees.ownership import Worktree, read

PATIENCE = 60.0  # seconds that whoever needs it waits for another, who is about to be done with it
AGAIN = 0.02  # seconds between two tries; nothing tells when a lock is free


@asynccontextmanager
async def held(worktree: Worktree, patience: float = PATIENCE) -> AsyncIterator[Worktree | None]:
    """The worktree as it is written down now, None where its record is gone. Nobody else holds it until the end.

    Raises `WorkspaceBusy` when somebody else still does after so many seconds, `OSError`, and `WorkspaceError` for a
    record that cannot be read.
    """
    opened = await _locked(worktree, patience)
    try:
        yield read(worktree.file)
    finally:
        if not worktree.file.exists():
            worktree.lock.unlink(missing_ok=True)
        os.close(opened)


async def _locked(worktree: Worktree, patience: float) -> int:
    import fcntl  # there is none on Windows, where this module can be imported all the same

    deadline = anyio.current_time() + patience
    while True:
        opened = _open(worktree.lock)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(opened, worktree.lock):
                return opened
        except BlockingIOError:
            if anyio.current_time() >= deadline:
                os.close(opened)
                raise WorkspaceBusy(_busy(worktree)) from None
        except BaseException:
            os.close(opened)
            raise
        os.close(opened)
        await anyio.sleep(AGAIN)


def _open(lock: Path) -> int:
    # Who deletes all that there is of worktrees deletes what they are in, too.
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is(opened: int, lock: Path) -> bool:
    """Whether the file is still the one that has this name: who held it before may have taken it away."""
    try:
        return os.path.samestat(os.fstat(opened), lock.lstat())
    except FileNotFoundError:
        return False


def _busy(worktree: Worktree) -> str:
    sentence = _("The worktree of run {run} is being put away, or gone on with, by another process just now.")
    return sentence.format(run=worktree.run)
