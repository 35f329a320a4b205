"""Bytes to lines, however they arrive. What stands in a line is not known here. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator


class Lines:
    """Puts lines together from pieces. One of more than `most` bytes costs no memory, and a None stands for it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The lines that this piece ends, without their ends."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            yield self._taken()
        self._add(rest)

    def rest(self) -> bytes:
        """What came after the last end of a line, when nothing comes any more."""
        return self._taken() or b""

    def _add(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._most:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def _taken(self) -> bytes | None:
        whole = b"".join(self._pieces) if self._length <= self._most else None
        self._pieces, self._length = [], 0
        return whole
