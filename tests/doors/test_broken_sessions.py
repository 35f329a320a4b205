"""A session that waits, breaks or is damaged while somebody watches it, and one whose owner was killed."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import BOUND, Program, bash
from tests.doors.test_crashes import _processes_with

from subagents import AgentManager
from subagents.cli.watching import watch
from subagents.places import project_at
from subagents.sessions import folder as folders
from subagents.sessions.folder import SessionFolder
from subagents.testing.runner import Reach, Say, ScriptedRunner, Wait


def hanging(start: Start, script: Script, *options: str, command: str = "sleep 600") -> tuple[Program, str]:
    """A run whose command hangs, and its id."""
    program = start("run", "worker", "x", script(bash(command, text="So far.")), *options)
    run = program.says(": x").split()[1].rstrip(":")
    program.says("▸ bash")
    return program, run


def only_session(project: Path) -> SessionFolder:
    (found,) = folders.sessions(project_at(project))
    return found


def unwritable(log: Path, kind: str = "") -> None:
    """Lets everything fail that is written to the log from now on, at once, or facts of one kind."""
    only = f"when new.kind = '{kind}'" if kind else ""
    with closing(sqlite3.connect(log, timeout=BOUND)) as other:
        other.execute(
            f"create trigger t before insert on events {only} begin select raise(abort, 'no more'); end"
        )
        other.commit()


async def test_being_in_a_hurry_ends_the_showing_and_not_what_is_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("subagents.cli.watching.HURRY", 0.0)
    gate, far = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate), Say("done")])
    with anyio.fail_after(BOUND):
        async with AgentManager.open(project, memory=True, runners={"native": runner}) as manager:
            async with watch(manager, events=True, quiet=True) as watching:
                run = await manager.spawn("answerer", "go")
                await far.wait()
                watching.hurry()
                gate.set()
                result = await manager.get_result(run, wait=True)
            assert result.text == "done"


def test_a_session_that_breaks_in_the_middle_is_one_object_and_the_way_on(
    start: Start, call: Call, script: Script, project: Path
):
    program, run = hanging(start, script, "--json")
    unwritable(only_session(project).log)
    call("stop", run)
    done = program.ends()
    told = json.loads(done.out)
    assert (done.code, told["id"]) == (1, run)
    assert "no more" in told["error"]
    assert f"Error: {told['error']}\n" in done.err
    assert f"Go on with: subagents resume {run}" in done.err
    assert "Traceback" not in done.err


def test_a_write_ahead_log_whose_end_a_disk_has_lost_is_told_by_who_looks_and_who_opens(
    start: Start, call: Call, script: Script, project: Path
):
    program, _run = hanging(start, script, command="exec sleep 600")
    program.send(signal.SIGKILL)
    program.ends()
    log = only_session(project).log
    assert "damaged" not in call("ps", "-a").err
    wal = log.with_name(f"{log.name}-wal")
    written = wal.read_bytes()
    wal.write_bytes(written[: len(written) // 2].ljust(len(written), b"\0"))
    assert f"the end of the session's log {log} is damaged" in call("ps", "-a").err
    assert "The end of the session's log is damaged" in call("clear").err


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_an_answer_whose_log_was_removed_is_printed_and_no_success(
    call: Call, script: Script, project: Path, option: str
):
    gone = bash(f"rm -rf {project_at(project).sessions}")
    done = call("run", "worker", "x", script(gone, {"text": "the answer"}), option)
    printed = json.loads(done.out)["text"] if option == "--json" else done.out.strip()
    assert (done.code, printed) == (1, "the answer")
    assert "log.db was removed or replaced while it was written" in done.err
    assert "is kept" not in done.err.replace("nothing is kept", "")


def test_an_ending_that_could_not_be_kept_is_printed_all_the_same(
    start: Start, script: Script, project: Path, tmp_path: Path
):
    asleep = bash(f"until [ -e {tmp_path}/go ]; do sleep 0.05; done")
    program = start("run", "worker", "x", script(asleep, {"text": "the answer"}))
    program.says("▸ bash")
    unwritable(only_session(project).log, kind="RunCompleted")
    (tmp_path / "go").touch()
    done = program.ends()
    assert (done.code, done.out) == (1, "the answer\n")
    assert "no more" in done.err
    assert "Go on with: subagents resume" in done.err


def test_a_damaged_log_is_told_when_it_is_opened_and_whenever_it_is_shown(
    call: Call, script: Script, project: Path
):
    call("run", "answerer", "x", script({"text": "hi"}, {"text": "again"}))
    log = only_session(project).log
    with closing(sqlite3.connect(log)) as db:
        db.execute("drop trigger events_are_never_changed")
        db.execute("update events set payload = 'x' where seq = (select max(seq) from events)")
        db.commit()
    resumed = call("resume", "answerer", "y", "--quiet")
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
    asleep = f"sleep 600.{abs(hash(project))}"
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
