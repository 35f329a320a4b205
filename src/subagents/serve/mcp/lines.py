"""Messages as lines of bytes: read whatever comes, write without waiting for ever. What they mean is not known here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
from anyio.abc import ByteStream

from subagents.serve.rpc.lines import Lines
from subagents.serve.rpc.too_long import TooLong

MAX_LINE = 4 * 1024 * 1024  # bytes; as much as the SDK takes over HTTP
SEND_BOUND = 60.0  # seconds that a client may take to read a message before it is given up


class NotJson(Exception):
    """A line is no JSON; the sentence says why."""


async def lines(stream: ByteStream, most: int = MAX_LINE) -> AsyncIterator[bytes | TooLong]:
    """Each line without its end; ends with the stream."""
    cut = Lines(most)
    while True:
        try:
            data = await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        for line in cut.feed(data):
            yield line


def parsed(line: bytes) -> Any:
    """The value of a line. Raises `NotJson`."""
    try:
        return json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"A message must be JSON on one line: {error}"[:300]) from None


def written(message: Any) -> bytes:
    """A message as a line. Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark; but not in the id
    of an answer, by which its reader knows it, and in which it wrote so itself."""
    try:
        return _compact(message).encode() + b"\n"
    except UnicodeEncodeError:
        readable = json.loads(_compact(message).encode("utf-8", "replace"))
    if isinstance(message, dict) and "id" in message:
        readable["id"] = message["id"]
    return json.dumps(readable, separators=(",", ":")).encode() + b"\n"


def _compact(message: Any) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class LineWriter:
    """Writes messages one after the other, whoever sends them."""

    def __init__(self, stream: ByteStream, bound: float = SEND_BOUND) -> None:
        self._stream = stream
        self._bound = bound
        self._turn = anyio.Lock()

    async def write(self, message: Any) -> bool:
        """False when the client has gone, or reads no more."""
        async with self._turn:
            try:
                with anyio.fail_after(self._bound):
                    await self._stream.send(written(message))
            except (OSError, TimeoutError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return False
        return True
