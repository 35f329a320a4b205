"""Files whose branch would not give them back byte for byte: git's filters and line ends change what is committed.

A large file under LFS comes back from its pointer, and is faithful; a line end that is normalised does not.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from subagents.workspaces.git import LONG, Git

CHUNK = 1_000_000  # bytes
REGULAR, LINK = "100", "120"  # how the modes of files and of links begin


@dataclass(frozen=True, slots=True)
class Committed:
    """A file that a commit has in place of what was there: its path, mode and blob."""

    path: str
    mode: str
    blob: str


async def unfaithful(git: Git, folder: Path, begun: str, tip: str) -> Sequence[str]:
    """The paths in `folder` that `tip` changed since `begun` and that it does not give back as they lie there.

    Raises `OSError` and `WorkspaceError` where that cannot be told.
    """
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv")
    changed = [*_committed(await git("diff-tree", *options, begun, tip, seconds=LONG))]
    differing = await anyio.to_thread.run_sync(_differing, folder, changed)
    return [each.path for each in differing if not await _comes_back(git, folder, each)]


def _committed(raw: bytes) -> Iterator[Committed]:
    """From `:old-mode new-mode old-blob new-blob status` and the path, each ended by NUL (git-diff-tree(1))."""
    fields = raw.split(b"\0")
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        _old, mode, _blob, blob, _status = facts.decode().split(" ")
        if mode.startswith((REGULAR, LINK)):
            yield Committed(os.fsdecode(path), mode, blob)


def _differing(folder: Path, changed: Sequence[Committed]) -> list[Committed]:
    return [each for each in changed if _blob(folder / each.path, len(each.blob)) not in (each.blob, None)]


def _blob(path: Path, length: int) -> str | None:
    """The name of a blob with what lies there, as it is; None for nothing."""
    made = hashlib.sha1(usedforsecurity=False) if length == 40 else hashlib.sha256()
    try:
        seen = path.lstat()
        if stat.S_ISLNK(seen.st_mode):
            target = os.fsencode(path.readlink())
            made.update(b"blob %d\0%s" % (len(target), target))
            return made.hexdigest()
        made.update(b"blob %d\0" % seen.st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                made.update(chunk)
    except FileNotFoundError:
        return None
    return made.hexdigest()


async def _comes_back(git: Git, folder: Path, each: Committed) -> bool:
    """Whether a checkout would write it as it lies there."""
    if each.mode.startswith(LINK):
        return False
    written = await git("cat-file", "--filters", f"--path={each.path}", each.blob, seconds=LONG)
    return await anyio.to_thread.run_sync(_same, folder / each.path, written)


def _same(path: Path, written: bytes) -> bool:
    return path.stat().st_size == len(written) and path.read_bytes() == written
