"""What is in a regular file, within a bound. What else has its name, such as a pipe or a folder, is refused unread."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from subagents.language import _

# A pipe is not waited for, and Windows is not to turn line ends round.
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def first_bytes(path: Path, most: int) -> bytes:
    """At most so many bytes of the file. Raises `OSError` with a reason, also for what is no regular file."""
    opened = os.open(path, _READING)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EINVAL, _("it is not a regular file"))
        with os.fdopen(opened, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(opened)
