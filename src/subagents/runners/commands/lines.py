"""The lines of an output that is still growing, in bounded memory: whatever is printed, a megabyte a line or none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

LONGEST_LINE = 16_000_000  # bytes of a line that is read; a longer one is counted and left out
SHOWN = 200  # characters of a strange line that are repeated
MOST_SHOWN = 3  # strange lines that are repeated


@dataclass(slots=True)
class JsonLines:
    """Cuts what arrives into lines, each a JSON object; what is none is counted, and its beginning remembered.

    With `whole` the output is one object, however many lines it has.
    """

    whole: bool = False
    strange: int = 0
    examples: list[str] = field(default_factory=list)
    _rest: bytearray = field(default_factory=bytearray)
    _dropping: bool = False

    def feed(self, data: bytes) -> Iterator[Mapping[str, Any]]:
        """The objects that are complete with `data`."""
        if self.whole:
            self._keep(data)
            return
        *ended, unended = data.split(b"\n")
        for line in ended:
            self._keep(line)
            yield from self._taken()
        self._keep(unended)

    def close(self) -> Iterator[Mapping[str, Any]]:
        """What the last line is, which nothing ended."""
        yield from self._taken()

    def _keep(self, data: bytes) -> None:
        if self._dropping:
            return
        self._rest += data
        if len(self._rest) > LONGEST_LINE:
            self._note(bytes(self._rest[: 4 * SHOWN]))
            self._rest.clear()
            self._dropping = True

    def _taken(self) -> Iterator[Mapping[str, Any]]:
        line, self._rest = bytes(self._rest), bytearray()
        dropped, self._dropping = self._dropping, False
        if dropped or not line.strip(b" \t\r\n\0"):
            return
        if (read := _object(line)) is None:
            self._note(line)
        else:
            yield read

    def _note(self, line: bytes) -> None:
        self.strange += 1
        if len(self.examples) < MOST_SHOWN:
            text = line[: 4 * SHOWN].decode("utf-8", "replace").strip()
            self.examples.append(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        read = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        read = _forgiven(line)
    return read if isinstance(read, dict) else None


def _forgiven(line: bytes) -> object:
    """Once more, as leniently as can be: bytes that are no UTF-8, halves of character pairs, raw control characters."""
    try:
        return json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
