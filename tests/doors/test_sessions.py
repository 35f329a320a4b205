"""`subagents sessions` and `subagents doctor`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.conftest import Call, Script, Start
from tests.doors.program import bash


def test_sessions_are_listed_named_archived_and_removed(call: Call, script: Script):
    assert call("sessions", "list").err == "This project has no sessions yet.\n"
    for prompt in ("first", "second"):
        call("run", "answerer", prompt, script({"text": "done"}))
    second, first = (line.split()[0] for line in call("sessions", "list").out.splitlines()[1:])

    assert call("sessions", "rename", first, "The  beginning").code == 0
    shown = call("sessions", "show", "the beginning").out
    assert shown.startswith(f"{first}  The beginning\n–  ")
    assert "✓ answerer  first" in shown
    assert call("sessions", "archive", first).code == 0
    listed = call("sessions", "list")
    assert first not in listed.out
    assert listed.err == "1 archived one is not listed.\n"
    assert first in call("sessions", "list", "--all").out
    assert call("sessions", "archive", first, "--undo").code == 0
    assert first in call("sessions", "list").out

    refused = call("sessions", "remove", first)
    assert (refused.code, refused.err) == (2, f"Error: Removing {first} needs your word: add --yes.\n")
    assert (
        call("sessions", "remove", "the beginning", second, "--yes").out
        == f"{first} removed\n{second} removed\n"
    )
    assert call("sessions", "list").out == ""
    assert call("ps", "--all").out == ""
    unknown = call("sessions", "show", "nothing")
    assert (unknown.code, unknown.err.startswith("Error: no session 'nothing'")) == (2, True)


def test_a_session_that_a_process_owns_is_neither_renamed_nor_removed(
    start: Start, call: Call, script: Script
):
    program = start("run", "worker", "x", script(bash("sleep 600")))
    run = program.says(": x").split()[1].rstrip(":")
    program.says("▸ bash")
    session = json.loads(call("ps", "--json").out)[0]["session"]
    for command in (("rename", session, "mine"), ("remove", session, "--yes")):
        refused = call("sessions", *command)
        assert refused.code == 2
        assert f"process {program.pid} (" in refused.err
    assert "0 sessions removed" in call("sessions", "gc", "--days", "0", "--megabytes", "0").err
    assert f"process {program.pid}" in call("sessions", "list").out
    assert call("stop", run).code == 0
    program.ends()


def test_a_long_title_is_cut_where_sessions_are_listed(call: Call, script: Script):
    call("run", "answerer", "x", script({"text": "done"}))
    session = call("sessions", "list").out.splitlines()[1].split()[0]
    call("sessions", "rename", session, "long " * 40)
    (line,) = call("sessions", "list").out.splitlines()[1:]
    assert len(line[line.index("long") :]) <= 60
    assert line.endswith("…")


def test_gc_says_what_it_would_do_before_it_does(call: Call, script: Script):
    call("run", "answerer", "x", script({"text": "done"}))
    session = call("sessions", "list").out.splitlines()[1].split()[0]
    assert call("sessions", "gc").err == "0 sessions removed, 0 kB.\n"
    would = call("sessions", "gc", "--megabytes", "0", "--dry-run")
    assert would.out == f"{session}\n"
    assert would.err.startswith("1 session would be removed, ")
    assert session in call("sessions", "list").out
    assert call("sessions", "gc", "--megabytes", "0").out == f"{session}\n"
    assert call("sessions", "list").out == ""


def test_doctor_says_what_is_there_and_what_to_do(call: Call, home: Path, project: Path):
    done = call("doctor")
    assert done.code == 0
    assert "ok       git" in done.out
    assert "none: offline (no language model) answers" in done.out
    assert "set one of ANTHROPIC_API_KEY, OPENAI_API_KEY" in done.out
    findings = {
        each["name"]: each for each in json.loads(call("doctor", "--json", ANTHROPIC_API_KEY="k").out)
    }
    assert findings["model keys"]["found"].startswith("anthropic: ANTHROPIC_API_KEY is set, claude-")
    assert findings["sessions"] == {
        "name": "sessions",
        "verdict": "ok",
        "found": str(home / "state"),
        "advice": "",
    }

    (project / "file").write_text("in the way")
    broken = call("doctor", SUBAGENTS_STATE=str(project / "file" / "state"))
    assert broken.code == 1
    assert "missing  sessions" in broken.out
    assert "Name a folder that you may write to with SUBAGENTS_STATE." in broken.out
