"""Looking at the lines of runs that other processes drive, or drove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Sit, Start
from tests.doors.program import bash

#: A command that goes on until the story says so.
UNTIL_TOLD = "echo begun; until [ -e go ]; do sleep 0.02; done; echo told"


def begun(start: Start, script: Script, *more: dict[str, object]) -> str:
    """The id of a run in another process, which waits for the file `go`."""
    first = bash("seq 40", text="I look.\nThen:")
    program = start("run", "worker", "look", script(first, bash(UNTIL_TOLD), *more))
    run = program.says(": look").split()[1].rstrip(":")
    program.says("▸ bash echo begun")
    return run


def test_a_live_run_is_looked_at_and_followed_to_its_end(
    start: Start, call: Call, script: Script, project: Path
):
    run = begun(start, script, {"text": "All is well.\n\nReally."})
    seen = call("peek", run, "-n", "3")
    assert (seen.code, seen.out.splitlines()[:2]) == (0, ["[42] 39", "[43] 40"])
    assert call("peek", run, "--regex", "^3.$", "--before", "36", "-n", "2").out == "[34] 31\n[35] 32\n"

    following = start("peek", run, "--after", "41", "--regex", "40|^told|well|Really", "--follow")
    assert following.prints("40") == "[43] 40\n"
    (project / "go").touch()
    done = following.ends()
    assert done.code == 0
    assert done.out == "[43] 40\n[46] told\n[47] All is well.\n[49] Really.\n"
    assert done.err.startswith(f"Run {run}: completed, after ")

    after = call("peek", run, "--after", "44").out
    assert after == "[45] begun\n[46] told\n[47] All is well.\n[48]\n[49] Really.\n"


def test_followed_as_json_each_line_comes_once(start: Start, call: Call, script: Script, project: Path):
    run = begun(start, script, {"text": "done"})
    following = start("peek", run, "--after", "0", "--follow", "--json")
    following.prints('"lines"')
    (project / "go").touch()
    objects = [json.loads(line) for line in following.ends().out.splitlines()]
    assert [line["n"] for each in objects for line in each["lines"]] == list(range(1, 48))
    assert objects[0]["id"] == run


def test_lines_go_on_where_they_ended_when_the_run_does(call: Call, script: Script):
    model = script({"text": "one\ntwo"}, {"match": "again", "text": "three"}, repeat=True)
    call("run", "answerer", "go", model)
    assert call("peek", "answerer", "--after", "1").out == "[2] two\n"
    call("resume", "answerer", "again")
    assert call("peek", "answerer", "--after", "2").out == "[3] three\n"


def test_what_cannot_be_looked_at_is_said(call: Call, script: Script):
    call("run", "answerer", "go", script({"text": "one"}))
    refused = call("peek", "answerer", "--regex", r"(o)\1")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(
        "Error: The pattern /(o)\\1/ cannot be used: at character 4, a back-reference"
    )
    unknown = call("peek", "nobody")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no run 'nobody'" in unknown.err


def test_nothing_is_written_by_looking(call: Call, script: Script, project: Path, home: Path):
    call("run", "answerer", "go", script({"text": "one"}))
    before = {path: path.stat().st_mtime_ns for place in (project, home) for path in place.rglob("*")}
    assert call("peek", "answerer").out == "[1] one\n"
    assert {path: path.stat().st_mtime_ns for place in (project, home) for path in place.rglob("*")} == before


def test_where_output_is_ascii_everything_can_be_printed(
    start: Start, call: Call, script: Script, project: Path
):
    call("run", "answerer", "go", script({"text": "▸ café"}))
    assert call("peek", "answerer", PYTHONIOENCODING="ascii", PYTHONUTF8="0").out == "[1] \\u25b8 caf\\xe9\n"


# --- at a terminal


def test_at_a_terminal_numbers_are_dim_and_nothing_acts_on_it(sit: Sit, call: Call, script: Script):
    call("run", "answerer", "go", script({"text": "one [red]two[/red] :smile: " + "long " * 30 + "\x1b[2J"}))
    terminal = sit("peek", "answerer")
    assert terminal.ends() == 0
    assert terminal.seen.startswith("\x1b[2m[1]\x1b[0m one [red]two[/red] :smile: long")
    assert terminal.seen.rstrip().endswith("long \\x1b[2J")
    assert terminal.seen.count("\n") == 1, "a line is broken by the terminal, not by us"


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_terminal_without_colours_is_given_none(
    sit: Sit, call: Call, script: Script, environment: dict[str, str]
):
    call("run", "answerer", "go", script({"text": "one"}))
    terminal = sit("peek", "answerer", **environment)
    assert terminal.ends() == 0
    assert terminal.seen == "[1] one\r\n"


def test_ctrl_c_ends_the_following_and_not_the_run(
    sit: Sit, start: Start, call: Call, script: Script, project: Path
):
    run = begun(start, script, {"text": "done"})
    terminal = sit("peek", run, "--follow")
    terminal.shows("40")
    terminal.types("\x03")
    assert terminal.ends() == 130
    assert "Traceback" not in terminal.seen
    assert call("result", run).code == 5
    (project / "go").touch()
    assert call("peek", run, "--follow", "-n", "1").err.startswith(f"Run {run}: completed")
