"""MCP over HTTP on this machine: where it listens, and the token that opens it.

<state>/host/http-token   made once, readable only by the user
<state>/host/http-port    the port that was last listened on, so that a client's configuration stays true
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from subagents import atomic
from subagents.errors import SessionError
from subagents.language import _
from subagents.places import Project
from subagents.serve.host.address import host_folder
from subagents.serve.mcp.conversations import Client, Conversations
from subagents.serve.mcp.http import PATH, http_app, serve_http

ADDRESS = "127.0.0.1"  # nobody outside this machine


@dataclass(frozen=True)
class Door:
    """Bound already: whoever connects from now on is answered as soon as it is served."""

    listening: socket.socket
    token: str
    conversations_for: Callable[[Client], Conversations]

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}{PATH}"

    async def serve(self) -> None:
        """Until it is cancelled."""
        with self.listening:
            await serve_http(http_app(self.conversations_for, self.token), self.listening)


async def door(project: Project, conversations_for: Callable[[Client], Conversations], port: int) -> Door:
    """On this port, 0 for the last one or any. Raises `SessionError` for one that is taken."""
    listening = await anyio.to_thread.run_sync(_bound, project, port)
    return Door(listening, await anyio.to_thread.run_sync(_token, project), conversations_for)


def _bound(project: Project, port: int) -> socket.socket:
    remembered = host_folder(project) / "http-port"
    known = _known(remembered)
    if port == 0 and known:
        with suppress(SessionError):
            return _bind(known)
    listening = _bind(port)
    if port or not known:  # one beside another that has the usual port does not take it over
        atomic.replace(remembered, f"{listening.getsockname()[1]}\n".encode(), mode=0o600)
    return listening


def _known(remembered: Path) -> int:
    """The port that was listened on last; 0 when there is none."""
    with suppress(OSError, ValueError):
        return int(remembered.read_text(encoding="ascii"))
    return 0


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # The port of a host that ended a moment ago is free for us.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        text = _("Nothing can listen on port {port}: {why}; name another one with --port, or 0 for any.")
        raise SessionError(text.format(port=port, why=error.strerror)) from None
    return listening


def _token(project: Project) -> str:
    path = host_folder(project) / "http-token"
    with suppress(OSError):
        if token := path.read_text(encoding="ascii").strip():
            return token
    token = secrets.token_urlsafe(32)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as kept:
        kept.write(token + "\n")
    return token
