"""Folders and files that are reached without following a link at any step, so that none leads out of where they are.

A repository may hold links, and what a link leads to is somebody else's: it must not get into a prompt.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from subagents.language import _

# A pipe is not waited for. Windows has neither of these, and no agents.
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is in a folder, by its own kind: a link is neither a folder nor a file."""

    name: str
    is_folder: bool
    is_file: bool


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A folder below `anchor`, which is the user's or the project's own and may be anything; `parts` lead down from it,
    and none of them is followed where it is a link. It need not exist."""

    anchor: Path
    parts: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it is, with the links above it followed."""
        return Path(os.path.realpath(self.anchor), *self.parts)

    def below(self, *parts: str) -> Unlinked:
        return Unlinked(self.anchor, (*self.parts, *parts))

    def make(self) -> None:
        """Makes it, with what is missing above. Raises `OSError`, also where a link is in the way."""
        self.anchor.mkdir(parents=True, exist_ok=True)
        for count in range(len(self.parts)):
            with _opened(self.anchor, self.parts[:count]) as above:
                _make(above, self.parts[count])
        with _opened(self.anchor, self.parts):
            pass

    def entries(self) -> list[Entry]:
        """What is in it, in the order of the names' bytes. Raises `OSError`."""
        with _opened(self.anchor, self.parts) as folder, os.scandir(folder) as found:
            kinds = [
                Entry(each.name, each.is_dir(follow_symlinks=False), each.is_file(follow_symlinks=False))
                for each in found
            ]
        return sorted(kinds, key=lambda entry: os.fsencode(entry.name))

    def first_bytes(self, name: str, most: int) -> bytes:
        """At most so many bytes of a regular file in it. Raises `OSError`, also where it is a link."""
        with _opened(self.anchor, self.parts) as folder:
            file = os.open(name, _FILE, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, _("it is not a regular file"))
            with os.fdopen(file, "rb", closefd=False) as opened:
                return opened.read(most)
        finally:
            os.close(file)

    def link(self) -> Path | None:
        """The first link on the way down to it, None where there is none."""
        steps = (self.anchor.joinpath(*self.parts[: n + 1]) for n in range(len(self.parts)))
        return next((step for step in steps if step.is_symlink()), None)


@contextmanager
def _opened(anchor: Path, parts: Sequence[str]) -> Iterator[int]:
    opened = os.open(anchor, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


def _make(above: int, name: str) -> None:
    with suppress(FileExistsError):  # by somebody else, or it is no folder, which opening it tells
        os.mkdir(name, dir_fd=above)
