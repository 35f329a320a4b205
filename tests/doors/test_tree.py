"""The tree from the outside: of all processes of a project, once and while it is watched."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.doors.conftest import Call, Script, Sit, Start
from tests.doors.program import BOUND, SOURCE, Program, bash
from tests.doors.test_other_processes import Gate
from tests.doors.test_terminal import plain

from subagents.cli.tree import TICK
from subagents.places import project_at
from subagents.sessions.folder import owner_alive, sessions

LEADING = "---\ndescription: Leads.\ntools: bash, Agent, start_agents, get_subagent_result\n---\nLead.\n"
SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


@pytest.fixture
def gate(project: Path) -> Iterator[Gate]:
    made = Gate(project / "gate")
    yield made
    made.give_up()


@pytest.fixture
def family(start: Start, script: Script, project: Path, gate: Gate) -> Program:
    """Another process, in which an agent waits with one below it that waits too, and one below it that has failed."""
    (project / ".subagents/agents/lead.md").write_text(LEADING)
    asked = [
        {"prompt": "look", "subagent_type": "worker", "description": "a look 界面", "name": "looker"},
        {"prompt": "fail", "subagent_type": "answerer", "description": "an attempt"},
    ]
    model = script(
        {
            "match": "^begin$",
            "text": "I split it.",
            "usage": {"input_tokens": 2000, "output_tokens": 0, "cost": 0.42},
            "tool_calls": [{"name": "start_agents", "arguments": {"agents": asked}}],
        },
        {"match": "^fail$", "error": {"status": 400, "message": "no"}},
        {"match": "^look$", **bash("cat gate", text="I wait.")},
        {
            "match": "agents started",
            "tool_calls": [
                {"name": "get_subagent_result", "arguments": {"agent_id": "looker", "wait": True}}
            ],
        },
        {"match": "seen", "text": "all seen"},
        {"text": "seen"},
        repeat=True,
    )
    program = start("run", "lead", "begin", model, "--events")
    program.prints('"type":"RunFailed"')
    program.prints('"tool":"bash"')
    program.prints('"tool":"get_subagent_result"')
    return program


def timeless(text: str) -> str:
    """Without what differs from one drawing to the next, and the reason with a path in it."""
    text = re.sub("failed: The model .*", "failed: The model…", text)
    return re.sub(r"\d+(\.\d)?s\b", "Ns", re.sub(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋", text))


def test_the_agents_of_another_process_are_seen_as_a_tree(family: Program, call: Call):
    done = call("tree")
    assert done.err == ""
    assert timeless(done.out) == snapshot("""\
● Agents  2 running · depth 2/4 · 2.0k tokens · ~$0.42
└─ ⠋ lead  script-0.yaml  begin
     ⎿ ↻1 · 2 tools · 2.0k tokens · Ns
   ├─ ⠋ looker (worker)  a look 界面
   │    ⎿ running cat gate · 1 tool · Ns
   └─ ✗ answerer  an attempt · failed: The model…
""")
    assert timeless(call("ps", "--tree").out) == timeless(done.out)
    assert timeless(call("tree", "--mode", "compact").out) == snapshot("""\
● Agents  2 running
└─ ⠋ lead  script-0.yaml  begin · ↻1 · 2 tools · 2.0k tokens · Ns
   ├─ ⠋ looker (worker)  a look 界面 · 1 tool · Ns
   └─ ✗ answerer  an attempt · failed: The model…
""")
    assert timeless(call("tree", "--run", "looker").out) == snapshot("""\
● 3 total · showing active branch
└─ ⠋ lead  script-0.yaml  begin
     ⎿ ↻1 · 2 tools · 2.0k tokens · Ns
   └─ ⠋ looker (worker)  a look 界面
        ⎿ running cat gate · 1 tool · Ns
+1 completed sibling hidden
""")
    plainly = call("tree", "--ascii").out
    assert plainly.isascii()
    assert plainly.startswith("* Agents  2 running - depth 2/4 - 2.0k tokens - ~$0.42\n`- ")


def test_whoever_cannot_show_unicode_is_given_plain_characters(family: Program, call: Call):
    out = call("tree", PYTHONIOENCODING="ascii").out
    assert out.isascii()
    assert out.startswith("* Agents  2 running - depth 2/4 - 2.0k tokens - ~$0.42\n")


def test_programs_are_given_objects_or_one_line(family: Program, call: Call):
    (lead,) = json.loads(call("tree", "--json").out)
    assert (lead["agent"], lead["status"], lead["parent"], lead["depth"]) == ("lead", "running", None, 1)
    assert [(child["handle"], child["status"]) for child in lead["children"]] == [
        ("looker", "running"),
        ("answerer", "failed"),
    ]
    assert {child["parent"] for child in lead["children"]} == {lead["id"]}
    assert (lead["all"]["running"], lead["children"][0]["all"]["running"]) == (2, 1)
    assert (lead["own"]["tokens"], lead["all"]["cost"]) == (2000, 0.42)
    (looker,) = json.loads(call("tree", "--json", "--run", "looker").out)
    assert looker == {**lead["children"][0], "seconds": looker["seconds"]}
    assert call("tree", "--line").out == "2 running agents\n"
    assert call("tree", "--line", PYTHONIOENCODING="ascii").out == "2 running agents\n"


def test_those_whose_owner_was_killed_are_interrupted(family: Program, call: Call):
    family.send(signal.SIGKILL)
    family.ends()
    drawn = call("tree").out
    assert drawn.startswith("○ Agents  0 running")
    assert drawn.count("interrupted: owner gone") == 2
    assert call("tree", "--line").out == ""


def test_nothing_is_a_tree_too(call: Call):
    assert call("tree").out == "○ Agents  0 running\n"
    assert call("tree", "--json").out == "[]\n"
    assert call("tree", "--line").out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--watch", "--json"), "--watch, --line and --json are three ways to show it; choose one."),
        (("--line", "--json"), "--watch, --line and --json are three ways to show it; choose one."),
        (("--run", "nobody"), "no run 'nobody' in"),
        (("--mode", "pretty"), "'pretty' is not one of"),
    ],
)
def test_what_cannot_be_shown_is_said(call: Call, arguments: tuple[str, ...], said: str):
    done = call("tree", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.replace("│", " ").split())


# --- watched


def test_it_is_drawn_again_when_something_happens_and_ctrl_c_leaves_the_terminal_as_it_was(
    family: Program, sit: Sit, gate: Gate
):
    terminal = sit("tree", "--watch")
    terminal.shows("looker (worker)")
    gate.open()
    terminal.shows("○")
    terminal.types("\x03")
    assert terminal.ends() == 130
    assert terminal.seen.count(HIDDEN) == terminal.seen.count(SHOWN) == 1
    shown = plain(terminal.seen)
    last = shown[shown.rindex("○ Agents") :].replace("^C", "").splitlines()
    assert [timeless(line).rstrip() for line in last if line.strip()] == snapshot(
        [
            "○ Agents  0 running · depth 2/4 · 2.0k tokens · ~$0.42",
            "└─ ✓ lead  script-0.yaml  begin · Ns",
            "   ├─ ✓ looker (worker)  a look 界面 · Ns",
            "   └─ ✗ answerer  an attempt · failed: The model…",
        ]
    )


def test_whoever_ends_it_has_the_terminal_back(family: Program, sit: Sit):
    terminal = sit("tree", "--watch")
    terminal.shows("looker (worker)")
    terminal.send(signal.SIGTERM)
    assert terminal.ends() == 128 + signal.SIGTERM
    assert terminal.seen.count(HIDDEN) == terminal.seen.count(SHOWN) == 1
    assert terminal.seen.endswith(SHOWN) or terminal.seen.endswith("\n")


def test_nothing_is_drawn_while_nothing_changes(sit: Sit, call: Call, script: Script):
    assert call("run", "answerer", "go", script({"text": "done"})).code == 0
    terminal = sit("tree", "--watch")
    terminal.shows("✓")
    terminal.watched_for(3.5 * TICK)
    terminal.types("\x03")
    assert terminal.ends() == 130
    # Once, and once when it ends; a third time where this machine takes so long that the agent has folded away.
    assert plain(terminal.seen).count("Agents") <= 3


def test_a_terminal_of_another_size_is_drawn_for(sit: Sit, call: Call, script: Script):
    call("run", "answerer", "a description that is longer than a line", script({"text": "done"}))
    terminal = sit("tree", "--watch")
    terminal.shows("longer than a line")
    terminal.becomes(24, 30)
    terminal.shows("…")
    cleared = terminal.seen.index("\x1b[2J")
    assert terminal.seen.index("longer than a line") < cleared < terminal.seen.index("…")


def test_in_a_pipe_there_is_a_frame_for_each_change_and_nothing_for_a_terminal(
    family: Program, start: Start, gate: Gate
):
    watching = start("tree", "--watch")
    watching.prints("looker (worker)")
    gate.open()
    watching.prints("○ Agents")
    watching.send(signal.SIGTERM)
    done = watching.ends()
    assert (done.code, done.err) == (128 + signal.SIGTERM, "")
    assert "\x1b" not in done.out
    frames = done.out.split("\n\n")
    assert all(re.match("[●○] Agents ", frame) for frame in frames)
    assert len(frames) == len(set(frames))


def test_it_ends_when_nobody_reads_any_more(family: Program, project: Path):
    line = f"{sys.executable} -m subagents tree --watch | head -n 1"
    done = subprocess.run(
        line,
        shell=True,
        cwd=project,
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.stdout.startswith("● Agents  2 running")
    assert done.stderr == ""


def test_a_session_that_cannot_be_read_is_said_once(
    family: Program, call: Call, start: Start, script: Script, gate: Gate, project: Path
):
    call("run", "answerer", "go", script({"text": "done"}))
    (broken,) = [folder for folder in sessions(project_at(project)) if owner_alive(folder) is None]
    broken.log.write_bytes(b"no database" * 1000)
    watching = start("tree", "--watch")
    watching.prints("looker (worker)")
    gate.open()
    watching.prints("○ Agents")
    watching.send(signal.SIGTERM)
    assert watching.ends().err.count(str(broken.log)) == 1
