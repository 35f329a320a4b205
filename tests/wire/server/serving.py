"""A model server on this machine: plays a script of replies in a provider's words and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.wire.server.dialect import Dialect
from tests.wire.server.script import Cut, Hang, Overload, Refusal, Reply, Step

BOUND = 20.0  # seconds that a silent server waits for its client to go


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Play:
    """What is answered, request after request, and what was asked. The last step is repeated."""

    dialect: Dialect
    steps: list[Step]
    asked: list[Asked] = field(default_factory=list)
    played: int = 0
    silent: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def next(self, asked: Asked) -> Step:
        self.asked.append(asked)
        self.played += 1
        return self.steps[min(self.played, len(self.steps)) - 1]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [asked.body for asked in self.asked]


@contextmanager
def served(dialect: Dialect, steps: Iterable[Step], kind: type[Play] = Play) -> Iterator[Play]:
    """Plays the steps at `url` until it is left."""
    play = kind(dialect, list(steps))
    server = _Server(("127.0.0.1", 0), type("Answering", (_Answering,), {"play": play}))
    play.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield play
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the story."""


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    play: Play

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        match self.play.next(Asked(self.path, headers, json.loads(self.rfile.read(length)))):
            case Refusal() as refusal:
                self._refuse(refusal)
            case Reply() as reply:
                self._send(self.play.dialect.frames(reply), end=True)
            case Overload(reply=reply):
                self._send([*self._half(reply), self.play.dialect.overloaded()], end=True)
            case Cut(reply=reply, cleanly=cleanly):
                self._send(self._half(reply), end=cleanly)
                self.close_connection = not cleanly
            case Hang(reply=reply):
                self._hang(reply)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def _half(self, reply: Reply) -> list[str]:
        frames = self.play.dialect.frames(reply)
        return frames[: len(frames) // 2]

    def _refuse(self, refusal: Refusal) -> None:
        body = json.dumps(self.play.dialect.refusal(refusal)).encode()
        self.send_response(refusal.status)
        for name, value in {"content-type": "application/json", **refusal.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, frames: list[str], *, end: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for frame in frames:
            self._chunk(frame.encode())
        if end:
            self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _hang(self, reply: Reply) -> None:
        """Half of the reply, and then nothing until the client has gone, which it may do before it has read that."""
        try:
            self._send(self._half(reply), end=False)
            self.play.silent.set()
            self.connection.settimeout(BOUND)
            gone = not self.connection.recv(1)
        except ConnectionError:
            gone = True
        if gone:
            self.play.left.set()
        self.close_connection = True
