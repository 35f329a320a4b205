"""A server that is a program: it is started, spoken to over its standard input and output, and ended with all it began.

Written here and not taken from the SDK, because that ends a server's group only where the server itself does not go:
a browser that `npx` began would be left behind.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import anyio

from subagents.own_tasks import own_tasks
from subagents.texts import mended, storable
from subagents.workspaces.processes.groups import COMMAND, GRACE, end_group, new_mark, sessions

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

CHUNK = 256_000
LONGEST_MESSAGE = 64_000_000  # bytes; who says more at once is taken to have no end
MOST_ERRORS = 10_000_000  # bytes
LAST_LINES, LAST_BYTES = 5, 4_000  # of what a server wrote to standard error
LAST_WORDS = 1.0  # seconds that one which says nothing more is given to end
LOOK_EVERY = 0.02  # seconds between looks at whether it went by itself

#: What a server sees of the environment beside what is written for it: what the SDK gives (mcp/client/stdio.py).
SEEN = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")


class Program:
    """One process of a server, leader of a session of its own. Raises `OSError` or `ValueError` where it cannot be."""

    def __init__(self, argv: Iterable[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._mark, self._strangers = new_mark(), sessions()
        self._errors = TemporaryFile("a+b")  # noqa: SIM115 closed when the process is over
        self._silent = self._ending = self._by_itself = False
        self._words: list[str] = []
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=folder,
                env={**environment, COMMAND: self._mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
            )
        except BaseException:
            self._errors.close()
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)

    @property
    def alive(self) -> bool:
        return not self._silent and self._process.poll() is None

    @property
    def last_words(self) -> str:
        """How it ended, if it did so by itself, and the last lines it wrote to standard error."""
        code = self._process.poll() if self._by_itself else None
        ended = "" if code is None else f"it ended with exit code {code if code >= 0 else 128 - code}"
        said = f"it wrote: {' | '.join(self._last_lines())}" if self._last_lines() else ""
        return "; ".join(filter(None, (ended, said)))

    async def settled(self) -> None:
        """Waits a moment for the end of one that says nothing more, so that its last words are there."""
        with anyio.move_on_after(LAST_WORDS):
            while self._silent and self._process.poll() is None:  # noqa: ASYNC110 see `_end`
                await anyio.sleep(LOOK_EVERY)

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[tuple[Any, Any]]:
        """Its messages and where ours go, as the SDK's client wants them; leaving ends it. Bounded."""
        to_us, messages = anyio.create_memory_object_stream[Any](0)
        ours, to_it = anyio.create_memory_object_stream[Any](0)
        try:
            async with own_tasks() as tasks:
                tasks.start_soon(self._read, to_us)
                tasks.start_soon(self._write, to_it, to_us)
                try:
                    yield messages, ours
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._end()
                    tasks.cancel_scope.cancel()
        finally:
            for stream in (to_us, messages, ours, to_it):
                stream.close()
            self._close()

    async def _read(self, to_us: MemoryObjectSendStream[Any]) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            async for line in self._lines():
                self._forget_errors()
                if (message := _message(line)) is not None:
                    await to_us.send(message)
        self._says_no_more()
        to_us.close()

    def _forget_errors(self) -> None:
        """What it wrote to standard error is not kept without end; it goes on at the file's beginning."""
        if os.fstat(self._errors.fileno()).st_size > MOST_ERRORS:
            os.ftruncate(self._errors.fileno(), 0)

    async def _lines(self) -> AsyncIterator[bytes]:
        begun: list[bytes] = []
        length = 0
        while data := await self._chunk():
            *whole, rest = data.split(b"\n")
            for line in whole:
                yield b"".join((*begun, line))
                begun, length = [], 0
            begun.append(rest)
            length += len(rest)
            if length > LONGEST_MESSAGE:
                return

    async def _chunk(self) -> bytes:
        while True:
            await anyio.wait_readable(self._stdout)
            with suppress(BlockingIOError):
                return os.read(self._stdout.fileno(), CHUNK)

    async def _write(self, to_it: MemoryObjectReceiveStream[Any], to_us: MemoryObjectSendStream[Any]) -> None:
        with suppress(OSError, anyio.ClosedResourceError):
            async for sent in to_it:
                text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                await self._send(text.encode() + b"\n")
            return
        # Whoever waits for an answer is told that none will come.
        self._says_no_more()
        to_us.close()

    def _says_no_more(self) -> None:
        self._silent = True
        self._by_itself = self._by_itself or not self._ending

    async def _send(self, data: bytes) -> None:
        while data:
            await anyio.wait_writable(self._stdin)
            with suppress(BlockingIOError):
                data = data[os.write(self._stdin.fileno(), data) :]

    async def _end(self) -> None:
        """As the protocol says: its input is closed, it may go, and then it is made to, with all that it began."""
        self._by_itself = self._by_itself or self._process.poll() is not None
        self._silent = self._ending = True
        self._stdin.close()
        with anyio.move_on_after(GRACE):
            while self._process.poll() is None:  # noqa: ASYNC110 signals of children are the application's
                await anyio.sleep(LOOK_EVERY)
        await end_group(
            self._process.pid, GRACE, lambda: self._process.poll() is None, self._mark, self._strangers
        )

    def _close(self) -> None:
        self._words = self._last_lines()
        for file in (self._stdin, self._stdout, self._errors):
            with suppress(OSError):
                file.close()

    def _last_lines(self) -> list[str]:
        if self._errors.closed:
            return self._words
        size = os.fstat(self._errors.fileno()).st_size
        data = os.pread(self._errors.fileno(), LAST_BYTES, max(0, size - LAST_BYTES))
        lines = [line.strip() for line in storable(data.decode(errors="replace")).splitlines()]
        return [line for line in lines if line][-LAST_LINES:]


def _message(line: bytes) -> Any:
    """A message as the SDK has it; None for what is none: some servers print to their output too."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    if not line.strip().startswith(b"{"):
        return None
    with suppress(ValueError):
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    # Half a surrogate pair is refused there, and the rest of the answer is good.
    with suppress(ValueError, RecursionError):
        return SessionMessage(
            jsonrpc_message_adapter.validate_python(mended(json.loads(line)), by_name=False)
        )
    return None
