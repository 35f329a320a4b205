"""Bytes to lines, however they arrive. What stands in a line is not known here. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator

from subagents.serve.rpc.too_long import KEPT, TooLong


class Lines:
    """Puts lines together from pieces. Of one of more than `most` bytes only its two ends cost memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._length = 0
        self._cut: TooLong | None = None  # the line so far, where it is too long

    def feed(self, data: bytes) -> Iterator[bytes | TooLong]:
        """The lines that this piece ends, without their ends."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            yield self._taken()
        self._add(rest)

    def rest(self) -> bytes:
        """What came after the last end of a line, when nothing comes any more."""
        rest = self._taken()
        return rest if isinstance(rest, bytes) else b""

    def _add(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._cut is not None:
            self._cut = TooLong(self._cut.begins, (self._cut.ends + piece[-KEPT:])[-KEPT:])
        elif piece:
            self._pieces.append(piece)
        if self._length > self._most and self._cut is None:
            whole = b"".join(self._pieces)
            self._cut = TooLong(whole[:KEPT], whole[-KEPT:])
            self._pieces.clear()

    def _taken(self) -> bytes | TooLong:
        taken = b"".join(self._pieces) if self._cut is None else self._cut
        self._pieces, self._length, self._cut = [], 0, None
        return taken
