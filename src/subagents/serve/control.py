"""The owner's end of a session's socket: it answers other processes while the manager is open."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import ByteStream, SocketAttribute, SocketListener, SocketStream, TaskGroup
from anyio.streams.buffered import BufferedByteReceiveStream

from subagents.bootstrap import AgentManager
from subagents.errors import SubagentsError
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.serve import wire
from subagents.serve.address import announce, new_socket, withdraw
from subagents.serve.verbs import VERBS, Verb
from subagents.serve.wire import Fault

MAX_CLIENTS = 32
SEND_BOUND = 5.0  # seconds that a client may take to read an answer
LEAVING_BOUND = 2.0  # seconds that answers under way have when the owner leaves

# What reading, carrying out and answering a line may raise besides `Fault`. The owner drives the runs of others
# than this client, and none of them may end because of what one client sent.
_MISHAPS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, OSError)


@asynccontextmanager
async def control(manager: AgentManager, verbs: Mapping[str, Verb] = VERBS) -> AsyncIterator[Path | None]:
    """Answers on the session's socket, whose path it yields; None for a session in memory, which nobody can find.

    To be used inside the opened manager: the session's lock is what makes the socket ours to replace.
    Raises `SessionError` when there is no safe place for a socket.
    """
    if manager.folder is None:
        yield None
        return
    folder = manager.folder.path
    path = await anyio.to_thread.run_sync(new_socket, manager.folder.id)
    try:
        async with await anyio.create_unix_listener(path, mode=0o600) as listener:
            announce(folder, path)
            clients = _Clients(manager, verbs)
            async with own_tasks() as tasks:
                tasks.start_soon(_accept, listener, clients, tasks)
                try:
                    yield path
                finally:
                    await _leave(listener, clients)
                    tasks.cancel_scope.cancel()
    finally:
        withdraw(folder, path)


async def _accept(listener: SocketListener, clients: _Clients, tasks: TaskGroup) -> None:
    # Closed by us; or broken, when no file can be opened any more: then nobody new is heard, and the runs go on.
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
        await listener.serve(clients.talk, tasks)


async def _leave(listener: SocketListener, clients: _Clients) -> None:
    """Takes no more questions, and lets the answers under way reach who asked, for a moment.

    Whoever waits for a client is woken by the end of its stream and not cancelled: anyio 4.16 logs an error when what
    a Unix socket waits for comes and is cancelled in the same turn of the event loop.
    """
    with anyio.CancelScope(shield=True), anyio.move_on_after(LEAVING_BOUND):
        await listener.aclose()
        await clients.leave()


class _Clients:
    """Everybody who is connected. Each is answered in the order it asks; they don't wait for each other."""

    def __init__(self, manager: AgentManager, verbs: Mapping[str, Verb]) -> None:
        self._manager = manager
        self._verbs = verbs
        self._connected: set[SocketStream] = set()
        self._leaving = False
        self._gone = anyio.Event()

    async def talk(self, stream: SocketStream) -> None:
        """One client, until it leaves, sends what cannot be understood as lines, or does not read."""
        self._connected.add(stream)
        if self._leaving:
            _hear_no_more(stream)
        try:
            async with stream:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                    too_many = len(self._connected) > MAX_CLIENTS
                    await (self._turn_away(stream) if too_many else self._listen_to(stream))
        finally:
            self._connected.discard(stream)
            self._gone.set()

    async def leave(self) -> None:
        """Returns when everybody has been answered."""
        self._leaving = True
        for stream in self._connected:
            _hear_no_more(stream)
        while self._connected:
            self._gone = anyio.Event()
            await self._gone.wait()

    async def _listen_to(self, stream: SocketStream) -> None:
        lines = BufferedByteReceiveStream(stream)
        while True:
            try:
                line = await lines.receive_until(b"\n", wire.MAX_LINE)
            except (anyio.IncompleteRead, anyio.EndOfStream):
                return
            except anyio.DelimiterNotFound:
                # Where the next message begins is not known any more.
                too_long = _("a message may have {n} bytes at most").format(n=wire.MAX_LINE)
                await _send(stream, wire.refusal(None, Fault(wire.INVALID_REQUEST, too_long)))
                return
            if not await self._answer(stream, line):
                return

    async def _answer(self, stream: ByteStream, line: bytes) -> bool:
        """False when the client did not take the answer."""
        answer = await self._carried_out(line)
        return answer is None or await _send(stream, answer)

    async def _carried_out(self, line: bytes) -> bytes | None:
        """The answer to one line; None for a notification, which gets none."""
        try:
            return await self._answered(line)
        except _MISHAPS as error:
            broke = _("this broke while it was answered: {kind}").format(kind=type(error).__name__)
            return wire.refusal(None, Fault(wire.INTERNAL_ERROR, broke))

    async def _answered(self, line: bytes) -> bytes | None:
        try:
            request = wire.read_request(line)
        except Fault as fault:
            return wire.refusal(fault.request, fault)
        try:
            value = await self._verb(request)
        except Fault as fault:
            return None if request.is_notification else wire.refusal(request.answer_to, fault)
        return None if request.is_notification else wire.result(request.answer_to, value)

    async def _verb(self, request: wire.Request) -> object:
        if (verb := self._verbs.get(request.method)) is None:
            known = ", ".join(self._verbs)
            raise Fault(wire.UNKNOWN_METHOD, f"there is no method {request.method!r}; there are {known}")
        try:
            return await verb(self._manager, request.params)
        except SubagentsError as error:
            raise Fault(wire.REFUSED, str(error), kind=type(error).__name__) from error
        except _MISHAPS as error:
            broke = _("this broke while it was carried out: {kind}").format(kind=type(error).__name__)
            raise Fault(wire.INTERNAL_ERROR, broke) from error

    async def _turn_away(self, stream: ByteStream) -> None:
        full = _("{n} clients are connected already; try again").format(n=MAX_CLIENTS)
        await _send(stream, wire.refusal(None, Fault(wire.REFUSED, full)))


def _hear_no_more(stream: SocketStream) -> None:
    """What has arrived is still read; then the stream is at its end."""
    with suppress(OSError):  # it is gone
        stream.extra(SocketAttribute.raw_socket).shutdown(socket.SHUT_RD)


async def _send(stream: ByteStream, message: bytes) -> bool:
    with anyio.move_on_after(SEND_BOUND) as bound:
        await stream.send(message)
    return not bound.cancelled_caught
