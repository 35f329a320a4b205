"""`subagents` as its users meet it: a process, with pipes, signals and an exit code."""

from __future__ import annotations

import fcntl
import os
import queue
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import subagents

BOUND = 60.0  # seconds after which a story is given up; a process takes about two
PATIENCE = 3.0  # seconds of silence after which a person presses a key again

SOURCE = str(Path(subagents.__file__).parents[1])


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Program:
    """One process. What it writes is collected as it comes."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, *, stdin: str | None = None, **environment: str
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "subagents", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": SOURCE, **environment},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C in the terminal of whoever runs the tests is not for this process.
            start_new_session=True,
        )
        if self._process.stdin is not None:
            self._process.stdin.write((stdin or "").encode())
            self._process.stdin.close()
        self._out = _Collected(self._process.stdout)
        self._err = _Collected(self._process.stderr)

    @property
    def pid(self) -> int:
        return self._process.pid

    def says(self, text: str) -> str:
        """The first line on standard error with this text in it, when it has come."""
        return self._err.line_with(text)

    def prints(self, text: str) -> str:
        """The same on standard output."""
        return self._out.line_with(text)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends(self) -> Done:
        """What it left, when it has ended."""
        code = self._process.wait(BOUND)
        return Done(code, self._out.whole(), self._err.whole())

    def clean_up(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(BOUND)
        for collected in (self._out, self._err):
            collected.whole()
            collected.close()


class _Collected:
    """The lines of a pipe, read by a thread, so that no pipe is ever full."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._coming: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lines: list[str] = []
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe:
            self._coming.put(line.decode("utf-8"))
        self._coming.put(None)

    def line_with(self, text: str) -> str:
        for line in self._lines:
            if text in line:
                return line
        while not self._ended:
            line = self._take()
            if text in line:
                return line
        raise AssertionError(f"no line with {text!r} came, but: {''.join(self._lines)}")

    def whole(self) -> str:
        while not self._ended:
            self._take()
        return "".join(self._lines)

    def close(self) -> None:
        if self._ended:
            self._pipe.close()

    def _take(self) -> str:
        line = self._coming.get(timeout=BOUND)
        if line is None:
            self._ended = True
            return ""
        self._lines.append(line)
        return line


def bash(command: str, text: str = "") -> dict[str, object]:
    """A turn of a script that runs a command."""
    return {"text": text, "tool_calls": [{"name": "bash", "arguments": {"command": command}}]}


def _at_its_own_terminal() -> None:
    """Only from there does Ctrl-C become a signal; who starts the tests in the background may have it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """The program at a terminal of 80 by 24 cells: everything it writes, as it was written."""

    def __init__(self, arguments: Sequence[str], folder: Path, **environment: str) -> None:
        outer, inner = os.openpty()
        termios.tcsetwinsize(inner, (24, 80))
        self._outer = outer
        self._seen = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "subagents", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": SOURCE, **environment},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=_at_its_own_terminal,
        )
        os.close(inner)

    def shows(self, text: str) -> None:
        """Returns when this has been written."""
        while text not in self.seen:
            assert self._read(), f"{text!r} did not come, but: {self.seen}"

    def watched_for(self, seconds: float) -> None:
        """Reads what is written in that time, which may be nothing."""
        over = time.monotonic() + seconds
        while select.select([self._outer], [], [], max(0.0, over - time.monotonic()))[0]:
            assert self._read(), f"it ended, after: {self.seen}"

    def types(self, text: str) -> None:
        os.write(self._outer, text.encode())

    def insists(self, key: str, text: str) -> None:
        """Types it until this is written. A Ctrl-C in the instant before Python begins to wait for a line is noticed
        when something else is typed, and whoever sits there presses it again."""
        while text not in self.seen:
            self.types(key)
            while text not in self.seen and select.select([self._outer], [], [], PATIENCE)[0]:
                assert self._read() or text in self.seen, f"it ended, after: {self.seen}"

    def becomes(self, lines: int, columns: int) -> None:
        """The terminal is given another size."""
        termios.tcsetwinsize(self._outer, (lines, columns))

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def seen(self) -> str:
        return self._seen.decode("utf-8", "replace")

    def ends(self) -> int:
        while self._read():
            pass
        return self._process.wait(BOUND)

    def clean_up(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(BOUND)
        os.close(self._outer)

    def _read(self) -> bool:
        """More of what it writes; False when it has closed the terminal."""
        ready, _, _ = select.select([self._outer], [], [], BOUND)
        assert ready, f"nothing more came after: {self.seen}"
        try:
            piece = os.read(self._outer, 65_536)
        except OSError:  # how Linux says that nobody has the other end open any more (EIO)
            return False
        self._seen += piece
        return bool(piece)
