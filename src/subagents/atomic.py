"""Files that are replaced whole or not at all, and folders that one process at a time may write to."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # Windows would turn line ends round


@contextmanager
def beside(path: Path, data: bytes, mode: int = 0o666) -> Iterator[Path]:
    """A file of these bytes next to `path`, on the disk, to be moved there; what was not moved is deleted at the end.

    It has the mode of what it is to replace, else what the user's mask leaves of `mode`, and a name that begins with a
    dot and ends with none that means anything. Raises `OSError`.
    """
    new = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, _NEW, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            new.chmod(stat.S_IMODE(path.stat().st_mode))
        yield new
    finally:
        new.unlink(missing_ok=True)


def replace(path: Path, data: bytes, mode: int = 0o666) -> None:
    """The bytes in place of what was there; a new file has what the user's mask leaves of `mode`.

    Raises `OSError`, with the file as it was.
    """
    with beside(path, data, mode) as new:
        new.replace(path)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One process at a time, by a lock on the folder itself, so that no file for it is left behind.

    Where a file system has no such locks, and on Windows, it is done without. Raises `OSError` when the folder cannot
    be opened.
    """
    if os.name == "nt":
        yield
        return
    import fcntl

    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
