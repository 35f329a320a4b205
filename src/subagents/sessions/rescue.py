"""A damaged log: what of it is good goes on in a new file, the damaged one is set aside. Nothing is removed.

Good is every fact before the first that is missing or not as it was written, and of each run's messages and
transcript lines the same. The steps are such that a crash between any two of them loses nothing: the new
file is complete, under its own name, before the damaged one is moved, and the next opening goes on from there.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from subagents.language import _
from subagents.sessions import tables
from subagents.sessions.migrations import require_readable
from subagents.sessions.reader import open_to_read, unreadable
from subagents.sessions.tables import READ_ERRORS, Damaged, Row, insert, select
from subagents.sessions.upcast import require_known
from subagents.sessions.wal import set_aside_lost_end, wal_of
from subagents.sessions.writer import create_private, is_full, unwritable

# What SQLite answers when not the file is at fault but the moment: the primary codes of BUSY, LOCKED, PERM, NOMEM,
# READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL and AUTH (https://www.sqlite.org/rescode.html).
_NOT_DAMAGE = {3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 23}
_SHORT_READ = 522  # an IOERR all the same: the file ends where a page should be


def make_sound(path: Path, session: str) -> str:
    """Leaves a sound log at `path`, or none where there was none. Answers what was set aside in a sentence, or "".

    For the owner only. Raises `NewerSession`, and `SessionError` for a file that cannot be read for other
    reasons than damage, or where there is no room to set anything aside; then everything is as it was.
    """
    if _rescued(path).exists():
        return _finish(path)
    if _size(path) == 0:
        # SQLite would remove the write-ahead log of an empty file.
        return _lost(path) if _size(wal_of(path)) else _emptied(path)
    try:
        with closing(open_to_read(path, alone=not wal_of(path).exists())) as db:
            kept = None if _is_sound(db) else _rescue(db, path, session)
        return set_aside_lost_end(path) if kept is None else kept.sentence(path, _replace(path))
    except OSError as error:
        raise unwritable(path, error) from error
    except READ_ERRORS as error:
        raise (unwritable if is_full(error) else unreadable)(path, error) from error


# --- looking


def _is_sound(db: sqlite3.Connection) -> bool:
    """Raises `sqlite3.Error` when it cannot be told."""
    try:
        if tables.is_empty(db):
            return True
        require_readable(tables.read_format(db))
        whole = db.execute("pragma integrity_check(1)").fetchone() == ("ok",)
        return whole and _facts_are_whole(db) and _words_are_whole(db)
    except Damaged:
        return False
    except READ_ERRORS as error:
        if not _is_damage(error):
            raise
        return False


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code == _SHORT_READ or code & 0xFF not in _NOT_DAMAGE


def _facts_are_whole(db: sqlite3.Connection) -> bool:
    for number, row in enumerate(db.execute(select("events", "order by seq")), 1):
        _seq, _id, _at, kind, version, *_ = tables.checked(row)
        require_known(kind, version)
        if row[0] != number:
            return False
    return True


def _words_are_whole(db: sqlite3.Connection) -> bool:
    chains = {table: _Chain(table) for table in _Chain.COLUMNS}
    return all(chain.takes(row) for table, chain in chains.items() for row in _all(db, table)) and all(
        _is_good(row) for row in _all(db, "drafts")
    )


def _all(db: sqlite3.Connection, table: str) -> Iterable[Row]:
    return db.execute(select(table, "order by rowid"))


def _is_good(row: Row) -> bool:
    with suppress(Damaged):
        return bool(tables.checked(row))
    return False


class _Chain:
    """Which rows of a table follow each other, for each run, numbered from 1 without gaps."""

    #: Where a row has its first and last number, and the fact it came with.
    COLUMNS: ClassVar = {"messages": (2, 2, 5), "lines": (1, 2, 3)}

    def __init__(self, table: str, last_fact: int = sys.maxsize) -> None:
        self._first, self._last, self._seq = self.COLUMNS[table]
        self._last_fact = last_fact
        self._reached: dict[str, int] = {}

    def takes(self, row: Row) -> bool:
        """Whether this row is as it was written, and the next one of its run."""
        run, first, follows = row[0], row[self._first], self._reached.get(row[0], 0) + 1
        if not _is_good(row) or first != follows or row[self._seq] > self._last_fact:
            return False
        self._reached[run] = row[self._last]
        return True


# --- rescuing


@dataclass(frozen=True)
class _Kept:
    """How much was good: the number of the last fact, how many came after it (None: nobody can tell), and
    whether messages or lines were lost."""

    facts: int
    beyond: int | None
    all_words: bool

    def sentence(self, path: Path, damaged: Path) -> str:
        if self.beyond == 0:
            what = _("The session's log is damaged; all its facts could be kept.")
        elif self.beyond is None:
            what = _(
                "The session's log is damaged; the first {facts} facts of it could be kept, any others could not."
            )
        else:
            what = _(
                "The session's log is damaged; the first {facts} facts of it could be kept, {beyond} could not."
            )
        words = "" if self.all_words else _(" Some messages or transcript lines are missing.")
        where = _(" The damaged file was set aside as {damaged}, and the good part goes on in {path}.")
        return (what + words + where).format(facts=self.facts, beyond=self.beyond, damaged=damaged, path=path)


def _rescue(damaged: sqlite3.Connection, path: Path, session: str) -> _Kept:
    """Writes what is good into the new file, which has its name only when it is complete."""
    rescuing = path.with_name(f"{path.name}.rescuing")
    for leftover in (rescuing, rescuing.with_name(f"{rescuing.name}-journal")):
        leftover.unlink(missing_ok=True)
    create_private(rescuing)
    with closing(sqlite3.connect(rescuing, isolation_level=None)) as sound:
        sound.execute("pragma synchronous = full")
        tables.create(sound, session)
        kept = _copy(damaged, sound)
    rescuing.rename(_rescued(path))
    return kept


def _copy(damaged: sqlite3.Connection, sound: sqlite3.Connection) -> _Kept:
    # Without this, bytes that are not UTF-8 would end the reading and not just fail their checksum.
    damaged.text_factory = lambda data: data.decode("utf-8", "replace")
    # Where the description of a table is damaged, the others can be read all the same.
    damaged.execute("pragma writable_schema = on")
    sound.execute("begin")
    _copy_rows(sound, "events", _good_facts(damaged))
    (last,) = sound.execute("select coalesce(max(seq), 0) from events").fetchone()
    for table in ("snapshots", "drafts"):
        _copy_rows(sound, table, filter(_is_good, _readable(damaged, table)))
    sound.execute("delete from snapshots where seq > ?", (last,))
    complete = [_copy_chain(damaged, sound, table, last) for table in _Chain.COLUMNS]
    sound.execute("commit")
    return _Kept(last, _beyond(damaged, last), all(complete))


def _good_facts(db: sqlite3.Connection) -> Iterator[Row]:
    for number, row in enumerate(_readable(db, "events"), 1):
        if row[0] != number or not _is_good(row):
            return
        yield row


def _copy_chain(damaged: sqlite3.Connection, sound: sqlite3.Connection, table: str, last: int) -> bool:
    """Whether all rows could be copied, as far as can be told."""
    chain = _Chain(table, last)
    _copy_rows(sound, table, filter(chain.takes, _readable(damaged, table)))
    return _count(damaged, table) == _count(sound, table)


def _copy_rows(sound: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    sound.executemany(insert(table), rows)


def _readable(db: sqlite3.Connection, table: str) -> Iterator[Row]:
    """The rows up to where SQLite cannot go on."""
    with suppress(*READ_ERRORS):
        yield from _all(db, table)


def _beyond(db: sqlite3.Connection, last: int) -> int | None:
    with suppress(*READ_ERRORS):
        (highest,) = db.execute("select max(seq) from events").fetchone()
        return int(highest or 0) - last if (highest or 0) >= last else None
    return None


def _count(db: sqlite3.Connection, table: str) -> int | None:
    with suppress(*READ_ERRORS):
        (count,) = db.execute(f"select count(*) from {table} not indexed").fetchone()
        return int(count)
    return None


# --- files


def _finish(path: Path) -> str:
    """The last steps of a rescue that a crash broke off."""
    damaged = _replace(path)
    said = _("The session's log was found damaged; the damaged file was set aside as {damaged}.")
    return said.format(damaged=damaged)


def _lost(path: Path) -> str:
    """A write-ahead log without its database: nothing of it can be read."""
    said = _(
        "The session's log {path} is empty; the facts that its write-ahead log had were set aside as {damaged}."
    )
    return said.format(path=path, damaged=_move_aside(path))


def _emptied(path: Path) -> str:
    """Nothing can be set aside of it; a new session has no transcripts either."""
    transcripts = path.parent / "transcripts"
    if not any(transcripts.glob("*.jsonl")):
        return ""
    said = _("The session's log {path} is empty; what was said in its runs is in {transcripts}.")
    return said.format(path=path, transcripts=transcripts)


def _replace(path: Path) -> Path:
    """Puts the rescued file in the place of the damaged one, and answers where that is now."""
    damaged = _move_aside(path) if path.exists() else _aside(path, _last_aside(path))
    _rescued(path).rename(path)
    return damaged


def _move_aside(path: Path) -> Path:
    aside = _aside(path, _last_aside(path) + 1)
    # The database comes last: until it has its new name, the same number is free for what belongs to it.
    for ending in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def _last_aside(path: Path) -> int:
    """How many damaged ones there are."""
    number = 0
    while _aside(path, number + 1).exists():
        number += 1
    return number


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.damaged-{number}")


def _rescued(path: Path) -> Path:
    return path.with_name(f"{path.name}.rescued")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
