"""What was said to be kept is kept, whenever the process dies and whenever the disk is full."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subagents.events import SessionRenamed
from subagents.places import Project
from subagents.sessions import folder
from subagents.sessions.reader import LogReader, read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.writer import unwritable
from subagents.testing.facts import BEGAN, RUN

if TYPE_CHECKING:
    from tests.sessions.conftest import Start

# Owns the session and records one fact after another, each awaited, saying its number when it is kept.
RECORDER = """
import sys, anyio
from pathlib import Path
from subagents.clock import SystemClock
from subagents.events import RunCompleted, SessionRenamed
from subagents.ids import RunId, SessionId
from subagents.sessions import folder
from subagents.sessions.journal import Journal
from subagents.sessions.sqlite import SqliteStore
from subagents.testing.facts import spawned

async def record(path):
    place = folder.SessionFolder(SessionId(path.name), path)
    with folder.lock(place):
        journal = Journal.load(SqliteStore(place.log), SystemClock())
        if not journal.state.runs:
            await journal.record(lambda _: spawned())
        while True:
            number = journal.head.seq + 1
            synced = RunCompleted(run=RunId("abcdefgh"), episode=1, text=f"fact {number}")
            fact = synced if number % 10 == 0 else SessionRenamed(title=f"fact {number}")
            await journal.record(lambda _: fact, run=RunId("abcdefgh"), lines=[f"line {number}"])
            print(number, flush=True)

anyio.run(record, Path(sys.argv[1]))
"""

# The same until the disk, here a limit on the size of files, is full.
UNTIL_FULL = """
import resource, sys, anyio
from pathlib import Path
from subagents.clock import SystemClock
from subagents.errors import CommitFailed, SessionClosed
from subagents.events import SessionRenamed
from subagents.sessions.journal import Journal
from subagents.sessions.sqlite import SqliteStore

async def record(path):
    store = SqliteStore(path)
    journal = Journal.load(store, SystemClock())
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    errors = []

    async def produce():
        try:
            while True:
                await journal.record(lambda head: SessionRenamed(title=f"fact {head.seq + 1} " + "x" * 500))
        except (CommitFailed, SessionClosed) as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(produce)
    store.close()
    print(journal.state.seq)
    print(sorted({type(error).__name__ for error in errors}))
    print(journal.broken)

anyio.run(record, Path(sys.argv[1]))
"""


@pytest.fixture
def place(tmp_path: Path) -> folder.SessionFolder:
    return folder.create(Project(root=tmp_path, state=tmp_path / "state"), now=BEGAN)


def test_what_was_said_to_be_kept_survives_being_killed_at_any_moment(
    place: folder.SessionFolder, start: Start
):
    moments = random.Random(20)
    reported = 0
    for _ in range(20):
        reported = max(reported, _killed_after(start(RECORDER, place.path), moments.randrange(1, 200)))
        assert folder.owner_alive(place) is None
        state = read_session(place.log)
        assert state.seq >= reported
        facts = list(LogReader(place.log).entries())
        assert [entry.seq for entry in facts] == list(range(1, state.seq + 1))
        assert all(_says(entry.event) == f"fact {entry.seq}" for entry in facts[1:])
        lines = LogReader(place.log).lines(RUN, 1, state.seq)
        assert [line.text for line in lines] == [f"line {entry.seq}" for entry in facts[1:]]


def _killed_after(process: subprocess.Popen[str], facts: int) -> int:
    """Kills the process when it has reported so many facts; answers the number of the last one it reported."""
    assert process.stdout is not None
    reported = [process.stdout.readline() for _ in range(facts)]
    process.send_signal(signal.SIGKILL)
    # What it said between our last look and its end.
    reported += process.communicate(timeout=60)[0].splitlines()
    return max(int(line) for line in reported if line.strip())


def _says(event: object) -> str:
    return event.title if isinstance(event, SessionRenamed) else getattr(event, "text", "")


@pytest.mark.parametrize("limit", [200_000, 400_001, 1_000_000])
def test_a_full_disk_ends_the_session_and_keeps_what_was_written_before(
    tmp_path: Path, start: Start, limit: int
):
    path = tmp_path / "log.db"
    output, _ = start(UNTIL_FULL, path, limit).communicate(timeout=60)
    kept, errors, reason = output.splitlines()
    assert "CommitFailed" in errors
    assert str(path) in reason
    facts = list(LogReader(path).entries())
    assert len(facts) == int(kept) > 10
    assert all(_says(entry.event).startswith(f"fact {entry.seq} ") for entry in facts)

    store = SqliteStore(path)
    loaded = store.load()
    assert (loaded.entries[-1].seq, loaded.set_aside) == (int(kept), "")
    store.close()


def test_a_full_disk_is_called_that(tmp_path: Path):
    db = sqlite3.connect(tmp_path / "small.db")
    db.execute("pragma max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError) as raised:
        db.execute("create table does_not_fit(a)")
    db.close()
    assert str(unwritable(Path("/state/log.db"), raised.value)).startswith(
        "the disk is full: /state/log.db cannot be written; make room"
    )
    full = OSError(28, os.strerror(28))
    assert str(unwritable(Path("/state/log.db"), full)).startswith("the disk is full")
