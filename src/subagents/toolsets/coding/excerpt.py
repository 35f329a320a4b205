"""The file a command writes to, and the two ends of what it wrote, however much that is."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedRandom
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from subagents.toolsets.coding.failures import explained

CHUNK = 1_000_000


@dataclass(frozen=True)
class Excerpt:
    """The beginning and the end; between them `characters` in `lines` lines (line ends) are left out."""

    head: str
    tail: str
    characters: int
    lines: int

    @classmethod
    def of(cls, output: BinaryIO, head: int, tail: int) -> Excerpt:
        """At most `head` and `tail` characters of a file, whose position is neither used nor moved.

        What is not UTF-8 is replaced, and so is NUL, which can be stored and shown nowhere.
        """
        beginning, end = "", ""
        characters = lines = 0
        for text in _decoded(output):
            taken = text[: head - len(beginning)]
            beginning += taken
            end += text[len(taken) :]
            dropped = end[:-tail]
            characters += len(dropped)
            lines += dropped.count("\n")
            end = end[-tail:]
        return cls(beginning, end, characters, lines)


def temporary_file() -> BufferedRandom:
    """A file without a name, gone when it is closed. Raises ToolFailed if there is no room or number for it."""
    with explained("the folder for temporary files"):
        return TemporaryFile()


def keep(output: BinaryIO, folder: Path, name: str, limit: int) -> Path:
    """Copies an output to the first free of NAME-1.txt, NAME-2.txt …, at most `limit` bytes of it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _first_free(folder, name) as kept:
        for data in _chunks(output, limit):
            kept.write(data)
        return Path(kept.name)


def _first_free(folder: Path, name: str) -> BinaryIO:
    for number in count(1):
        with suppress(FileExistsError):
            return (folder / f"{name}-{number}.txt").open("xb")
    raise AssertionError("numbers do not end")


def _chunks(output: BinaryIO, limit: int) -> Iterator[bytes]:
    position = 0
    while data := os.pread(output.fileno(), min(CHUNK, limit - position), position):
        position += len(data)
        yield data


def _decoded(output: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for data in _chunks(output, os.fstat(output.fileno()).st_size):
        yield decoder.decode(data).replace("\0", "\u2400")
    yield decoder.decode(b"", final=True)
