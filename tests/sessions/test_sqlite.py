"""The store in a file: what it leaves on the disk, and what it does when others have been there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from subagents.errors import NewerSession, SessionError
from subagents.events import RunCompleted, SessionRenamed
from subagents.sessions import tables
from subagents.sessions.reader import LogReader, read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import SessionState, fold
from subagents.sessions.store import Write
from subagents.testing.facts import RUN, numbered, replied, spawned, started
from subagents.testing.store_contract import Writing, fact, facts

LOG = numbered([spawned(), started(), *(replied(text=f"reply {number}") for number in range(8))])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session" / "log.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """With ten facts, lines and a snapshot in the middle."""
    path.parent.mkdir()
    store = SqliteStore(path)
    store.load()
    Writing(store).keep(*(Write(entries=(entry,), run=RUN, lines=(f"line {entry.seq}",)) for entry in LOG))
    store.save_snapshot(5, fold(LOG[:5]).snapshot())
    yield store
    store.close()


def change(path: Path, *statements: str) -> None:
    """What somebody else did to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.parametrize(
    "statement", ["update events set payload = '{}' where seq = 3", "delete from events where seq = 10"]
)
def test_facts_are_neither_changed_nor_removed(store: SqliteStore, path: Path, statement: str):
    with pytest.raises(sqlite3.IntegrityError, match="facts are never"):
        change(path, statement)
    assert tuple(store.entries()) == LOG


def test_the_files_are_readable_for_the_user_alone(store: SqliteStore, path: Path):
    assert {file.name for file in path.parent.iterdir()} == {"log.db", "log.db-wal", "log.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_closed_session_is_one_file(store: SqliteStore, path: Path):
    list(store.entries())  # a reading connection must not keep SQLite from tidying up
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["log.db"]


def test_an_empty_file_is_a_new_session(path: Path):
    path.parent.mkdir()
    path.touch()
    store = SqliteStore(path)
    assert store.load().entries == ()
    Writing(store).keep(Write(entries=(fact(1),)))
    store.close()


def test_what_is_not_loaded_refuses_to_write(path: Path):
    writing = Writing(SqliteStore(path))
    writing.give(Write(entries=(fact(1),)))
    ((_, error),) = writing.answers()
    assert isinstance(error, SessionError)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_said(path: Path):
    with pytest.raises(SessionError, match=r"log\.db cannot be"):
        SqliteStore(path).load()


def test_a_file_of_a_newer_format_is_left_alone(store: SqliteStore, path: Path):
    store.close()
    change(path, "update meta set value = '7' where key = 'format'", "pragma user_version = 7")
    before = path.read_bytes()
    for read in (lambda: SqliteStore(path).load(), lambda: read_session(path)):
        with pytest.raises(NewerSession, match="in format 7, and this version reads formats up to 1"):
            read()
    assert path.read_bytes() == before


def test_a_fact_that_only_a_newer_version_knows_is_named(store: SqliteStore, path: Path):
    store.close()
    row = tables.with_checksum(11, "id", 1.0, "RunTeleported", 1, None, None, b"{}")
    _insert(path, row)
    for read in (lambda: SqliteStore(path).load(), lambda: read_session(path)):
        with pytest.raises(NewerSession, match="'RunTeleported', which this version does not know"):
            read()


def test_a_newer_fact_is_noticed_even_when_a_snapshot_has_been_made_since(store: SqliteStore, path: Path):
    store.close()
    _insert(path, tables.with_checksum(11, "id", 1.0, "SessionRenamed", 2, None, None, b"{}"))
    again = SqliteStore(path)
    with pytest.raises(NewerSession, match="'SessionRenamed' in version 2"):
        again.load()


def test_the_last_two_snapshots_are_kept(store: SqliteStore, path: Path):
    for seq in (6, 8, 9):
        store.save_snapshot(seq, fold(LOG[:seq]).snapshot())
    store.close()
    assert _snapshots(path) == [8, 9]


@pytest.mark.parametrize(
    "statement",
    [
        "update snapshots set json = '{}'",
        "update snapshots set checksum = checksum + 1",
        "update snapshots set state_version = 99",
        "delete from snapshots",
    ],
)
def test_without_a_good_snapshot_the_state_is_made_of_the_facts(
    store: SqliteStore, path: Path, statement: str
):
    store.close()
    change(path, statement)
    assert read_session(path).snapshot() == fold(LOG).snapshot()
    again = SqliteStore(path)
    loaded = again.load()
    assert (loaded.snapshot, loaded.entries, loaded.set_aside) == (None, LOG, "")
    again.close()


def test_a_good_snapshot_saves_reading_what_came_before(store: SqliteStore, path: Path):
    store.close()
    again = SqliteStore(path)
    loaded = again.load()
    assert loaded.snapshot is not None
    assert loaded.entries == LOG[5:]
    assert fold(loaded.entries, SessionState.restore(loaded.snapshot)).snapshot() == fold(LOG).snapshot()
    again.close()


def test_a_write_that_sqlite_refuses_ends_the_writing(store: SqliteStore, path: Path):
    change(path, "create trigger no before insert on events begin select raise(abort, 'broken disk'); end")
    writing = Writing(store)
    writing.give(*(Write(entries=(fact(seq),)) for seq in (11, 12)))
    messages = [str(error) for _, error in writing.answers()]
    change(path, "drop trigger no")
    writing.give(Write(entries=(fact(11),)))
    messages += [str(error) for _, error in writing.answers()]
    assert messages == [f"{path} cannot be written: broken disk"] * 3
    assert tuple(store.entries()) == LOG


def test_a_callback_that_raises_leaves_nobody_waiting(store: SqliteStore):
    answered: list[SessionError | None] = []
    reported = threading.Event()
    threading.excepthook, before = lambda _: reported.set(), threading.excepthook
    try:
        store.append(Write(entries=(fact(11),)), lambda _: 1 / 0)  # type: ignore[arg-type]
        assert reported.wait(30)
    finally:
        threading.excepthook = before
    store.append(Write(entries=(fact(12),)), answered.append)
    store.close()
    assert isinstance(answered[0], SessionError)


def test_another_program_may_hold_the_file_for_a_while(store: SqliteStore, path: Path):
    foreign = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    foreign.execute("begin immediate")
    writing = Writing(store)
    writing.give(Write(entries=(fact(11),)))
    foreign.execute("rollback")
    foreign.close()
    assert writing.answers() == [(0, None)]


def test_reading_sees_one_moment_while_facts_are_written(store: SqliteStore, path: Path):
    """Numbers and what they stand for fit, however the writer and the readers fall together."""
    writing = Writing(store)
    writing.give(*(Write(entries=(fact(seq),), run=RUN, lines=(f"line {seq}",)) for seq in range(11, 2_001)))
    seen = 0
    for _ in range(50):
        state = read_session(path)
        assert state.seq >= seen
        if state.seq > 10:
            assert state.header.title == f"title {state.seq}"
        seen = state.seq
    assert [error for _, error in writing.answers() if error] == []
    assert read_session(path).seq == 2_000


def test_reading_from_outside_makes_no_file(store: SqliteStore, path: Path, tmp_path: Path):
    store.close()
    before = _seen(path.parent)
    for _ in range(3):
        assert read_session(path).seq == 10
        assert LogReader(path).line_count(RUN) == 10
    assert _seen(path.parent) == before
    assert read_session(tmp_path / "none" / "log.db").seq == 0
    assert not (tmp_path / "none").exists()


def test_reading_needs_no_right_to_write(store: SqliteStore, path: Path):
    store.close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert read_session(path).seq == 10
    finally:
        path.parent.chmod(0o700)


def test_what_a_crash_left_is_read_with_its_write_ahead_log(store: SqliteStore, path: Path, tmp_path: Path):
    """A copy taken while the owner writes is what a crash leaves."""
    crashed = tmp_path / "crashed"
    shutil.copytree(path.parent, crashed)
    assert (crashed / "log.db-wal").stat().st_size > 0
    assert read_session(crashed / "log.db").snapshot() == fold(LOG).snapshot()
    again = SqliteStore(crashed / "log.db")
    assert again.load().set_aside == ""
    assert tuple(again.entries()) == LOG
    again.close()


def test_a_state_folder_without_a_log_is_an_empty_session(tmp_path: Path):
    (tmp_path / "log.db").touch()
    assert read_session(tmp_path / "log.db").seq == 0


def test_what_is_no_log_is_said(tmp_path: Path):
    path = tmp_path / "log.db"
    path.write_text("certainly not a database, whatever anybody says about it")
    with pytest.raises(SessionError, match=r"log\.db cannot be read"):
        read_session(path)
    db = sqlite3.connect(tmp_path / "other.db")
    db.execute("create table something_else(a)")
    db.close()
    with pytest.raises(SessionError, match=r"other\.db cannot be read"):
        read_session(tmp_path / "other.db")


def test_handles_are_found_without_reading_all_facts(store: SqliteStore, path: Path):
    assert LogReader(path).handles() == [("explore-abcdefgh", RUN)]


def test_a_fact_that_cannot_be_stored_is_refused_and_never_raised(store: SqliteStore):
    writing = Writing(store)
    for broken in (fact(11, SessionRenamed(title="\udce9")), fact(2**70)):
        writing.give(Write(entries=(broken,)))
    assert all(isinstance(error, SessionError) for _, error in writing.answers())
    assert tuple(store.entries()) == LOG


def test_facts_given_at_once_are_kept_in_few_transactions(store: SqliteStore, path: Path):
    """Not a measure of time: a file of which each fact had cost a commit would be many times as long."""
    Writing(store).keep(*(Write(entries=(entry,)) for entry in facts(11, 5_010)))
    assert (path.parent / "log.db-wal").stat().st_size < 5_000 * 4_096


def _insert(path: Path, row: tables.Row) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(tables.insert("events"), row)


def _snapshots(path: Path) -> list[int]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return [seq for (seq,) in db.execute("select seq from snapshots order by seq")]


def _seen(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in os.scandir(folder)
    )


@pytest.mark.parametrize("replaced", [False, True])
def test_a_log_that_was_removed_keeps_nothing_and_says_so(store: SqliteStore, path: Path, replaced: bool):
    path.unlink()
    if replaced:
        path.touch()
    ending = RunCompleted(run=RUN, episode=1, text="done")
    writing = Writing(store)
    writing.give(Write(entries=(fact(11, ending),)))
    ((_, error),) = writing.answers()
    assert f"the session's log {path} was removed or replaced" in str(error)
