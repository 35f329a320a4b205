"""A line that is too long to be kept: how it begins and ends, and the id in it that its answer carries.

Who sent it waits for an answer under its id, which clients write at either end of a message. Standard library only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from subagents.serve.rpc.json_rpc import Id, id_of

KEPT = 4_096  # bytes of each end

_NAME = re.compile(r'\s*+("(?:[^"\\]++|\\.)*+")\s*+:\s*+')
_NEXT = re.compile(r"\s*+([,}])")
# The last members of the message itself: what stands in an object inside of it is followed by more than one brace.
_LAST = re.compile(
    r'((?:,\s*+"(?:id|method|jsonrpc)"\s*+:\s*+(?:"(?:[^"\\]++|\\.)*+"|-?\d++)\s*+)++)\}\s*+\Z', re.DOTALL
)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class TooLong:
    """What stands for the line; both texts have `KEPT` bytes at most."""

    begins: bytes = b""
    ends: bytes = b""

    @property
    def request(self) -> Id:
        """The id of the request that it is; None for what is none, or has its id further inside."""
        found = {**dict(_members(_text(self.begins))), **dict(_last(_text(self.ends)))}
        # An answer has an id of ours, under which nobody waits.
        return id_of(found) if "method" in found else None


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _members(text: str) -> Iterator[tuple[str, Any]]:
    """The members of the object that the text begins, up to the first that is not whole."""
    position = re.match(r"\s*+\{?", text).end()  # type: ignore[union-attr]
    while name := _NAME.match(text, position):
        try:
            value, end = _DECODER.raw_decode(text, name.end())
        except (ValueError, RecursionError):
            return
        # A number that is cut is another number.
        if (following := _NEXT.match(text, end)) is None:
            return
        yield json.loads(name[1], strict=False), value
        position = following.end()


def _last(text: str) -> Iterator[tuple[str, Any]]:
    """The members that the text ends with, of those that a message has beside its parameters."""
    if found := _LAST.search(text):
        yield from _members(found[1].lstrip(",") + "}")
