"""The end of a write-ahead log that SQLite does not take: it reads up to the first damaged frame and forgets the rest.

The layout is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a header of 32 bytes, then
frames, each a header of 24 bytes and a page. Frames left over from before the log was last begun anew carry
other salts than those of this time.
"""

from __future__ import annotations

import os
import shutil
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from subagents.language import _

PAGE = 4096  # bytes; SQLite's default, which our files have

_HEADER = struct.Struct(">4I8s2I")  # magic, version, page size, sequence, salts, checksum
# The index beside it, in the byte order of the machine (https://www.sqlite.org/walformat.html#the_wal_index_file_format):
# version, unused, counter of changes, two flags, page size, last frame.
_INDEX = struct.Struct("=3I2BHI")
_FRAME = struct.Struct(">2I8s2I")  # page number, size of the database after a commit or 0, salts, checksum


def wal_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def set_aside_lost_end(path: Path) -> str:
    """Copies the write-ahead log of the database `path` aside when it holds commits that SQLite does not take.

    Answers a sentence, or "". For the owner, who has just read the database and has no connection open: closing
    a second handle on its files would free SQLite's locks.
    """
    wal = wal_of(path)
    if not has_lost_end(path):
        return ""
    said = _(
        "The end of the session's log is damaged, and what was written last is lost to it; it is kept as {aside}."
    )
    return said.format(aside=_copied(wal))


def has_lost_end(path: Path) -> bool:
    """Whether the write-ahead log of the database holds commits that SQLite does not take. For one that nobody owns,
    which this process has just read and has no connection to."""
    return _committed(wal_of(path)) > _taken(path)


def _taken(path: Path) -> int:
    """The number of the last frame that SQLite takes, as it noted for itself when it last read the log."""
    try:
        with path.with_name(f"{path.name}-shm").open("rb") as file:
            return int(_INDEX.unpack(file.read(_INDEX.size))[-1])
    except (FileNotFoundError, struct.error):
        return sys.maxsize  # nothing noted, nothing to compare with


def _committed(wal: Path) -> int:
    """The number of the last frame that ends a commit of this time, damaged or not; 0 when there is none."""
    with suppress(FileNotFoundError), wal.open("rb") as file:
        return _last_commit(file)
    return 0


def _last_commit(file: BinaryIO) -> int:
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return 0
    _magic, _version, page, _sequence, salts, *_ = _HEADER.unpack(header)
    if not _is_whole(header):
        # SQLite then takes nothing at all; what stands behind it tells whether there was something.
        page, salts = PAGE, None
    # One that is not complete was being written when its process died or the disk was full: it was never kept.
    complete = (os.fstat(file.fileno()).st_size - _HEADER.size) // (_FRAME.size + page)
    last = 0
    for number in range(1, complete + 1):
        header = file.read(_FRAME.size)
        _number, size, frame_salts, *_ = _FRAME.unpack(header)
        salts = salts or frame_salts
        # SQLite leaves no hole: where there are zeros a frame was written that a disk has lost, a commit perhaps.
        if (size and frame_salts == salts) or not any(header):
            last = number
        file.seek(page, os.SEEK_CUR)
    return last


def _is_whole(header: bytes) -> bool:
    """Whether the header's checksum fits; the lowest bit of the magic number says in which order its bytes were."""
    numbers = struct.unpack(">6I" if header[3] & 1 else "<6I", header[:24])
    one = two = 0
    for first, second in zip(numbers[::2], numbers[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return struct.pack(">2I", one, two) == header[24:]


def _copied(wal: Path) -> Path:
    number = 1
    while (aside := wal.with_name(f"{wal.name}.damaged-{number}")).exists():
        number += 1
    try:
        shutil.copy2(wal, aside)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside
