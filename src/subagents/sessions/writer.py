"""The one connection that writes a session's `log.db`, and the transactions it writes. Of one thread; no queue here."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from subagents.errors import SessionError
from subagents.ids import RunId
from subagents.sessions import tables
from subagents.sessions.migrations import migrate
from subagents.sessions.state import STATE_VERSION
from subagents.sessions.store import Write, out_of_order
from subagents.sessions.tables import READ_ERRORS, Row, insert

BUSY_SECONDS = 10.0  # how long a foreign program may hold the file before writing fails
KEPT_SNAPSHOTS = 2  # the one before the last is for the day that the last is damaged


class LogWriter:
    """Keeps writes, many in one transaction, and gives their messages and lines their numbers.

    Making one makes the file, with today's tables, or brings its tables up to date. Raises `NewerSession`, and
    `SessionError` for a file that cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = _open(path)
            (self._seq,) = self._db.execute("select coalesce(max(seq), 0) from events").fetchone()
            self._messages = self._last("select run, max(n) from messages group by run")
            self._lines = self._last("select run, max(last) from lines group by run")
        except (*READ_ERRORS, OSError) as error:
            raise unwritable(path, error) from error
        self._synced = False
        self._file = _identity(path)

    def keep(self, writes: Sequence[Write]) -> tuple[int, SessionError | None]:
        """How many of them are kept now, the first ones; and why the others, and all later ones, are not."""
        try:
            rows = self._rows(writes)
            if rows.writes:
                self._transaction(rows)
        # Besides SQLite's: what cannot be written as JSON, as UTF-8 or as a number of eight bytes.
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            return 0, unwritable(self._path, error)
        # SQLite goes on writing to a file that has no name any more, and nobody would ever read it.
        if rows.synced and _identity(self._path) != self._file:
            return 0, _removed(self._path)
        return rows.writes, rows.refusal

    def keep_snapshot(self, seq: int, data: bytes) -> None:
        """In a transaction of its own, so that its failure costs nobody a fact."""
        row = tables.with_checksum(seq, STATE_VERSION, data)
        older = "delete from snapshots where seq not in (select seq from snapshots order by seq desc limit ?)"
        with suppress(sqlite3.Error), self._begun() as db:
            db.execute(insert("snapshots", replacing=True), row)
            db.execute(older, (KEPT_SNAPSHOTS,))

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._db.close()

    def _last(self, query: str) -> dict[RunId, int]:
        return {RunId(run): number for run, number in self._db.execute(query)}

    def _rows(self, writes: Sequence[Write]) -> _Rows:
        """The rows of these writes, up to the first that cannot follow."""
        rows = _Rows()
        for write in writes:
            if (reason := out_of_order(write, self._seq)) is not None:
                rows.refusal = SessionError(reason)
                break
            rows.writes += 1
            rows.synced = rows.synced or write.synced
            rows.added["events"].extend(map(tables.event_row, write.entries))
            self._seq += len(write.entries)
            if write.run is not None:
                self._add_words(rows, write.run, write)
        return rows

    def _add_words(self, rows: _Rows, run: RunId, write: Write) -> None:
        for new in write.messages:
            n = self._messages[run] = self._messages.get(run, 0) + 1
            rows.added["messages"].append(tables.message_row(run, write.episode, n, new, self._seq))
        if write.lines:
            last = self._lines.get(run, 0)
            rows.added["lines"].extend(tables.block_rows(run, last + 1, write.lines, self._seq))
            self._lines[run] = last + len(write.lines)
        if write.draft is not None:
            rows.drafts[run] = tables.draft_row(run, write.episode, write.draft)

    def _transaction(self, rows: _Rows) -> None:
        self._synchronize(rows.synced)
        with self._begun() as db:
            for table, added in rows.added.items():
                if added:
                    db.executemany(insert(table), added)
            if rows.drafts:
                db.executemany(insert("drafts", replacing=True), rows.drafts.values())
                db.execute("delete from drafts where text = ''")

    def _synchronize(self, synced: bool) -> None:
        """Between transactions: inside one SQLite does not listen."""
        if synced != self._synced:
            self._db.execute(f"pragma synchronous = {'full' if synced else 'normal'}")
            self._synced = synced

    @contextmanager
    def _begun(self) -> Iterator[sqlite3.Connection]:
        # Not deferred: a reader that becomes a writer may be refused at once, whatever the timeout.
        self._db.execute("begin immediate")
        try:
            yield self._db
            self._db.execute("commit")
        finally:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("rollback")


class _Rows:
    """What one transaction adds. `writes` is how many writes it is made of; `refusal` why no more of them."""

    def __init__(self) -> None:
        self.added: dict[str, list[Row]] = {"events": [], "messages": [], "lines": []}
        self.drafts: dict[RunId, Row] = {}
        self.synced = False
        self.writes = 0
        self.refusal: SessionError | None = None


def unwritable(path: Path, error: Exception) -> SessionError:
    """Why the log cannot be written, for a person."""
    if is_full(error):
        return SessionError(
            f"the disk is full: {path} cannot be written; make room and open the session again"
        )
    return SessionError(f"{path} cannot be written: {error}")


def _removed(path: Path) -> SessionError:
    return SessionError(
        f"the session's log {path} was removed or replaced while it was written; nothing is kept of it any more"
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at the path: its device and number there; None where none can be seen."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def is_full(error: Exception) -> bool:
    """Whether it is for want of room."""
    by_sqlite = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return by_sqlite or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def create_private(path: Path) -> None:
    """An empty file that only its owner can read; SQLite gives the files beside it the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        create_private(path)
    with ExitStack() as undo:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
        undo.callback(db.close)
        if db.execute("pragma journal_mode = wal").fetchone() != ("wal",):
            raise SessionError(
                f"{path} is on a file system where SQLite cannot keep a write-ahead log; "
                "name a folder on a local disk with SUBAGENTS_STATE"
            )
        db.execute("pragma synchronous = normal")
        if tables.is_empty(db):
            tables.create(db, session=path.parent.name)
        migrate(db)
        undo.pop_all()
        return db
