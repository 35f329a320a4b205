"""A damaged log: what is good is kept and goes on, the rest is set aside and said, and nothing is ever removed."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from subagents.errors import SessionError
from subagents.sessions.reader import LogReader, read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import SessionState, fold
from subagents.sessions.store import Loaded, Write
from subagents.sessions.tables import Damaged
from subagents.testing.facts import OTHER_RUN, RUN, numbered, replied, spawned, started
from subagents.testing.store_contract import Writing, fact, message

LOG = numbered(
    [spawned(), started(), *(replied(text=f"reply {number} " + "." * 40) for number in range(118))]
)
FACTS = len(LOG)
MESSAGES = [message(f"message {seq}") for seq in range(1, FACTS + 1)]
LINES = [line for seq in range(1, FACTS + 1) for line in (f"line {seq}", "")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed session of 120 facts, each with a message and two lines, and a snapshot after 60."""
    folder = tmp_path_factory.mktemp("sound")
    _write(folder).close()
    return folder


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same session as a crash leaves it: all of it in the write-ahead log."""
    open_folder, folder = (tmp_path_factory.mktemp(name) for name in ("open", "crashed"))
    store = _write(open_folder)
    for name in ("log.db", "log.db-wal"):
        shutil.copy(open_folder / name, folder / name)
    store.close()
    return folder


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A sound log to be damaged."""
    shutil.copy(sound / "log.db", tmp_path / "log.db")
    return tmp_path / "log.db"


def _write(folder: Path) -> SqliteStore:
    store = SqliteStore(folder / "log.db")
    store.load()
    writing = Writing(store)
    for number, entry in enumerate(LOG):
        writing.keep(
            Write(entries=(entry,), run=RUN, messages=(MESSAGES[number],), lines=(f"line {entry.seq}", ""))
        )
        if entry.seq == FACTS // 2:
            store.save_snapshot(entry.seq, fold(LOG[: entry.seq]).snapshot())
    return store


def change(path: Path, *statements: str) -> None:
    """Changes rows behind SQLite's back, as a flipped bit does; its triggers are put out of the way."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for trigger in ("events_are_never_changed", "events_are_never_removed"):
            db.execute(f"drop trigger {trigger}")
        for statement in statements:
            db.execute(statement)


def opened(path: Path) -> tuple[Loaded, SqliteStore]:
    store = SqliteStore(path)
    return store.load(), store


# --- one thing at a time


@pytest.mark.parametrize(
    "statement",
    [
        "update events set payload = replace(payload, 'reply 97', 'reply 98') where seq = 100",
        "update events set at = at + 1 where seq = 100",
        "update events set id = 'ffffffffffffffff' where seq = 100",
        "update events set kind = 'RunStarted' where seq = 100",
        "update events set episode = 2 where seq = 100",
        "update events set version = 0 where seq = 100",
        "update events set checksum = 0 where seq = 100",
        "update events set run = cast(run as blob) where seq = 100",
        "delete from events where seq = 100",
    ],
)
def test_the_facts_before_a_bad_one_are_kept(path: Path, statement: str):
    change(path, statement)
    loaded, store = opened(path)
    assert tuple(store.entries()) == LOG[:99]
    assert loaded.set_aside == (
        "The session's log is damaged; the first 99 facts of it could be kept, 21 could not. Some messages or "
        f"transcript lines are missing. The damaged file was set aside as {path}.damaged-1, and the good part goes "
        f"on in {path}."
    )
    assert [row.json for row in store.messages(RUN)] == [new.json for new in MESSAGES[:99]]
    assert [line.text for line in store.lines(RUN, 1, 999)] == LINES[:198]
    store.close()


def test_the_damaged_file_is_whole_and_can_be_looked_at(path: Path):
    change(path, "update events set at = 0 where seq = 7")
    before = path.read_bytes()
    _, store = opened(path)
    store.close()
    assert path.with_name("log.db.damaged-1").read_bytes() == before
    change(path, "update events set at = 0 where seq = 3")
    loaded, store = opened(path)
    store.close()
    assert f"{path}.damaged-2" in loaded.set_aside
    assert path.with_name("log.db.damaged-1").read_bytes() == before


def test_the_good_part_goes_on(path: Path):
    change(path, "update events set at = 0 where seq = 100")
    _, store = opened(path)
    Writing(store).keep(Write(entries=(fact(100),), run=RUN, messages=(message("new"),), lines=("new",)))
    store.close()
    loaded, store = opened(path)
    assert loaded.set_aside == ""
    assert [entry.seq for entry in store.entries()] == list(range(1, 101))
    assert [row.n for row in store.messages(RUN)] == list(range(1, 101))
    assert [line.n for line in store.lines(RUN, 1, 999)] == list(range(1, 200))
    store.close()


def test_a_snapshot_of_facts_that_are_gone_is_not_used(path: Path):
    change(path, "update events set at = 0 where seq = 30")
    loaded, store = opened(path)
    assert loaded.snapshot is None
    assert fold(loaded.entries).snapshot() == fold(LOG[:29]).snapshot()
    store.close()


def test_a_bad_message_costs_no_facts(path: Path):
    change(path, "update messages set json = x'7b7d' where n = 50")
    with pytest.raises(Damaged):
        LogReader(path).messages(RUN)
    loaded, store = opened(path)
    assert loaded.set_aside.startswith(
        "The session's log is damaged; all its facts could be kept. Some messages"
    )
    assert tuple(store.entries()) == LOG
    assert [row.n for row in store.messages(RUN)] == list(range(1, 50))
    assert store.line_count(RUN) == 240
    store.close()


def test_bad_lines_cost_no_other_runs_lines(path: Path):
    _, store = opened(path)
    Writing(store).keep(Write(run=OTHER_RUN, lines=("of another run",)))
    store.close()
    change(path, "update lines set text = 'changed' where first = 101")
    with pytest.raises(Damaged):
        LogReader(path).lines(RUN, 1, 999)
    _, store = opened(path)
    assert store.line_count(RUN) == 100
    assert [line.text for line in store.lines(OTHER_RUN, 1, 9)] == ["of another run"]
    store.close()


def test_a_format_that_is_said_differently_in_two_places_is_damage_and_not_a_newer_version(path: Path):
    change(path, "pragma user_version = 3")
    loaded, store = opened(path)
    assert loaded.set_aside.startswith("The session's log is damaged; all its facts could be kept.")
    assert tuple(store.entries()) == LOG
    store.close()


def test_a_description_of_a_table_that_cannot_be_read_costs_nothing(path: Path):
    change(
        path,
        "pragma writable_schema = on",
        "update sqlite_master set sql = 'create trigger \xff' || x'fe' where name = 'events_spawned'",
    )
    with pytest.raises(SessionError, match=r"log\.db cannot be read"):
        read_session(path)
    loaded, store = opened(path)
    assert loaded.set_aside != ""
    assert tuple(store.entries()) == LOG
    store.close()


def test_an_emptied_file_does_not_cost_its_write_ahead_log(crashed: Path, tmp_path: Path):
    shutil.copytree(crashed, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "log.db"
    path.write_bytes(b"")
    wal = path.with_name("log.db-wal").read_bytes()
    loaded, store = opened(path)
    store.close()
    assert loaded.entries == ()
    assert path.with_name("log.db.damaged-1-wal").read_bytes() == wal
    assert loaded.set_aside == (
        f"The session's log {path} is empty; the facts that its write-ahead log had were set aside as "
        f"{path}.damaged-1."
    )


def test_the_damaged_end_of_a_write_ahead_log_is_said(crashed: Path, tmp_path: Path):
    shutil.copytree(crashed, tmp_path, dirs_exist_ok=True)
    path, wal = tmp_path / "log.db", tmp_path / "log.db-wal"
    damaged = bytearray(wal.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    wal.write_bytes(damaged)
    loaded, store = opened(path)
    kept = tuple(store.entries())
    assert kept == LOG[: len(kept)]
    assert 0 < len(kept) < FACTS
    assert wal.with_name("log.db-wal.damaged-1").read_bytes() == damaged
    assert loaded.set_aside.replace(str(tmp_path), "") == snapshot(
        "The end of the session's log is damaged, and what was written last is lost to it; "
        "it is kept as /log.db-wal.damaged-1."
    )
    store.close()


def test_a_write_that_was_cut_off_by_a_crash_was_never_kept_and_is_nothing_to_tell(
    crashed: Path, tmp_path: Path
):
    shutil.copytree(crashed, tmp_path, dirs_exist_ok=True)
    wal = tmp_path / "log.db-wal"
    wal.write_bytes(wal.read_bytes()[:-100])
    loaded, store = opened(tmp_path / "log.db")
    kept = tuple(store.entries())
    assert (kept, loaded.set_aside) == (LOG[: len(kept)], "")
    assert len(kept) >= FACTS - 1
    store.close()


@pytest.mark.parametrize("moment", ["copying", "complete", "half moved", "moved"])
def test_a_crash_in_the_middle_of_a_rescue_loses_nothing(path: Path, moment: str):
    change(path, "update events set at = 0 where seq = 100")
    damaged = path.read_bytes()
    rescued = _rescued_elsewhere(path)
    if moment == "copying":
        path.with_name("log.db.rescuing").write_bytes(rescued[:5_000])
    else:
        path.with_name("log.db.rescued").write_bytes(rescued)
    if moment == "half moved":
        path.with_name("log.db.damaged-1-wal").touch()
    if moment == "moved":
        path.rename(path.with_name("log.db.damaged-1"))
    loaded, store = opened(path)
    assert tuple(store.entries()) == LOG[:99]
    assert f"set aside as {path}.damaged-1" in loaded.set_aside
    store.close()
    assert path.with_name("log.db.damaged-1").read_bytes() == damaged
    assert {file.name for file in path.parent.iterdir()} <= {
        "log.db",
        "log.db.damaged-1",
        "log.db.damaged-1-wal",
    }


def _rescued_elsewhere(path: Path) -> bytes:
    elsewhere = path.parent.parent / f"{path.parent.name}-elsewhere"
    elsewhere.mkdir()
    shutil.copy(path, elsewhere)
    _, store = opened(elsewhere / "log.db")
    store.close()
    rescued = (elsewhere / "log.db").read_bytes()
    shutil.rmtree(elsewhere)
    return rescued


# --- at random


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_many(data: bytearray, chance: random.Random) -> None:
    for _ in range(20):
        _flip(data, chance)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _blank_a_page(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data))
    data[begin : begin + 4_096] = bytes(len(data[begin : begin + 4_096]))


def _scribble(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data))
    data[begin : begin + 512] = chance.randbytes(len(data[begin : begin + 512]))


@pytest.mark.parametrize("damage", [_flip, _flip_many, _cut, _blank_a_page, _scribble])
@pytest.mark.parametrize("which", ["log.db", "log.db-wal"])
def test_whatever_happens_to_the_file_no_wrong_fact_is_read(
    sound: Path, crashed: Path, tmp_path: Path, which: str, damage: Callable[[bytearray, random.Random], None]
):
    chance = random.Random(f"{damage.__name__} {which}")
    for number in range(12):
        folder = tmp_path / str(number)
        shutil.copytree(sound if which == "log.db" else crashed, folder)
        data = bytearray((folder / which).read_bytes())
        damage(data, chance)
        (folder / which).write_bytes(data)
        _holds(folder / "log.db", what_was_there=bytes(data))


def _holds(path: Path, what_was_there: bytes) -> None:
    try:
        state = read_session(path)
        assert state.snapshot() == fold(LOG[: state.seq]).snapshot()
    except SessionError:
        pass  # from outside, saying that it cannot be read is enough
    loaded, store = opened(path)
    kept = tuple(store.entries())
    assert kept == LOG[: len(kept)]
    restored = SessionState.restore(loaded.snapshot) if loaded.snapshot else None
    assert fold(loaded.entries, restored).snapshot() == fold(kept).snapshot()
    messages = [row.json for row in store.messages(RUN)]
    assert messages == [new.json for new in MESSAGES[: len(messages)]]
    assert [line.text for line in store.lines(RUN, 1, 999)] == LINES[: store.line_count(RUN)]
    Writing(store).keep(
        Write(entries=(fact(len(kept) + 1),), run=RUN, messages=(message("on"),), lines=("on",))
    )
    store.close()
    if loaded.set_aside:
        assert what_was_there in [
            file.read_bytes() for file in path.parent.iterdir() if "damaged" in file.name
        ]
