"""What is drawn at a terminal."""

from __future__ import annotations

import re
from pathlib import Path

from tests.doors.conftest import Call, Script, Sit
from tests.doors.program import bash


def plain(written: str) -> str:
    """What was written without what steers the terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "")


def test_a_run_is_drawn_in_place_and_stands_above_its_answer(sit: Sit, script: Script):
    terminal = sit(
        "run", "worker", "look", script(bash("echo seen"), {"text": "The \x1b[2Janswer.", "delay": 0.3})
    )
    assert terminal.ends() == 0
    lines = plain(terminal.seen).splitlines()
    assert lines[0].startswith("worker may run commands in")
    assert any(re.match(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] worker  look", line) for line in lines)
    assert re.search(r"✓ worker  look  ↻2 · 1 tool · \d+s$", lines[-3])
    assert lines[-1] == r"The \x1b[2Janswer."
    assert terminal.seen.count("\x1b[?25l") == terminal.seen.count("\x1b[?25h"), "the cursor is shown again"


def test_the_last_drawing_shows_how_those_below_it_ended(sit: Sit, script: Script, project: Path):
    lead = "---\ndescription: Leads.\ntools: bash, Agent, start_agents\n---\nLead.\n"
    (project / ".subagents/agents/lead.md").write_text(lead, encoding="utf-8")

    def starts(prompt: str, agent: str) -> dict[str, object]:
        asked = {"prompt": prompt, "subagent_type": agent}
        return {"tool_calls": [{"name": "start_agents", "arguments": {"agents": [asked]}}]}

    model = script(
        {"match": "^begin$", **starts("middle", "lead")},
        {"match": "^middle$", **starts("deep", "worker")},
        {"match": "^deep$", **bash("touch begun; sleep 600")},
        {"match": "agents started", **bash("until [ -e begun ]; do sleep 0.02; done; echo seen")},
        {"text": "all begun"},
        repeat=True,
    )
    terminal = sit("run", "lead", "begin", model)
    assert terminal.ends() == 0
    last = plain(terminal.seen.rpartition("\x1b[?25l")[2]).split("all begun")[0].splitlines()[-6:]
    assert any("■ worker" in line for line in last)
    assert not any(re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", line) for line in last)


def test_ctrl_c_at_the_terminal_leaves_it_as_it_was(sit: Sit, script: Script):
    terminal = sit("run", "worker", "look", script(bash("sleep 600", text="so far")))
    terminal.shows("running sleep 600")
    terminal.types("\x03")
    assert terminal.ends() == 130
    shown = plain(terminal.seen)
    assert "■ worker  look" in shown
    assert "worker stopped by user: Ctrl-C was pressed" in shown
    assert terminal.seen.rstrip().endswith('"…"')
    assert terminal.seen.count("\x1b[?25l") == terminal.seen.count("\x1b[?25h")


def test_a_terminal_that_cannot_draw_is_given_lines(sit: Sit, script: Script):
    terminal = sit("run", "worker", "look", script(bash("echo seen"), {"text": "done"}), TERM="dumb")
    assert terminal.ends() == 0
    assert "\x1b" not in terminal.seen
    assert "  worker ▸ bash echo seen" in terminal.seen


def test_removing_a_session_asks_first(sit: Sit, call: Call, script: Script):
    call("run", "worker", "look", script({"text": "done"}))
    session = call("sessions", "list").out.splitlines()[1].split()[0]
    terminal = sit("sessions", "remove", session)
    terminal.shows("Remove session")
    terminal.types("n\n")
    assert terminal.ends() == 0
    assert session in call("sessions", "list").out
    again = sit("sessions", "remove", session)
    again.shows(f"Remove session {session} with 1 run, for good? [y/N]: ")
    again.types("y\n")
    assert again.ends() == 0
    assert session not in call("sessions", "list").out


def test_no_line_of_ps_is_wider_than_the_terminal(sit: Sit, call: Call, script: Script):
    call("run", "worker", "在代码库中查找重试逻辑" * 9, script({"text": "done"}))
    terminal = sit("ps")
    assert terminal.ends() == 0
    heading, row = terminal.seen.splitlines()
    assert heading.startswith("ID        HANDLE  ")
    assert row.endswith("…")
