"""A session that waits, breaks or is damaged while somebody watches it, and one whose owner was killed."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import Program, bash
from tests.doors.test_crashes import _processes_with

from subagents.places import project_at
from subagents.sessions import folder as folders
from subagents.sessions.folder import SessionFolder


def hanging(start: Start, script: Script, *options: str, command: str = "sleep 600") -> tuple[Program, str]:
    """A run whose command hangs, and its id."""
    program = start("run", "worker", "x", script(bash(command, text="So far.")), *options)
    run = program.says(": x").split()[1].rstrip(":")
    program.says("▸ bash")
    return program, run


def only_session(project: Path) -> SessionFolder:
    (found,) = folders.sessions(project_at(project))
    return found


@contextmanager
def held(log: Path) -> Iterator[sqlite3.Connection]:
    """Another program holds the log, and nothing can be written to it."""
    with closing(sqlite3.connect(log, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield other


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_commit_takes_long_ends_it_in_good_order(
    start: Start, call: Call, script: Script, project: Path, number: signal.Signals, code: int
):
    program, run = hanging(start, script)
    with held(only_session(project).log) as other:
        program.send(number)
        with pytest.raises(TimeoutExpired):
            program.ends(LONGER_THAN_HURRYING)
        other.execute("rollback")
    done = program.ends()
    assert (done.code, done.out) == (code, "")
    assert f"Go on with: subagents resume {run}" in done.err
    assert "Traceback" not in done.err
    assert call("result", run).code == 3


def test_a_session_that_breaks_in_the_middle_is_one_object_and_the_way_on(
    start: Start, script: Script, project: Path
):
    program, run = hanging(start, script, "--json")
    with held(only_session(project).log):
        # What it is told is a fact that cannot be kept.
        with suppress(SubagentsError):
            call_owner(only_session(project).path, "steer", {"run": run, "message": "hurry"})
        done = program.ends()
    told = json.loads(done.out)
    assert (done.code, told["id"]) == (1, run)
    assert "database is locked" in told["error"]
    assert f"Error: {told['error']}\n" in done.err
    assert f"Go on with: subagents resume {run}" in done.err
    assert "Traceback" not in done.err


def test_a_damaged_log_is_told_when_it_is_opened_and_whenever_it_is_shown(
    call: Call, script: Script, project: Path
):
    call("run", "answerer", "x", script({"text": "hi"}))
    log = only_session(project).log
    with closing(sqlite3.connect(log)) as db:
        db.execute("update events set data = 'x' where seq = (select max(seq) from events)")
        db.commit()
    resumed = call("resume", "answerer", "y", script({"text": "again"}).replace("--model=", ""))
    assert "The session's log is damaged" in resumed.err
    for command in (("sessions", "show", log.parent.name), ("show", "answerer")):
        assert f"A damaged log was set aside: {log}.damaged-1\n" in call(*command).out


@pytest.mark.parametrize(
    "command",
    [
        ("rename", "ID", "mine"),
        ("archive", "ID"),
        ("remove", "ID", "--yes"),
        ("gc", "--days", "0"),
    ],
)
def test_what_a_killed_owner_left_running_ends_before_its_session_is_changed(
    start: Start, call: Call, script: Script, project: Path, command: tuple[str, ...]
):
    asleep = f"sleep 600.{len(command)}{command[0]}".replace(command[0], str(sum(map(ord, str(project)))))
    program, run = hanging(start, script, command=asleep)
    program.send(signal.SIGKILL)
    program.ends()
    session = only_session(project).id
    done = call("sessions", *(session if word == "ID" else word for word in command))
    assert (done.code, _processes_with(asleep)) == (0, [])
    if command[0] in ("rename", "archive"):
        (seen,) = json.loads(call("ps", "--all", "--json").out)
        assert (seen["id"], seen["status"], seen["owner_gone"]) == (run, "interrupted", False)


def test_removing_a_session_removes_what_was_counted_of_its_trees(call: Call, script: Script, project: Path):
    call("run", "answerer", "x", script({"text": "hi"}))
    state = project_at(project).state
    (run,) = (state / "runs").iterdir()
    (state / "trees").mkdir(exist_ok=True)
    for name in (f"{run.name}.count", f"{run.name}.slots", "another.count"):
        (state / "trees" / name).touch()
    call("sessions", "remove", only_session(project).id, "--yes")
    assert [left.name for left in (state / "trees").iterdir()] == ["another.count"]
