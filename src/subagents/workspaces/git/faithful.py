"""Files that git would not give back byte for byte: its filters and line ends change what is committed.

A large file under LFS comes back from its pointer, and is faithful; a line end that is normalised does not, nor what a
filter takes away. What is compared is what the agent touched, whether or not git sees a difference.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from subagents.workspaces.git.output import Tracked, joined
from subagents.workspaces.git.program import LONG, Git

CHUNK = 1_000_000  # bytes


async def unfaithful(
    git: Git, folder: Path, tracked: Sequence[Tracked], since: int, home: Path
) -> Sequence[str]:
    """The paths in `folder` that were changed at or after `since`, in nanoseconds, and that a checkout of what is
    `tracked` in the index of `git` would not write as they lie there. `home` has room for that.

    Raises `OSError` and `WorkspaceError` where that cannot be told.
    """
    differing = await anyio.to_thread.run_sync(_differing, folder, tracked, since)
    if not differing:
        return ()
    with TemporaryDirectory(prefix=".written-", dir=home) as written:
        options = ("--force", f"--prefix={written}/", "-z", "--stdin")
        await git("checkout-index", *options, stdin=joined(differing), seconds=LONG)
        return await anyio.to_thread.run_sync(_others, folder, Path(written), differing)


def _differing(folder: Path, tracked: Sequence[Tracked], since: int) -> list[str]:
    """Those whose bytes are not those of their blob."""
    return [each.path for each in tracked if _is_other(folder / each.path, each, since)]


def _is_other(path: Path, tracked: Tracked, since: int) -> bool:
    try:
        seen = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if seen.st_ctime_ns < since or not (stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode)):
        return False
    return _blob(path, seen, len(tracked.blob)) != tracked.blob


def _blob(path: Path, seen: os.stat_result, length: int) -> str:
    """The name of a blob with what lies there, as it is (gitformat-pack(5), by SHA-1 or SHA-256)."""
    made = hashlib.sha1(usedforsecurity=False) if length == 40 else hashlib.sha256()
    if stat.S_ISLNK(seen.st_mode):
        target = os.fsencode(path.readlink())
        made.update(b"blob %d\0%s" % (len(target), target))
        return made.hexdigest()
    made.update(b"blob %d\0" % seen.st_size)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            made.update(chunk)
    return made.hexdigest()


def _others(folder: Path, written: Path, paths: Sequence[str]) -> list[str]:
    return [path for path in paths if not _same(folder / path, written / path)]


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or not other.is_file() or other.is_symlink():
        return False
    return filecmp.cmp(one, other, shallow=False)
