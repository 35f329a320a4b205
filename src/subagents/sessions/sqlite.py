"""The store in a file: one thread that writes, and one transaction for all that waits.

`append` puts a write in a queue. The thread takes whatever the queue holds, keeps it in one transaction, and
answers each write after the commit. What must be on the disk itself makes the whole transaction wait for it.
After a failure nothing is written any more, so that what is kept is a prefix of what was given.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeVar

from subagents.errors import SessionError
from subagents.sessions.reader import LogReader, last_snapshot, open_to_read, unreadable
from subagents.sessions.rescue import make_sound
from subagents.sessions.store import Done, Loaded, Write
from subagents.sessions.tables import READ_ERRORS
from subagents.sessions.writer import LogWriter

MOST_AT_ONCE = 1_000  # writes in one transaction; more would only make the first of them wait longer
CLOSE_SECONDS = 30.0  # how long `close` waits for the last transaction and SQLite's tidying up

_Answer = TypeVar("_Answer")


class SqliteStore(LogReader):
    """An `EventStore` in `path`, a session's `log.db`. Only the session's owner may load one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._idle: deque[sqlite3.Connection] = deque()
        self._thread: threading.Thread | None = None
        self._ended = True
        self._refusal: SessionError | None = SessionError(f"the session's log {path} is not open")

    def load(self) -> Loaded:
        set_aside = make_sound(self._path, session=self._path.parent.name)
        with ExitStack() as undo:
            writer = LogWriter(self._path)
            undo.callback(writer.close)
            seq, snapshot = self.ask(last_snapshot)
            loaded = Loaded(snapshot, tuple(self.entries(seq)), set_aside)
            self._start(writer)
            undo.pop_all()
        return loaded

    def append(self, write: Write, done: Done) -> None:
        self._queue.put(_Waiting(write, done))
        if self._ended:
            self._refuse_waiting()

    def save_snapshot(self, seq: int, data: bytes) -> None:
        self._queue.put(_Snapshot(seq, data))

    def close(self) -> None:
        # First, because SQLite tidies up when the last connection is closed, and only one that writes can.
        while self._idle:
            self._idle.pop().close()
        thread = self._thread
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            if thread is not threading.current_thread():
                thread.join(CLOSE_SECONDS)

    # --- reading, on connections that are kept

    def ask(self, question: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        try:
            with self._lent() as db:
                return question(db)
        except READ_ERRORS as error:
            raise unreadable(self._path, error) from error

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """A connection of this call's own; one that failed is not used again."""
        with ExitStack() as undo:
            db = undo.enter_context(closing(self._connection()))
            yield db
            undo.pop_all()
        self._idle.append(db)

    def _connection(self) -> sqlite3.Connection:
        with suppress(IndexError):
            return self._idle.pop()
        return open_to_read(self._path)

    # --- the thread that writes

    def _start(self, writer: LogWriter) -> None:
        self._refusal = None
        self._ended = False
        name = f"log of {self._path.parent.name}"
        self._thread = threading.Thread(target=self._write_all, args=(writer,), name=name, daemon=True)
        self._thread.start()

    def _write_all(self, writer: LogWriter) -> None:
        try:
            while self._write_some(writer, self._next_batch()):
                pass
        finally:
            # Whatever ended this thread: nobody may wait for an answer for ever.
            writer.close()
            self._refusal = self._refusal or SessionError(f"the session's log {self._path} is closed")
            self._ended = True
            self._refuse_waiting()

    def _next_batch(self) -> list[_Item]:
        batch = [self._queue.get()]
        with suppress(Empty):
            while len(batch) < MOST_AT_ONCE:
                batch.append(self._queue.get_nowait())
        return batch

    def _write_some(self, writer: LogWriter, batch: Sequence[_Item]) -> bool:
        """Whether there may be more to come."""
        waiting = [item for item in batch if isinstance(item, _Waiting)]
        kept = 0
        if self._refusal is None:
            kept, self._refusal = writer.keep([item.write for item in waiting])
        for number, item in enumerate(waiting):
            item.done(None if number < kept else self._refusal)
        if self._refusal is None:
            for snapshot in (item for item in batch if isinstance(item, _Snapshot)):
                writer.keep_snapshot(snapshot.seq, snapshot.data)
        return None not in batch

    def _refuse_waiting(self) -> None:
        with suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, _Waiting):
                    item.done(self._refusal)


class _Waiting(NamedTuple):
    write: Write
    done: Done


class _Snapshot(NamedTuple):
    seq: int
    data: bytes


#: What waits in the queue; None asks the thread to end.
_Item = _Waiting | _Snapshot | None
