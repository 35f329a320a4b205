"""From an older format of the log to today's, forward only, all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from subagents.errors import NewerSession
from subagents.sessions import tables
from subagents.sessions.migrations import MIGRATIONS, migrate


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """A log of today."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        tables.create(made, "a session")
        yield made


def add_notes(db: sqlite3.Connection) -> None:
    db.execute("create table notes(text)")


def fill_notes(db: sqlite3.Connection) -> None:
    db.execute("insert into notes values('from an older format')")


def fail(db: sqlite3.Connection) -> None:
    db.execute("insert into nowhere values(1)")


def test_there_is_a_step_from_every_format_there_was():
    assert sorted(MIGRATIONS) == list(range(1, tables.FORMAT))


def test_a_log_of_today_stays_as_it_is(db: sqlite3.Connection):
    migrate(db)
    assert tables.read_format(db) == tables.FORMAT


def test_older_formats_go_through_all_steps(db: sqlite3.Connection):
    migrate(db, wanted=3, migrations={1: add_notes, 2: fill_notes})
    assert tables.read_format(db) == 3
    assert db.execute("select text from notes").fetchall() == [("from an older format",)]
    migrate(db, wanted=3, migrations={})


def test_a_step_that_fails_leaves_everything_as_it_was(db: sqlite3.Connection):
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, wanted=3, migrations={1: add_notes, 2: fail})
    assert tables.read_format(db) == 1
    assert db.execute("select name from sqlite_master where name = 'notes'").fetchall() == []
    assert not db.in_transaction


def test_there_is_no_way_back(db: sqlite3.Connection):
    tables.write_format(db, 5)
    with pytest.raises(NewerSession, match="in format 5, and this version reads formats up to 1"):
        migrate(db)
    assert tables.read_format(db) == 5
