"""Listening on a Unix socket of ours: whoever connects is heard until it leaves, or until we do."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import anyio
from anyio.abc import SocketAttribute, SocketListener, SocketStream, TaskGroup

from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.serve.rpc import json_rpc, wire
from subagents.serve.rpc.connection import SEND_BOUND, Answerer, Connection, Manners
from subagents.serve.rpc.wire import Fault

Answering: TypeAlias = Callable[[], AbstractAsyncContextManager[Answerer]]

LEAVING_BOUND = 2.0  # seconds that answers under way have when the owner leaves


@asynccontextmanager
async def listening(
    path: Path, answering: Answering, manners: Manners, most: int
) -> AsyncIterator[SocketListener]:
    """Hears at most so many clients at a time on `path`, which nobody else may open; who is over is told so.

    `answering` gives what answers one client, for as long as that one is connected.
    """
    async with await anyio.create_unix_listener(path, mode=0o600) as listener:
        clients = _Clients(answering, manners, most)
        async with own_tasks() as tasks:
            tasks.start_soon(_accept, listener, clients, tasks)
            try:
                yield listener
            finally:
                await _leave(listener, clients)
                tasks.cancel_scope.cancel()


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
    """Everybody who is connected. They don't wait for each other."""

    def __init__(self, answering: Answering, manners: Manners, most: int) -> None:
        self._answering = answering
        self._manners = manners
        self._most = most
        self._connected: set[SocketStream] = set()
        self._leaving = False
        self._gone = anyio.Event()

    async def talk(self, stream: SocketStream) -> None:
        """One client, until it leaves."""
        self._connected.add(stream)
        if self._leaving:
            _hear_no_more(stream)
        try:
            async with stream:
                if len(self._connected) > self._most:
                    await self._turn_away(stream)
                    return
                async with self._answering() as answerer:
                    await Connection(stream, answerer, self._manners).listen()
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

    async def _turn_away(self, stream: SocketStream) -> None:
        full = _("{n} clients are connected already; try again").format(n=self._most)
        with suppress(anyio.BrokenResourceError, OSError), anyio.move_on_after(SEND_BOUND):
            await stream.send(wire.refusal(None, Fault(json_rpc.REFUSED, full)))


def _hear_no_more(stream: SocketStream) -> None:
    """What has arrived is still read; then the stream is at its end."""
    with suppress(OSError):  # it is gone
        stream.extra(SocketAttribute.raw_socket).shutdown(socket.SHUT_RD)
