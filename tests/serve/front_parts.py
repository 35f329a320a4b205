"""What the stories of the front are told with: a file of answers, a client's end of a real process, a host by hand.

The host of these stories is the test itself: it accepts a line when the story wants it to, reads what came and says
what it likes. Every read has a bound.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from subagents.places import project_at
from subagents.serve.front.answers import VERSION_KEY, host_file

BOUND = 30.0  # seconds after which a story is given up
VERSION = "9.9"

OLD, NEW, MODERN = "2025-06-18", "2025-11-25", "2026-07-28"


def tools_of(name: str) -> dict[str, Any]:
    return {"tools": [{"name": name, "inputSchema": {"type": "object"}}]}


def file_of_answers(**changed: Any) -> dict[str, Any]:
    """What a host wrote for version 9.9."""
    handshake = {
        version: {"initialize": {"protocolVersion": version}, "tools/list": tools_of(f"old {version}")}
        for version in (OLD, NEW)
    }
    modern = {MODERN: {"server/discover": {"supportedVersions": [MODERN]}, "tools/list": tools_of("modern")}}
    return {"version": VERSION, "digest": "d1", "handshake": handshake, "modern": modern, **changed}


def request(identity: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def notification(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def modern(identity: Any, method: str, **params: Any) -> dict[str, Any]:
    return request(identity, method, _meta={VERSION_KEY: MODERN}, **params)


def result(identity: Any, **value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "result": value}


def line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


PROGRAM = """
import os, resource, socket, sys, threading
from pathlib import Path
from subagents.errors import SessionError
from subagents.places import project_at
from subagents.serve.front.process import Errand, run

def connect(project):
    print("a stray print")
    if "--forever" in sys.argv:
        threading.Event().wait()
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(os.environ["FAKE_HOST"])
    except OSError:
        raise SessionError("no host can be started here") from None
    return line

def weight():
    # What it held at most. Where the kernel tells it for this program alone: the other figure begins with what the
    # process weighed that started it.
    if os.path.exists("/proc/self/status"):
        lines = open("/proc/self/status").read().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

where = os.getcwd()
before = weight()
told = lambda: {"SUBAGENTS_MODEL": "offline"}
patience = 0.1 if "--impatient" in sys.argv else 30.0
code = run(Errand(project_at(Path(where)), where, "9.9", "--new" in sys.argv, connect, told, patience))
if "--weigh" in sys.argv:
    print(weight() - before, file=sys.stderr)
sys.exit(code)
"""


class Client:
    """The client's end of the process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._received = b""

    def send(self, *messages: Any) -> None:
        self.send_raw(b"".join(map(line, messages)))

    def send_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> Any:
        """The next message; everything that comes is one."""
        assert self.process.stdout is not None
        while b"\n" not in self._received:
            descriptor = self.process.stdout.fileno()
            assert select.select([descriptor], [], [], BOUND)[0], "nothing came"
            data = os.read(descriptor, 1 << 20)
            assert data, "the process ended"
            self._received += data
        found, _, self._received = self._received.partition(b"\n")
        return json.loads(found)

    def leave(self) -> str:
        """Closes standard input; what the process said on standard error."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        assert self.process.wait(BOUND) == 0
        assert self.process.stdout is not None
        assert self._received + self.process.stdout.read() == b""
        return self.process.stderr.read().decode()


class HostLine:
    """The host's end of one connection."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.stream.settimeout(BOUND)
        self._lines = stream.makefile("rb")

    def read(self) -> Any:
        """The next message; None when the other end has closed."""
        found = self._lines.readline()
        return json.loads(found) if found else None

    def send(self, *messages: Any) -> None:
        self.stream.sendall(b"".join(map(line, messages)))

    def close(self) -> None:
        self._lines.close()
        self.stream.close()


class Host:
    """Where the front looks for a host."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._listener.settimeout(BOUND)
        self._lines: list[HostLine] = []

    def accept(self) -> tuple[HostLine, Any]:
        """The next connection, and the parameters that the front greets with."""
        line = HostLine(self._listener.accept()[0])
        self._lines.append(line)
        greeting = line.read()
        assert (greeting["id"], greeting["method"]) == (0, "mcp")
        return line, greeting["params"]

    def welcome(self) -> HostLine:
        """The next connection, which may go on."""
        line, _ = self.accept()
        line.send(result(0))
        return line

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._listener.close()


@contextmanager
def fronted(folder: Path, home: Path, *flags: str, answers: Any = None) -> Iterator[Client]:
    """The process, started in `folder`; `answers` is what its host offered the last time."""
    if answers is not None:
        file = host_file(project_at(folder).state)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(answers), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *flags],
        cwd=folder,
        env={**os.environ, "FAKE_HOST": str(home / "h")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Client(process)
        finally:
            process.kill()
