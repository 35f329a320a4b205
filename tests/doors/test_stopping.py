"""Ending a run from outside, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import SOURCE, Program, bash

PROC = Path("/proc")


@pytest.fixture(autouse=True)
def _nothing_left(home: Path) -> Iterator[None]:
    """Ends what a killed program's commands left. Asked for before `start`, so it comes after its programs ended."""
    yield
    for process in PROC.glob("[1-9]*"):
        with suppress(OSError):  # gone meanwhile, or another user's
            environment = (process / "environ").read_bytes().split(b"\0")
            if f"HOME={home}".encode() in environment and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)


HANGING = bash("echo here; sleep 600", text="The first half.")


def hanging(start: Start, script: Script, *more: dict[str, object]) -> tuple[Program, str]:
    """A run whose command hangs, and its id."""
    program = start("run", "worker", "both halves", script(HANGING, *more))
    run = program.says(": both halves").split()[1].rstrip(":")
    program.says("▸ bash")
    return program, run


def test_another_process_sees_it_and_stops_it(start: Start, call: Call, script: Script):
    program, run = hanging(start, script)
    (seen,) = json.loads(call("ps", "--json").out)
    assert (seen["id"], seen["status"], seen["owner"]) == (run, "running", program.pid)
    waiting = call("result", "worker")
    assert (waiting.code, waiting.out) == (5, "")
    assert "is running: running echo here; sleep 600" in waiting.err

    refused = call("resume", run, "go on")
    assert refused.code == 2
    assert f"still running, in process {program.pid}" in refused.err

    stopped = call("stop", run, "--reason", "not needed")
    assert (stopped.code, stopped.out) == (0, f"{run} stopped\n")
    done = program.ends()
    assert (done.code, done.out) == (3, "The first half.\n")
    assert "worker stopped by user: not needed" in done.err
    assert call("stop", run).out == f"{run} had ended already: stopped\n"


@pytest.mark.parametrize(
    ("number", "code", "by", "reason"),
    [
        (signal.SIGINT, 130, "user", "Ctrl-C was pressed"),
        (signal.SIGTERM, 143, "shutdown", "its process was asked to end (SIGTERM)"),
    ],
)
def test_a_signal_stops_it_in_good_order_and_it_can_be_gone_on_with(
    start: Start, call: Call, script: Script, number: signal.Signals, code: int, by: str, reason: str
):
    program, run = hanging(start, script, {"match": "second", "text": "The second half."})
    program.send(number)
    done = program.ends()
    assert (done.code, done.out) == (code, "")
    assert f"What it had written so far is kept: subagents result {run}\n" in done.err
    assert f'Go on with: subagents resume {run} "…"\n' in done.err

    told = call("result", run, "--json")
    kept = json.loads(told.out)
    assert told.code == 3
    assert (kept["status"], kept["by"], kept["reason"], kept["text"]) == (
        "stopped",
        by,
        reason,
        "The first half.",
    )
    resumed = call("resume", run, "and the second")
    assert (resumed.code, resumed.out) == (0, "The second half.\n")
    assert "The second half." in call("log", run, "-n", "1").out


def test_a_run_whose_owner_died_is_seen_as_interrupted_by_all_who_look(
    start: Start, call: Call, script: Script
):
    program, run = hanging(start, script, {"match": "second", "text": "The second half."})
    program.send(signal.SIGKILL)
    program.ends()
    assert f"{run}  worker  worker  interrupted (owner gone)" in call("ps").out
    (seen,) = json.loads(call("ps", "--json").out)
    assert (seen["status"], seen["owner_gone"], seen["owner"]) == ("interrupted", True, None)
    left = call("result", run)
    assert (left.code, left.out) == (4, "The first half.\n")
    assert "its owner is gone" in left.err
    assert "interrupted (owner gone)" in call("show", run).out
    assert "its owner is gone" in call("log", "-f", run).err

    recorded = call("stop", run)
    assert recorded.out == f"{run} had lost its owner; it is recorded as interrupted now\n"
    assert call("result", run).code == 4
    assert call("resume", run, "the second").out == "The second half.\n"


def test_stopping_several_stops_those_that_there_are(start: Start, call: Call, script: Script):
    first, one = hanging(start, script)
    second, other = hanging(start, script)
    done = call("stop", one, "nobody", other)
    assert done.code == 2
    assert done.out == f"{one} stopped\n{other} stopped\n"
    assert "no run 'nobody'" in done.err
    assert [program.ends().code for program in (first, second)] == [3, 3]


def test_an_owner_that_cannot_be_asked_is_named(start: Start, call: Call, script: Script, home: Path):
    program, run = hanging(start, script)
    for socket in home.rglob("*.sock"):
        socket.unlink()
    done = call("stop", run)
    assert done.code == 2
    assert f"Process {program.pid} drives run {run}; end it with: kill {program.pid}" in done.err


def test_log_follows_a_run_to_its_end(start: Start, call: Call, script: Script, project: Path):
    gate = project / "gate"
    os.mkfifo(gate)
    program = start("run", "worker", "x", script(bash(f"cat {gate}", text="I wait."), {"text": "It opened."}))
    run = program.says(": x").split()[1].rstrip(":")
    program.says("▸ bash")
    following = start("log", "-f", "worker")
    assert following.prints("▸ bash cat") == f"    2  ▸ bash cat {gate}\n"
    gate.write_text("open\n")
    done = following.ends()
    assert (done.code, done.out.splitlines()[-1]) == (0, "    4  It opened.")
    assert done.err.startswith(f"Run {run}: completed, after ")
    assert program.ends().out == "It opened.\n"


def test_a_run_begun_by_a_command_of_a_run_is_its_child_and_bounded_by_depth(
    call: Call, script: Script, project: Path
):
    model = script({"text": "from below"})
    inner = f"PYTHONPATH={SOURCE} {sys.executable} -m subagents run answerer below '{model}' --quiet"
    outer = script(bash(inner), {"text": "above"})
    assert call("run", "worker", "above", outer).out == "above\n"
    child, parent = sorted(json.loads(call("ps", "--json").out), key=lambda run: -run["depth"])
    assert (child["parent"], child["depth"], child["status"]) == (parent["id"], 2, "completed")
    assert child["session"] != parent["session"]
    assert "from below" in call("log", parent["id"]).out
    assert "✓ answerer  below" in call("show", parent["id"]).out

    # The same at its own limit: the command fails with a sentence, which its model reads.
    outer = script(bash(f"SUBAGENTS_MAX_DEPTH=1 {inner}"), {"text": "above"})
    assert call("run", "worker", "above", outer).code == 0
    assert "agents may be nested 1 deep (the setting max_depth)" in call("log", "worker").out
