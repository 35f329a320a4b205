"""What is said of a session that cannot be read, or not all of it: by every command that meets it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.cli.acting import WORKER, called

from subagents import AgentManager
from subagents.places import project_at
from subagents.sessions.folder import SessionFolder
from subagents.testing.runner import Say, ScriptedRunner

Damage = Callable[[Path], object]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionFolder:
    """A session of one run, in the project that the commands are called in, whose owner has left."""
    agents = tmp_path / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "worker.md").write_text(WORKER)
    monkeypatch.chdir(tmp_path)
    return anyio.run(_of_one_run, tmp_path)


async def _of_one_run(project: Path) -> SessionFolder:
    runners = {"native": ScriptedRunner(default=[Say("done")])}
    async with AgentManager.open(project, runners=runners) as manager:
        await manager.get_result(await manager.spawn("worker", "go"), wait=True)
    assert manager.folder is not None
    return manager.folder


def in_place(log: Path) -> None:
    log.unlink()
    log.mkdir()


def lose_the_last(log: Path) -> None:
    with closing(sqlite3.connect(log)) as db:
        db.execute("drop trigger events_are_never_changed")
        db.execute("update events set payload = 'x' where kind = 'RunCompleted'")
        db.execute("delete from snapshots")
        db.commit()


NOTHING_LEFT: list[Damage] = [
    lambda log: log.write_text("hello"),
    lambda log: log.write_bytes(log.read_bytes()[: log.stat().st_size // 2]),
    lambda log: log.write_bytes(b""),
    in_place,
]


@pytest.mark.parametrize("damage", NOTHING_LEFT)
def test_a_log_that_cannot_be_read_is_never_told_as_nothing_there(session: SessionFolder, damage: Damage):
    damage(session.log)
    (transcript,) = session.transcripts.iterdir()
    for command in (
        *(
            "ps",
            "ps -a",
            "tree",
            "usage",
            "clear",
            "sessions list",
            "sessions gc",
            f"sessions show {session.id}",
        ),
        *("events", "result worker", "log worker", "peek worker", "show worker", f"result {transcript.stem}"),
    ):
        done = called(*command.split())
        assert f"the session's log {session.log}" in done.err, command
        assert f"transcripts of its runs are in {session.transcripts}" in done.err, command
        assert "yet" not in done.err, command
        assert "Nothing was" not in done.err, command
    assert session.id in called("sessions", "list").out
    assert f"sessions remove {session.id}" in called("doctor").out


def test_a_log_of_which_some_is_lost_says_so_beside_what_is_left(session: SessionFolder):
    lose_the_last(session.log)
    for command in (
        "ps -a",
        "tree",
        "usage",
        "events",
        "log worker",
        "peek worker",
        "show worker",
        "sessions list",
    ):
        done = called(*command.split())
        assert "is damaged: nothing that happened after fact" in done.err, command
        assert done.out, command


def test_a_log_that_was_emptied_is_told_to_who_opens_it(session: SessionFolder):
    session.log.write_bytes(b"")

    async def set_aside() -> str:
        async with AgentManager.open(Path(), session=session.id) as manager:
            return manager.set_aside

    assert anyio.run(set_aside) == (
        f"The session's log {session.log} is empty; what was said in its runs is in {session.transcripts}."
    )


def test_a_session_that_never_had_a_fact_is_no_damaged_one(session: SessionFolder):
    session.log.unlink()
    shutil.rmtree(session.transcripts)
    assert called("ps", "-a").err.startswith("Nothing has run in this project yet.")
    assert "the session's log" not in called("doctor").out


@pytest.mark.parametrize("left", ["", "nonsense", "../..", ".."])
def test_what_the_index_lacks_is_found_in_the_logs_and_entered_again(session: SessionFolder, left: str):
    index = project_at(Path()).state / "runs"
    (entry,) = index.iterdir()
    if left:
        entry.write_text(left)
    else:
        shutil.rmtree(index)
    assert called("result", entry.name[:6]).out == "done\n"
    assert entry.read_text() == session.id
    assert called("result", "worker").out == "done\n"
