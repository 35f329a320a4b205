"""The process that an MCP client starts: answers the handshake at once, and carries the rest to the project's host.

The thin part that waits: one loop over the client's two streams and the line to the host. What to do with a message is
decided in `state`. Looking for a host may take seconds, so a thread does it. Standard library only, because some
clients wait only a second for the first answers.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

from subagents.errors import SessionError
from subagents.language import _
from subagents.places import Project
from subagents.serve.front import state
from subagents.serve.front.answers import host_file, offered, packaged_file
from subagents.serve.front.messages import MAX_LINE
from subagents.serve.front.state import Front, Link, Step
from subagents.serve.rpc.lines import Lines
from subagents.serve.rpc.too_long import TooLong

READ = 1 << 18  # bytes of one reading
# What a stream that select(2) calls writable takes without blocking: POSIX says 512 bytes at least, Linux 4096.
# It is not set to non-blocking itself, because that would hold for everybody who has it.
WRITE = getattr(select, "PIPE_BUF", 512)
MOST_UNREAD = 1 << 24  # bytes that somebody leaves unread before those are not listened to who cause more
GREETING_BOUND = 30.0  # seconds to the answer to a host's first line: it imports the model library before
TRIES = 3  # hosts in a row that may end before they take us
LEAVING_BOUND = 0.5  # seconds in which what was said still reaches its reader; clients wait two for our end

Connect = Callable[[Project], socket.socket]


@dataclass(frozen=True)
class Errand:
    """What a front is about. `environment` is asked when a host is greeted."""

    project: Project
    folder: str
    version: str
    new: bool
    connect: Connect
    environment: Callable[[], Mapping[str, str]]
    patience: float = GREETING_BOUND  # seconds for the host's first line


def run(errand: Errand) -> int:
    """Serves the client on standard input and output until it leaves; 0.

    Both are taken out of everybody else's reach: a stray print goes to standard error, and no program that is started
    reads what the client says.
    """
    client_in, client_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    told = offered(errand.version, host_file(errand.project.state), packaged_file())
    Loop(errand, Front(offered=told), client_in, client_out).run()
    return 0


class ClientGone(Exception):
    """Nobody reads what is said."""


class Loop:
    """One client's streams and the line to the host, until the client leaves."""

    def __init__(self, errand: Errand, front: Front, client_in: int, client_out: int) -> None:
        self._errand = errand
        self._front = front
        self._in, self._out = client_in, client_out
        self._heard = Lines(MAX_LINE)
        self._said: deque[bytes | TooLong] = deque()  # lines of the client that nothing was done with yet
        self._unread = bytearray()  # by the client
        self._host: _Host | None = None
        self._found: SimpleQueue[socket.socket | str] = SimpleQueue()
        self._woken, self._wake = socket.socketpair()
        self._wants_host = False
        self._tries = 0  # hosts that ended before they took us, one after the other
        self._leaving_by: float | None = None

    def run(self) -> None:
        with suppress(ClientGone):
            while not self._is_over():
                self._turn()
        if self._host is not None:
            self._host.line.close()

    def _turn(self) -> None:
        """Waits until something can be read or written, and does it."""
        reading, writing = self._interest()
        readable, writable, _none = select.select(reading, writing, [], self._bound())
        host = self._host
        if self._out in writable:
            self._write()
        if host is not None and host.line in writable:
            host.write()
        if host is not None and host.line in readable:
            self._hear_host(host)
        if self._woken in readable:
            self._woken.recv(READ)
            self._take(self._found.get())
        if self._in in readable:
            self._hear_client()
        self._give_up_silent_host()
        while self._said and self._has_room:
            self._hear(self._said.popleft())
        # Not while there is an answer to be written: importing what starts a host would hold it up.
        if self._wants_host and not self._unread:
            self._wants_host = False
            threading.Thread(target=self._look_for_host, daemon=True).start()

    def _interest(self) -> tuple[list[int | socket.socket], list[int | socket.socket]]:
        reading: list[int | socket.socket] = [self._woken]
        writing: list[int | socket.socket] = [self._out] if self._unread else []
        if self._leaving_by is None and self._has_room:
            reading.append(self._in)
        if self._host is not None:
            if len(self._unread) < MOST_UNREAD:
                reading.append(self._host.line)
            if self._host.unsent:
                writing.append(self._host.line)
        return reading, writing

    @property
    def _has_room(self) -> bool:
        """Whether what a message of the client brings about can be kept until somebody reads it."""
        unsent = len(self._host.unsent) if self._host is not None else 0
        return max(len(self._unread), unsent, self._front.weight) < MOST_UNREAD

    def _bound(self) -> float | None:
        """Seconds until something is due; None when only others decide."""
        silent = self._host.silent_from if self._host is not None else None
        due = [moment for moment in (silent, self._leaving_by) if moment is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _is_over(self) -> bool:
        if self._leaving_by is None:
            return False
        unsent = self._unread or (self._host is not None and self._host.unsent)
        return not unsent or time.monotonic() >= self._leaving_by

    # --- the client

    def _hear_client(self) -> None:
        try:
            data = os.read(self._in, READ)
        except BlockingIOError:  # who started us may have made it so
            return
        except OSError:
            data = b""
        if data:
            self._said.extend(self._heard.feed(data))
            return
        if rest := self._heard.rest():
            self._hear(rest)
        self._leaving_by = time.monotonic() + LEAVING_BOUND

    def _hear(self, line: bytes | TooLong) -> None:
        if isinstance(line, TooLong) or line.strip():
            self._do(state.from_client(self._front, line))

    def _write(self) -> None:
        try:
            written = os.write(self._out, self._unread[:WRITE])
        except BlockingIOError:
            return
        except OSError:
            raise ClientGone from None
        del self._unread[:written]

    def _do(self, step: Step) -> None:
        self._front = step.front
        self._unread += b"".join(step.say)
        if self._host is not None:
            self._host.unsent += b"".join(step.tell)
        self._wants_host = self._wants_host or step.connect

    # --- the host

    def _look_for_host(self) -> None:
        """In a thread of its own: leaves the line to the host, or the sentence why there is none."""
        found: socket.socket | str = ""
        try:
            found = self._errand.connect(self._errand.project)
        except SessionError as error:
            found = str(error)
        except OSError as error:
            found = _unreachable(error.strerror or str(error))
        finally:
            # Whatever was raised, who waits is told.
            self._found.put(found or _unreachable(_("standard error has more")))
            self._wake.send(b".")

    def _take(self, found: socket.socket | str) -> None:
        if isinstance(found, str):
            self._do(state.failed(self._front, found))
            return
        self._front, greeting = state.greeting(
            self._front,
            version=self._errand.version,
            folder=self._errand.folder,
            environment=self._errand.environment(),
            new=self._errand.new,
        )
        self._host = _Host(found, greeting, time.monotonic() + self._errand.patience)

    def _hear_host(self, host: _Host) -> None:
        lines = host.read()
        for line in lines or ():
            if self._host is not host:
                return
            if self._front.link is Link.THERE:
                self._do(state.from_host(self._front, line))
            else:
                self._begin(host, line)
        if lines is None and not self._tries_another(host):
            self._lose(_("The host of this project ended before it answered; make the call again."))

    def _tries_another(self, host: _Host) -> bool:
        """Whether this one ended before it took us, and another is looked for: a host that is being killed can still be
        connected to for a moment."""
        if self._front.link is Link.THERE or self._tries >= TRIES:
            return False
        self._tries += 1
        host.line.close()
        self._host = None
        self._wants_host = True
        return True

    def _begin(self, host: _Host, line: bytes | TooLong) -> None:
        """With the answer to the greeting."""
        host.silent_from = None
        if sentence := state.refusal(line):
            self._lose(sentence)
        else:
            self._tries = 0
            self._do(state.arrived(self._front))

    def _lose(self, sentence: str) -> None:
        if self._host is None:
            return
        self._host.line.close()
        self._host = None
        was_there = self._front.link is Link.THERE
        self._do(state.lost(self._front) if was_there else state.failed(self._front, sentence))

    def _give_up_silent_host(self) -> None:
        if self._host is None or self._host.silent_from is None:
            return
        if time.monotonic() >= self._host.silent_from:
            text = _("The host of this project did not answer within {n:g} seconds; make the call again.")
            self._lose(text.format(n=self._errand.patience))


class _Host:
    """The line to a host. `silent_from` is the moment when its first answer is overdue, None when it came."""

    def __init__(self, line: socket.socket, greeting: bytes, silent_from: float) -> None:
        self.line = line
        self.line.setblocking(False)
        self.unsent = bytearray(greeting)
        self.silent_from: float | None = silent_from
        self._lines = Lines(MAX_LINE)

    def write(self) -> None:
        try:
            del self.unsent[: self.line.send(self.unsent[:READ])]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent.clear()  # it ended; what it said before can still be read

    def read(self) -> list[bytes | TooLong] | None:
        """The lines that came; None at the end."""
        try:
            data = self.line.recv(READ)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return list(self._lines.feed(data)) if data else None


def _unreachable(why: str) -> str:
    return _("The host of this project cannot be reached: {why}.").format(why=why)
