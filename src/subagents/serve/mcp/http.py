"""The same server over HTTP, for whoever has its token: the SDK's streamable transport on this machine only."""

from __future__ import annotations

import hmac
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.lowlevel.server import Server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subagents.errors import SessionError
from subagents.own_tasks import own_tasks
from subagents.serve.mcp.asking import RIDE, Asking, client_of
from subagents.serve.mcp.conversations import Client, Conversations
from subagents.serve.mcp.peer import Peer
from subagents.serve.mcp.riding import Ride
from subagents.serve.mcp.server import mcp_server

PATH = "/mcp"
MAX_PEERS = 200  # names that clients go by; the one that asked for nothing longest is let go
LEAVING_BOUND = 2  # seconds that answers under way have when the server ends
UNAUTHORIZED = b"This server needs its token: Authorization: Bearer <token>."


def http_app(conversations_for: Callable[[Client], Conversations], token: str) -> ASGIApp:
    """An ASGI application that serves MCP at `/mcp`, in both eras, to requests that carry the token.

    All connections of clients of one name share what `conversations_for` gives for the first of them. Raises
    `ValueError` for an empty token.
    """
    if not token:
        raise ValueError("An MCP server over HTTP needs a token that is not empty.")
    peers = _Peers(conversations_for)
    server = mcp_server(peers.of)
    server.lifespan = peers.lifespan
    # With a host of this machine the SDK refuses requests that a browser was tricked into (DNS rebinding).
    served = server.streamable_http_app(streamable_http_path=PATH, host="127.0.0.1")
    return _guarded(_told_when_written(served), token.encode())


async def serve_http(app: ASGIApp, sock: socket.socket) -> None:
    """Serves on a socket that is bound to this machine's own address, until it is cancelled; then answers under way
    have a moment. Raises `SessionError` for a socket that others can reach."""
    if not ip_address(sock.getsockname()[0]).is_loopback:
        raise SessionError(
            f"MCP is served on this machine's own address only, not on {sock.getsockname()[0]!r}."
        )
    from uvicorn import Config

    config = Config(app, lifespan="on", log_config=None, timeout_graceful_shutdown=LEAVING_BOUND, ws="none")
    server = _without_signals(config)
    async with own_tasks() as tasks:
        tasks.start_soon(_serve, server, sock)
        try:
            await anyio.sleep_forever()
        finally:
            server.should_exit = True


async def _serve(server: Any, sock: socket.socket) -> None:
    # It ends by `should_exit`: a cancelled one would leave its connections and its lifespan behind.
    with anyio.CancelScope(shield=True):
        try:
            await server.serve(sockets=[sock])
        except SystemExit:  # how it says that the application did not begin
            raise SessionError("The MCP server over HTTP could not begin; its log says why.") from None


def _without_signals(config: Any) -> Any:
    """A server that leaves signals to the program it runs in."""
    from contextlib import nullcontext

    from uvicorn import Server as UvicornServer

    class Quiet(UvicornServer):
        def capture_signals(self) -> Any:
            return nullcontext()

    return Quiet(config)


class _Peers:
    """The clients by their names, for as long as the server runs, or until too many others have come since."""

    def __init__(self, conversations_for: Callable[[Client], Conversations]) -> None:
        self._conversations_for = conversations_for
        #: The quietest first.
        self._peers: dict[str, Peer] = {}
        self._tasks: TaskGroup | None = None

    def of(self, asking: Asking) -> Peer:
        client = client_of(asking)
        peer = self._peers.pop(client.name, None) or self._begun(client)
        self._peers[client.name] = peer
        while len(self._peers) > MAX_PEERS:
            self._peers.pop(next(iter(self._peers))).let_go()
        return peer

    def _begun(self, client: Client) -> Peer:
        assert self._tasks is not None, "a request before the server began"
        return Peer(self._conversations_for(client), self._tasks)

    @asynccontextmanager
    async def lifespan(self, _server: Server[Any]) -> AsyncIterator[None]:
        async with own_tasks() as tasks:
            self._tasks = tasks
            yield
            tasks.cancel_scope.cancel()


# --- around the SDK's application


def _guarded(app: ASGIApp, token: bytes) -> ASGIApp:
    """Only requests with the token, and what the server says to itself."""

    async def guarding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and _authorized(scope, token)):
            await app(scope, receive, send)
        elif scope["type"] == "http":
            await _refuse(send)

    return guarding


def _authorized(scope: Scope, token: bytes) -> bool:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _space, credential = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    # Compared whatever the scheme is, and in a time that tells nothing of where they differ.
    same = hmac.compare_digest(credential.strip(), token)
    return same and scheme.lower() == b"bearer"


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(UNAUTHORIZED)).encode()),
        (b"www-authenticate", b'Bearer realm="subagents"'),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": UNAUTHORIZED})


def _told_when_written(app: ASGIApp) -> ASGIApp:
    """Each request with a ride for notices, which learns whether the whole answer was sent."""

    async def riding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        ride, sent = Ride(), anyio.Event()

        async def sending(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # At once: the client's next request may be here before the application returns.
                ride.written()
                sent.set()

        try:
            await app({**scope, RIDE: ride}, receive, sending)
        finally:
            if not sent.is_set():
                ride.lost()

    return riding
