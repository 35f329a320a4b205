"""Reading a session's `log.db`, in any process, while its owner writes or when it has none.

Nothing here writes or copies a file. With a write-ahead log beside it, the file is opened `mode=ro`; without
one nobody has it open, and it is read as it lies there, because SQLite would make the files that are missing.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from subagents.errors import SessionError
from subagents.events import Entry
from subagents.ids import RunId
from subagents.sessions import tables
from subagents.sessions.messages import StoredMessage
from subagents.sessions.migrations import require_readable
from subagents.sessions.state import STATE_VERSION, SessionState
from subagents.sessions.store import Line, Stretch
from subagents.sessions.tables import READ_ERRORS, Damaged, Row, select
from subagents.sessions.wal import wal_of

BUSY_SECONDS = 5.0  # how long SQLite waits for a lock; readers of a write-ahead log meet one only at its ends
AT_A_TIME = 1_000  # facts read in one transaction
ATTEMPTS = 5  # at reading a file that an owner opens or closes meanwhile

# The blocks of a run that have lines of a range in them; for its id, the first line, the id, and twice the last line.
# Blocks follow each other without gaps: the one that holds the last line is the first to end there or later.
_WITH_LINES = """
where run = ? and last between ? and coalesce((select min(last) from lines where run = ? and last >= ?), ?)
"""

_Answer = TypeVar("_Answer")


def read_session(path: Path) -> SessionState:
    """The state that the facts of a `log.db` add up to: the last good snapshot and what followed.

    A session without a file yet has the empty state. What is damaged ends the facts; the next owner will set
    it aside. Raises `NewerSession`, and `SessionError` for a file that cannot be read.
    """
    return reading(path).state


class Reading(NamedTuple):
    """What the facts of a log add up to, and whether they are all that were written."""

    state: SessionState
    whole: bool = True


def reading(path: Path) -> Reading:
    """The same, with whether damage ended the facts."""
    if _trace(path).size == 0:
        return Reading(SessionState())
    return LogReader(path).ask(_state)


class LogReader:
    """The reading half of a store, for any thread. Each call is a short transaction.

    Raises `SessionError` for what cannot be read, `Damaged` for what is not as it was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The facts with a number above `after`, in order."""
        rest = "where seq > ? order by seq limit ?"
        while rows := self._rows(select("events", rest), after, AT_A_TIME):
            yield from (tables.read_entry(row) for row in rows)
            after = rows[-1][0]

    def entry(self, seq: int) -> Entry:
        """Raises `KeyError` for a number that is not kept."""
        rows = self._rows(select("events", "where seq = ?"), seq)
        if not rows:
            raise KeyError(seq)
        return tables.read_entry(rows[0])

    def messages(self, run: RunId) -> Sequence[StoredMessage]:
        """In order, over all episodes."""
        rows = self._rows(select("messages", "where run = ? order by n"), run)
        messages = tuple(tables.read_message(row) for row in rows)
        if any(message.n != n for n, message in enumerate(messages, 1)):
            raise Damaged(f"messages of run {run!r} are missing in {self._path}")
        return messages

    def draft(self, run: RunId) -> str:
        """The unfinished text of the reply in progress, or ""."""
        rows = self._rows(select("drafts", "where run = ?"), run)
        return str(tables.checked(rows[0])[2]) if rows else ""

    def handles(self) -> list[tuple[str, RunId]]:
        """Each run's handle and id, the newest first, without reading the other facts."""
        rows = self._rows("select run, payload from events where kind = 'RunSpawned' order by seq desc")
        return [(msgspec.json.decode(payload, type=_Handle).handle, RunId(run)) for run, payload in rows]

    def line_count(self, run: RunId) -> int:
        """The number of the last line."""
        ((last,),) = self._rows("select max(last) from lines where run = ?", run)
        return int(last or 0)

    def lines(self, run: RunId, first: int, last: int) -> Sequence[Line]:
        """The lines numbered `first` to `last`, both included, as far as they exist."""
        return [
            Line(n, text)
            for start, block in self._blocks(run, max(first, 1), min(last, sys.maxsize))
            for n, text in enumerate(block, start)
            if first <= n <= last
        ]

    def stretch(
        self, run: RunId, first: int, last: int, size: int, *, backwards: bool = False
    ) -> Stretch | None:
        """The first of these lines, or the last ones, as `LineStore` says; nothing is checked."""
        begin, end = max(first, 1), min(last, sys.maxsize)
        order = "order by last desc" if backwards else "order by last"
        query = f"select last, text from lines {_WITH_LINES} {order}"
        if begin > end:
            return None
        rows = self.ask(lambda db: _until_full(db.execute(query, (run, begin, run, end, end)), size))
        return _joined(rows[::-1] if backwards else rows, begin, end) if rows else None

    def _blocks(self, run: RunId, first: int, last: int) -> Iterator[tuple[int, Sequence[str]]]:
        query = select("lines", f"{_WITH_LINES} order by last")
        return map(tables.read_block, self._rows(query, run, first, run, last, last) if first <= last else ())

    def _rows(self, query: str, *values: object) -> list[Row]:
        return self.ask(lambda db: db.execute(query, values).fetchall())

    def ask(self, question: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """The answer from one moment of the file, even when an owner opens or closes it meanwhile."""
        for _ in range(ATTEMPTS):
            before = _trace(self._path)
            try:
                with closing(open_to_read(self._path, alone=not before.wal)) as db:
                    answer = question(db)
            except READ_ERRORS as error:
                if _trace(self._path) == before:
                    raise unreadable(self._path, error) from error
            else:
                if before.wal or _trace(self._path) == before:
                    return answer
        raise SessionError(f"{self._path} cannot be read while it changes this fast; try again")


def _until_full(found: sqlite3.Cursor, size: int) -> list[tuple[int, str]]:
    """The first blocks, each its last number and its text, until they have so many characters."""
    blocks: list[tuple[int, str]] = []
    with closing(found):  # a rest that nobody reads would keep the write-ahead log from being taken in
        for block in found:
            blocks.append(block)
            size -= len(block[1]) + 1
            if size <= 0:
                break
    return blocks


def _joined(blocks: Sequence[tuple[int, str]], first: int, last: int) -> Stretch:
    """Blocks in order as one text, without what comes before line `first` and after line `last`."""
    text = "\n".join([text for _last, text in blocks])
    end = blocks[-1][0]
    begin = blocks[0][0] - blocks[0][1].count("\n")
    if text.count("\n") != end - begin:
        raise Damaged(f"of the lines {begin} to {end} some are missing")
    if begin < first:
        begin, text = first, text.split("\n", first - begin)[-1]
    if end > last:
        end, text = last, text.rsplit("\n", end - last)[0]
    return Stretch(begin, end, text)


def open_to_read(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """A connection for reading, usable from any thread, one at a time. `alone` tells that nobody writes."""
    how = "immutable=1" if alone else "mode=ro"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )


def unreadable(path: Path, error: Exception) -> SessionError:
    return SessionError(f"the session's log {path} cannot be read: {error}")


def last_snapshot(db: sqlite3.Connection) -> tuple[int, bytes | None]:
    """The newest one that is whole and of today's version, with its fact's number; else (0, None)."""
    for row in db.execute(select("snapshots", "where state_version = ? order by seq desc"), (STATE_VERSION,)):
        with suppress(Damaged):
            seq, _version, data = tables.checked(row)
            return seq, data
    return 0, None


class _Handle(msgspec.Struct):
    """The one field of a `RunSpawned` that is needed to find a run by name."""

    handle: str = ""


class _Trace(msgspec.Struct, frozen=True):
    """What shows that a file without a write-ahead log was opened by an owner: of `stat`, and whether it has one."""

    size: int = 0
    modified: int = 0
    wal: bool = False


def _trace(path: Path) -> _Trace:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return _Trace()
    return _Trace(seen.st_size, seen.st_mtime_ns, wal_of(path).exists())


def _state(db: sqlite3.Connection) -> Reading:
    db.execute("begin")
    if tables.is_empty(db):
        return Reading(SessionState())
    require_readable(tables.read_format(db))
    state = _restored(last_snapshot(db)[1])
    with suppress(Damaged, *READ_ERRORS):
        for row in db.execute(select("events", "where seq > ? order by seq"), (state.seq,)):
            entry = tables.read_entry(row)
            if entry.seq != state.seq + 1:
                break
            state.apply(entry)
        else:
            return Reading(state)
    return Reading(state, whole=False)


def _restored(snapshot: bytes | None) -> SessionState:
    if snapshot is not None:
        with suppress(msgspec.MsgspecError):
            return SessionState.restore(snapshot)
    return SessionState()
