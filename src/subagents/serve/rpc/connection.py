"""One client at the other end of a socket: requests come in as lines, answers and news go out as whole lines.

What can be asked is not known here: an `Answerer` knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import anyio
from anyio.abc import ByteStream, SocketStream, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.stapled import StapledByteStream

from subagents.errors import SubagentsError
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.serve.rpc import json_rpc, wire
from subagents.serve.rpc.question import OwnerRefused
from subagents.serve.rpc.wire import Fault

MOST_UNDERWAY = 5_000  # requests of one client that have no answer
SEND_BOUND = 5.0  # seconds that a client may take to read a line

# What carrying out a line may raise besides `Fault` and our own errors. The owner drives the runs of others than this
# client, and none of them may end because of what one client sent.
_MISHAPS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, OSError)

_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)

#: Is given the stream after such a request was answered, and has it to itself from then on.
TakesOver: TypeAlias = Callable[[ByteStream], Awaitable[None]]


class Answerer(Protocol):
    """What one client can ask. Both may raise `Fault` or a `SubagentsError`, whose sentence is the answer."""

    async def answer(self, connection: Connection, request: wire.Request) -> Any:
        """Carries the request out and returns the answer's value."""
        ...

    async def takes_over(self, request: wire.Request) -> TakesOver | None:
        """For a request after which the stream speaks another language: who speaks it. None for all others."""
        ...


@dataclass(frozen=True)
class Manners:
    """How a client is treated: so many of its requests are carried out at once (with 1 in the order it asks); those in
    `given_up` wait beside them, and are ended when it leaves or cancels them, while all others are finished. A line has
    `most` bytes, in either direction."""

    at_once: int = 1
    given_up: Collection[str] = ()
    most: int = json_rpc.MAX_LINE


class Connection:
    """A client, as long as it is connected."""

    def __init__(self, stream: SocketStream, answerer: Answerer, manners: Manners) -> None:
        self._stream = stream
        self._answerer = answerer
        self._manners = manners
        self._sending = anyio.Lock()
        self._room = anyio.Semaphore(manners.at_once)
        self._underway: dict[json_rpc.Id, tuple[str, anyio.CancelScope]] = {}

    async def listen(self) -> None:
        """Until the client leaves, sends what cannot be understood as lines, or does not read."""
        lines = BufferedByteReceiveStream(self._stream)
        with suppress(*_GONE):
            async with own_tasks() as tasks:
                await self._read(lines, tasks)
                self._give_up()

    async def notify(self, method: str, params: Mapping[str, Any]) -> bool:
        """Tells the client something; False when it does not read."""
        return await self._send(wire.notification(method, params))

    def cancel(self, request: json_rpc.Id) -> None:
        """The client gave a request up. One that is not under way, or is carried out in any case, is left alone."""
        method, scope = self._underway.get(request, ("", None))
        if scope is not None and method in self._manners.given_up:
            scope.cancel()

    async def _read(self, lines: BufferedByteReceiveStream, tasks: TaskGroup) -> None:
        while True:
            try:
                line = await lines.receive_until(b"\n", self._manners.most)
            except (anyio.IncompleteRead, anyio.EndOfStream):
                return
            except anyio.DelimiterNotFound:
                # Where the next message begins is not known any more.
                too_long = _("a message may have {n} bytes at most").format(n=self._manners.most)
                await self._send(wire.refusal(None, Fault(json_rpc.INVALID_REQUEST, too_long)))
                return
            if (request := await self._request(line)) is None:
                continue
            if await self._hand_over(request, lines):
                return
            if len(self._underway) >= MOST_UNDERWAY:
                many = _("{n} requests have no answer yet; wait for some of them").format(n=MOST_UNDERWAY)
                await self._send(wire.refusal(request.answer_to, Fault(json_rpc.REFUSED, many)))
            elif request.method in self._manners.given_up:
                # Who waits is in nobody's way, least of all of who would end that wait.
                tasks.start_soon(self._carry_out, request)
            else:
                await self._room.acquire()
                await self._in_its_turn(request, tasks)

    async def _in_its_turn(self, request: wire.Request, tasks: TaskGroup) -> None:
        async def carry_out() -> None:
            try:
                await self._carry_out(request)
            finally:
                self._room.release()

        if self._manners.at_once == 1:
            await carry_out()
        else:
            tasks.start_soon(carry_out)

    async def _request(self, line: bytes) -> wire.Request | None:
        """None where there is nothing to carry out: what cannot be read has been answered."""
        try:
            return wire.read_request(line)
        except Fault as fault:
            await self._send(wire.refusal(fault.request, fault))
        return None

    async def _hand_over(self, request: wire.Request, lines: BufferedByteReceiveStream) -> bool:
        """Whether the stream was somebody else's from this request on; it is at its end then."""
        try:
            speak = await self._answerer.takes_over(request)
        except (Fault, SubagentsError) as error:
            await self._send(wire.refusal(request.answer_to, _as_fault(error)))
            return False
        if speak is None:
            return False
        if await self._send(wire.result(request.answer_to, {})):
            await speak(StapledByteStream(self._stream, lines))
        return True

    async def _carry_out(self, request: wire.Request) -> None:
        try:
            with anyio.CancelScope() as scope:
                self._underway[request.answer_to] = (request.method, scope)
                answer = await self._answered(request)
                if not request.is_notification:
                    await self._send(answer)
        finally:
            self._underway.pop(request.answer_to, None)

    async def _answered(self, request: wire.Request) -> bytes:
        try:
            return self._bounded(wire.result(request.answer_to, await self._answerer.answer(self, request)))
        except (Fault, SubagentsError) as error:
            return wire.refusal(request.answer_to, _as_fault(error))
        except _MISHAPS as error:
            broke = _("this broke while it was carried out: {kind}").format(kind=type(error).__name__)
            return wire.refusal(request.answer_to, Fault(json_rpc.INTERNAL_ERROR, broke))

    def _bounded(self, answer: bytes) -> bytes:
        """Raises `Fault` for one that the client would not take."""
        if len(answer) > self._manners.most:
            text = _("the answer has {n:,} bytes, and a message may have {most:,}; ask for less of it")
            raise Fault(json_rpc.REFUSED, text.format(n=len(answer), most=self._manners.most))
        return answer

    def _give_up(self) -> None:
        for method, scope in self._underway.values():
            if method in self._manners.given_up:
                scope.cancel()

    async def _send(self, line: bytes) -> bool:
        """False when the client did not take it; it is not spoken to any more then."""
        with suppress(*_GONE):
            async with self._sending:
                with anyio.move_on_after(SEND_BOUND):
                    await self._stream.send(line)
                    return True
                # Half a line may have gone out, so nothing that followed could be understood.
                await self._stream.aclose()
        return False


def _as_fault(error: Fault | SubagentsError) -> Fault:
    """A refusal with the error's own sentence, and its name for programs: that of another owner's is passed on."""
    if isinstance(error, Fault):
        return error
    kind = error.kind if isinstance(error, OwnerRefused) else type(error).__name__
    return Fault(json_rpc.REFUSED, str(error), kind)
