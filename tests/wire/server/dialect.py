"""How a provider writes a reply on the wire: what each of the four files beside this one says of its own."""

from __future__ import annotations

import json
from typing import Any, Protocol

from tests.wire.server.script import Refusal, Reply


class Dialect(Protocol):
    """Frames are whole server-sent events; the reply's end is in the last of them."""

    def frames(self, reply: Reply) -> list[str]: ...

    def overloaded(self) -> str:
        """The frame of an error inside a stream."""
        ...

    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        """The body of an error."""
        ...


def frame(data: Any, event: str = "") -> str:
    named = f"event: {event}\n" if event else ""
    return f"{named}data: {data if isinstance(data, str) else json.dumps(data)}\n\n"


def pieces(text: str) -> list[str]:
    """In two, as it would arrive."""
    half = max(1, len(text) // 2)
    return [text[:half], text[half:]] if text[half:] else [text]
