"""Where nothing can be read or written, where nobody listens, and what only looks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script
from tests.doors.program import BOUND, SOURCE

from subagents.places import project_at

PROGRAM = f"{sys.executable} -m subagents"


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    arguments = ["bash", "-c", command]
    return subprocess.run(
        arguments,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=BOUND,
        stdin=subprocess.DEVNULL,
    )


def run_in(project: Path) -> str:
    """The id of the project's only run."""
    (run,) = (project_at(project).state / "runs").iterdir()
    return run.name


@pytest.mark.parametrize(
    "command",
    [
        ("ps",),
        ("ps", "--all", "--json"),
        ("sessions", "list"),
        ("log", "nobody"),
        ("show", "x"),
        ("doctor",),
        ("--help",),
    ],
)
def test_looking_makes_no_file(call: Call, command: tuple[str, ...], home: Path, project: Path):
    before = [*home.rglob("*"), *project.rglob("*")]
    assert call(*command).code in (0, 2)
    assert [*home.rglob("*"), *project.rglob("*")] == before


@pytest.mark.parametrize("command", ["ps", "run answerer hello", "sessions list"])
def test_a_working_folder_that_is_gone_is_said(project: Path, command: str):
    (project / "gone").mkdir()
    done = shell(f"cd gone && rmdir ../gone && {PROGRAM} {command}", project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: The folder you are in is gone (No such file or directory); change to one that exists.\n"
    )


@pytest.mark.parametrize("command", [("ps",), ("run", "answerer", "hello")])
def test_a_state_folder_that_is_none_is_said(call: Call, project: Path, command: tuple[str, ...]):
    (project / "file").write_text("in the way")
    done = call(*command, SUBAGENTS_STATE=str(project / "file"))
    assert done.code in (1, 2)
    assert done.out == ""
    assert str(project / "file") in done.err
    assert "Not a directory" in done.err
    assert "Traceback" not in done.err


def test_definitions_that_cannot_be_read_are_said_and_the_others_work(
    call: Call, project: Path, script: Script
):
    (project / ".subagents/agents/broken.md").write_bytes(b"---\ndescription: \xff\n---\n")
    (project / ".subagents/agents/odd.md").write_text(
        "---\ndescription: odd\ntools: read\nfrobnicate: 3\n---\n"
    )
    assert call("run", "answerer", "hello", script({"text": "hi"})).out == "hi\n"
    assert "frobnicate" in call("run", "odd", "hello", script({"text": "hi"})).err
    assert "broken.md" in call("doctor").out


def test_a_definition_that_cannot_be_used_is_named_to_who_asks_for_it(call: Call, project: Path):
    broken = project / ".subagents/agents/broke.md"
    broken.write_text("---\ndescription: [\n---\nBroken.\n")
    done = call("run", "broke", "hello")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: There is no agent 'broke'.")
    assert f"It cannot be used: {broken}:" in done.err


def test_standard_streams_may_be_closed(project: Path, script: Script):
    model = script({"text": "hi"})
    done = shell(f"{PROGRAM} run answerer hello '{model}' <&- 2>&-", project)
    assert (done.returncode, done.stdout) == (0, "hi\n")


@pytest.mark.parametrize("command", ["ps", "result x", "sessions list", "usage"])
def test_a_state_folder_that_is_none_is_refused_alike(call: Call, command: str):
    done = call(*command.split(), SUBAGENTS_STATE=os.devnull)
    assert (done.code, done.out) == (2, "")
    assert "name another folder with SUBAGENTS_STATE" in done.err


@pytest.mark.parametrize("command", ["--help", "run --help", "settings", "agents list", "doctor"])
def test_whoever_closes_the_pipe_ends_every_command_alike(project: Path, command: str):
    unread, output = os.pipe()
    os.close(unread)
    done = subprocess.run(
        [sys.executable, "-m", "subagents", *command.split()],
        cwd=project,
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        timeout=BOUND,
    )
    os.close(output)
    # Ended by the signal, or by itself in the way a shell tells of that.
    assert done.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)
    assert done.stderr == b""


def test_a_full_disk_under_the_output_is_said(project: Path, script: Script):
    model = script({"text": "hi"})
    done = shell(f"{PROGRAM} run answerer hello '{model}' --quiet > /dev/full", project)
    assert (done.returncode, done.stderr) == (
        1,
        "Error: standard output cannot be written: No space left on device. "
        f"The answer is kept: subagents result {run_in(project)}\n",
    )
    events = shell(f"{PROGRAM} run answerer again '{model}' --quiet --events > /dev/full", project)
    assert events.returncode == 0
    assert events.stderr.startswith(
        "The facts cannot be written to standard output: No space left on device. The run goes on"
    )


def test_a_terminal_that_knows_only_ascii_is_given_nothing_else(call: Call, script: Script):
    done = call("run", "answerer", "grüße", script({"text": "hi"}), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.code == 0
    assert "+ answerer  gr?" in done.err
    assert "✓" not in done.err


@pytest.mark.parametrize("option", ["--json", "--events"])
def test_json_is_json_whatever_the_encoding_of_the_output_is(call: Call, script: Script, option: str):
    done = call("run", "answerer", "x", script({"text": "grüße ✓"}), option, PYTHONIOENCODING="latin-1")
    assert done.out.isascii()
    told = [json.loads(done.out)] if option == "--json" else map(json.loads, done.out.splitlines())
    assert "grüße ✓" in [each.get("text") for each in told]


def test_a_user_that_there_is_not_is_a_sentence(call: Call):
    for command in (("ps",), ("run", "answerer", "x", "--cwd", "~nobody-here/x")):
        state = {"SUBAGENTS_STATE": "~nobody-here/x"} if command == ("ps",) else {}
        assert "This is a bug" not in call(*command, **state).err
