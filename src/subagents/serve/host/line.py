"""A client's end of the host's socket: many questions at once, each answered for itself, and news in between.

Whoever follows news has a connection for that: a reader that lags behind then holds up no answer to anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.memory import MemoryObjectSendStream

from subagents import errors
from subagents.errors import SessionError, SubagentsError, UnknownAgent
from subagents.serve.host.guest import MANNERS
from subagents.serve.rpc import json_rpc
from subagents.serve.rpc.question import OwnerRefused

LEAVING_BOUND = 1.0  # seconds that a host has to notice that we leave

_GONE = (
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    anyio.IncompleteRead,
    anyio.DelimiterNotFound,
    OSError,
)


class LineLost(SessionError):
    """The host ended, or the connection to it broke, before it answered. What was recorded by then is kept."""


@dataclass(eq=False)
class _Asked:
    """A question under way."""

    came: anyio.Event = field(default_factory=anyio.Event)
    answer: Mapping[str, Any] | None = None


class Line:
    """An open connection. Any number of tasks may ask at once; what the host tells unasked goes to `news`."""

    def __init__(self, stream: SocketStream, news: MemoryObjectSendStream[Any] | None = None) -> None:
        self._stream = stream
        self._news = news
        self._asked: dict[int, _Asked] = {}
        self._sending = anyio.Lock()
        self._number = 0
        self.lost = False
        #: What was followed on it has come to its end in good order.
        self.over = False

    async def read(self) -> None:
        """Hands the answers to who asked, until the connection ends, which it then closes. For a task of its own."""
        lines = BufferedByteReceiveStream(self._stream)
        try:
            with suppress(*_GONE):
                while True:
                    await self._told(json.loads(await lines.receive_until(b"\n", MANNERS.most)))
        finally:
            self.lost = True
            for asked in self._asked.values():
                asked.came.set()
            self.close()
            await anyio.aclose_forcefully(self._stream)

    async def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """The answer. Cancelled, the question is taken back. Raises `LineLost`, and what the host refuses with."""
        self._number += 1
        number, asked = self._number, _Asked()
        self._asked[number] = asked
        try:
            await self._send(json_rpc.request(number, method, params))
            if not self.lost:
                await asked.came.wait()
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), suppress(LineLost):
                await self._send(json_rpc.notification("cancel", {"id": number}))
            raise
        finally:
            del self._asked[number]
        return _value(asked.answer, method)

    def close(self) -> None:
        """No more news; who reads them is told."""
        if self._news is not None:
            self._news.close()

    async def leave(self) -> None:
        """Nobody asks on it any more. When this returns another client may drive what it drove."""
        with anyio.move_on_after(LEAVING_BOUND, shield=True), suppress(SubagentsError):
            await self.ask("leave", {})
        await anyio.aclose_forcefully(self._stream)

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            async with self._sending:
                await self._stream.send(json.dumps(message).encode() + b"\n")
        except _GONE:
            raise LineLost(_lost(str(message["method"]))) from None

    async def _told(self, message: Mapping[str, Any]) -> None:
        if "method" not in message:
            if (asked := self._asked.get(message.get("id", 0))) is not None:
                asked.answer = message
                asked.came.set()
        elif self._news is not None:
            with suppress(anyio.BrokenResourceError):  # who followed has seen enough
                await self._news.send(message["params"])


def _value(answer: Mapping[str, Any] | None, method: str) -> Any:
    if answer is None:
        raise LineLost(_lost(method))
    if "error" in answer:
        said = answer["error"]
        raise refusal(str(said["message"]), str((said.get("data") or {}).get("kind", "")))
    return answer["result"]


def _lost(method: str) -> str:
    return f"The host ended before it answered {method!r}; what it had recorded is kept. Ask again: another is started."


def refusal(message: str, kind: str) -> SubagentsError:
    """The error that the host met, as it would have been raised here."""
    known = getattr(errors, kind, None)
    if known is UnknownAgent:
        return UnknownAgent(message, name="")
    if isinstance(known, type) and issubclass(known, SubagentsError):
        return known(message)
    return OwnerRefused(message, kind)
