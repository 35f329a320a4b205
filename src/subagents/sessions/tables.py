"""The tables of a session's `log.db`, and how a row is made, checked and read. When and by whom is not known here.

Every row carries a checksum over all its columns, so that a bit flipped on the disk is noticed even where
SQLite's own structure is whole. The format's number stands in two places for the same reason.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import msgspec

from subagents.errors import SessionError
from subagents.events import Entry, RunEvent, encode
from subagents.ids import RunId
from subagents.sessions.messages import MessageKind, NewMessage, StoredMessage
from subagents.sessions.recordable import mended
from subagents.sessions.upcast import read_event

#: The shape of the tables below. Another shape is another number and a step in `migrations.py`.
FORMAT = 1

_packed = msgspec.msgpack.Encoder().encode

# Of a million lines in one row, reading the last one would cost as much as reading all.
BLOCK_LINES = 200
BLOCK_SIZE = 16_000  # characters; a longer line has a block of its own

#: A row as SQLite gives it.
Row = tuple[Any, ...]

SCHEMA = """
create table meta(key text primary key, value text not null);
create table events(
    seq integer primary key, id text not null, at real not null, kind text not null, version integer not null,
    run text, episode integer, payload blob not null, checksum integer not null);
create trigger events_are_never_changed before update on events
    begin select raise(abort, 'facts are never changed'); end;
create trigger events_are_never_removed before delete on events
    begin select raise(abort, 'facts are never removed'); end;
create index events_spawned on events(seq) where kind = 'RunSpawned';
create table messages(
    run text not null, episode integer not null, n integer not null, kind text not null, json blob not null,
    seq integer not null, checksum integer not null);
create unique index messages_of_run on messages(run, n);
create table lines(
    run text not null, first integer not null, last integer not null, seq integer not null,
    text text not null, checksum integer not null);
create unique index lines_of_run on lines(run, last);
create table drafts(
    run text primary key, episode integer not null, text text not null, checksum integer not null);
create table snapshots(
    seq integer primary key, state_version integer not null, json blob not null, checksum integer not null);
"""

#: Every table with a checksum, and its columns; the checksum is always the last one.
COLUMNS = {
    "events": "seq, id, at, kind, version, run, episode, payload, checksum",
    "messages": "run, episode, n, kind, json, seq, checksum",
    "lines": "run, first, last, seq, text, checksum",
    "drafts": "run, episode, text, checksum",
    "snapshots": "seq, state_version, json, checksum",
}


#: What reading a damaged file raises. SQLite's messages quote what it could not read, which may not be text.
READ_ERRORS = (sqlite3.Error, UnicodeDecodeError)


class Damaged(SessionError):
    """What is stored is not what was written."""


def select(table: str, rest: str = "") -> str:
    return f"select {COLUMNS[table]} from {table} {rest}"


def insert(table: str, *, replacing: bool = False) -> str:
    """Only what is not for ever may be replaced: SQLite would do it to a fact without asking the triggers."""
    columns = COLUMNS[table]
    verb = "insert or replace" if replacing else "insert"
    return f"{verb} into {table}({columns}) values({', '.join('?' * len(columns.split(',')))})"


def create(db: sqlite3.Connection, session: str) -> None:
    """Makes the tables of an empty file, all of them or none."""
    meta = f"insert into meta values('session', {_quoted(session)});"
    db.executescript(f"begin immediate;{SCHEMA}{meta}")
    write_format(db, FORMAT)
    db.execute("commit")


def is_empty(db: sqlite3.Connection) -> bool:
    """Whether no table was made yet."""
    (made,) = db.execute("select count(*) from sqlite_master").fetchone()
    return not made


def read_format(db: sqlite3.Connection) -> int:
    """Raises `Damaged` when its two places say different numbers."""
    (header,) = db.execute("pragma user_version").fetchone()
    row = db.execute("select value from meta where key = 'format'").fetchone()
    if row is None or row[0] != str(header):
        raise Damaged(f"the log's format is {header} in one place and {row and row[0]!r} in the other")
    return int(header)


def write_format(db: sqlite3.Connection, number: int) -> None:
    """Inside a transaction of the caller."""
    db.execute("insert or replace into meta values('format', ?)", (str(number),))
    db.execute(f"pragma user_version = {number:d}")


# --- rows


def with_checksum(*columns: Any) -> Row:
    return (*columns, checksum(columns))


def checksum(columns: Sequence[Any]) -> int:
    """zlib's CRC-32 over the columns as a MessagePack array (integers in their shortest form)."""
    return crc32(_packed(columns))


def checked(row: Row) -> Row:
    """The row without its checksum. Raises `Damaged`."""
    columns = row[:-1]
    if checksum(columns) != row[-1]:
        raise Damaged("a row's checksum does not fit what it holds")
    return columns


def event_row(entry: Entry) -> Row:
    event = entry.event
    run, episode = (event.run, event.episode) if isinstance(event, RunEvent) else (None, None)
    # The column's affinity makes a float of it anyway, and the checksum must be over what comes back.
    at = float(entry.at)
    kind = type(event)
    return with_checksum(entry.seq, entry.id, at, kind.__name__, kind.version, run, episode, encode(event))


def read_entry(row: Row) -> Entry:
    """Raises `Damaged` and `NewerSession`."""
    seq, fact_id, at, kind, version, _, _, payload = checked(row)
    return Entry(seq, fact_id, at, read_event(kind, version, payload))


def message_row(run: RunId, episode: int, n: int, new: NewMessage, seq: int) -> Row:
    return with_checksum(run, episode, n, new.kind.value, new.json, seq)


def read_message(row: Row) -> StoredMessage:
    """Raises `Damaged`."""
    run, episode, n, kind, json, _ = checked(row)
    return StoredMessage(run, episode, n, MessageKind(kind), json)


def block_rows(run: RunId, first: int, lines: Sequence[str], seq: int) -> Iterator[Row]:
    """The lines of one write, in blocks small enough that reading a few lines of them costs little."""
    begin = size = 0
    for number, line in enumerate(lines):
        if number > begin and (number - begin == BLOCK_LINES or size + len(line) > BLOCK_SIZE):
            yield _block_row(run, first + begin, lines[begin:number], seq)
            begin, size = number, 0
        size += len(line)
    if begin < len(lines):
        yield _block_row(run, first + begin, lines[begin:], seq)


def _block_row(run: RunId, first: int, lines: Sequence[str], seq: int) -> Row:
    """A line break inside a line would move the numbers of the next, and becomes a blank."""
    text = "\n".join(lines)
    if text.count("\n") >= len(lines):
        text = "\n".join(line.replace("\n", " ") for line in lines)
    return with_checksum(run, first, first + len(lines) - 1, seq, mended(text))


def read_block(row: Row) -> tuple[int, list[str]]:
    """The first line's number and the lines. Raises `Damaged`."""
    _, first, last, _, text = checked(row)
    lines = text.split("\n")
    if len(lines) != last - first + 1:
        raise Damaged(f"a block of lines should hold {last - first + 1} and holds {len(lines)}")
    return first, lines


def draft_row(run: RunId, episode: int, text: str) -> Row:
    return with_checksum(run, episode, mended(text))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
