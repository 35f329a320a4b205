"""A process that is killed in the middle of many runs: every run is found, said honestly, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script
from tests.doors.program import BOUND, SOURCE

from subagents.places import project_at
from subagents.sessions import folder as folders
from subagents.sessions.reader import read_session

# Each process is killed when it has told of at least so many runs: 200 in all.
RUNS = 40
ROUNDS = 5


@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_run_of_a_killed_process_is_found_with_an_honest_status(
    project: Path, call: Call, script: Script, number: int
):
    forever = f"600.{os.getpid()}{number}"
    model = script(
        {"match": "^answer", "text": "here it is"},
        {"match": "^work", "text": "working", "tool_calls": [_bash(f"sleep {forever} & sleep {forever}")]},
        repeat=True,
    ).removeprefix("--model=")
    told = _killed_after(random.Random(number).randint(RUNS, 2 * RUNS), project, model)
    assert len(told) >= RUNS

    # Whoever works in the project next finds everything tidy, and is not in anybody's way.
    after = call("run", "answerer", "answer me", f"--model={model}")
    assert (after.code, after.out) == (0, "here it is\n")
    statuses = _statuses(project)
    assert set(told) <= set(statuses)
    assert set(statuses.values()) <= {"completed", "interrupted"}
    assert _processes_with(forever) == []


def _bash(command: str) -> dict[str, object]:
    return {"name": "bash", "arguments": {"command": command}}


def _killed_after(runs: int, project: Path, model: str) -> list[str]:
    """The ids that a process told before it was killed: at its run number `runs`, wherever the others are."""
    program = Path(__file__).with_name("many_runs.py")
    busy = subprocess.Popen(
        [sys.executable, str(program), str(project), model, str(2 * RUNS)],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert busy.stdout is not None
        told = [busy.stdout.readline().strip() for _ in range(runs)]
        busy.kill()
        told += busy.stdout.read().split()
    finally:
        busy.kill()
        busy.communicate(timeout=BOUND)
    assert all(told), "the process ended by itself"
    return told


def _statuses(project: Path) -> dict[str, str]:
    states = [read_session(folder.log) for folder in folders.sessions(project_at(project))]
    return {run.id: str(run.status) for state in states for run in state.runs.values()}


def _processes_with(text: str) -> list[str]:
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,args="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if text in line and "ps -axww" not in line]
