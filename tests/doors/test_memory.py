"""One memory, several processes: whoever adds to it at the same time, no line is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import bash

EACH = 40

KEEPING = """\
---
description: Keeps notes.
tools: read, write, edit, bash
memory: {scope}
---
Note it.
"""


def noting(file: Path, name: str) -> dict[str, object]:
    """A turn in which one line after the other is added."""
    edits = [
        {"path": str(file), "old_string": "# Notes\n", "new_string": f"# Notes\n- {name} {n}\n"}
        for n in range(EACH)
    ]
    return {"tool_calls": [{"name": "edit", "arguments": edit} for edit in edits]}


@pytest.mark.parametrize("scope", ["project", "local", "user"])
def test_two_processes_that_add_lines_at_once_lose_none(
    scope: str, project: Path, home: Path, start: Start, script: Script
):
    (project / ".subagents" / "agents" / "keeper.md").write_text(KEEPING.format(scope=scope))
    folder = (home / "subagents" if scope == "user" else project / ".subagents") / (
        "agent-memory-local" if scope == "local" else "agent-memory"
    )
    file = folder / "keeper" / "MEMORY.md"
    file.parent.mkdir(parents=True)
    file.write_text("# Notes\n")

    programs = []
    for name in ("left", "right"):
        os.mkfifo(project / name)
        turns = (bash(f"cat {project / name}"), noting(file, name), {"text": "Noted."})
        programs.append(start("run", "keeper", "note it", script(*turns)))
    for program in programs:
        program.says("▸ bash cat")
    for name in ("left", "right"):
        (project / name).write_text("go\n")

    assert [program.ends().out for program in programs] == ["Noted.\n", "Noted.\n"]
    expected = ["# Notes", *(f"- {name} {n}" for name in ("left", "right") for n in range(EACH))]
    assert sorted(file.read_text().splitlines()) == sorted(expected)
    assert [each.name for each in file.parent.iterdir()] == ["MEMORY.md"]


def test_of_two_processes_that_begin_the_same_file_the_second_hears_of_the_first(
    project: Path, call: Call, script: Script
):
    (project / ".subagents" / "agents" / "keeper.md").write_text(KEEPING.format(scope="project"))
    file = project / ".subagents" / "agent-memory" / "keeper" / "MEMORY.md"

    def writing(line: str) -> str:
        arguments = {"path": str(file), "content": line}
        return script({"tool_calls": [{"name": "write", "arguments": arguments}]}, {"text": "Done."})

    assert call("run", "keeper", "note it", writing("- one\n")).out == "Done.\n"
    assert call("run", "keeper", "note it", writing("- two\n")).out == "Done.\n"
    assert file.read_text() == "- one\n"
    assert "holds what you have not read" in call("log", "keeper").out


def test_a_missing_skill_is_said_where_the_run_was_asked_for(project: Path, call: Call, script: Script):
    (project / ".subagents" / "agents" / "keeper.md").write_text(
        KEEPING.format(scope="project").replace("---\nNote", "skills: [nope]\n---\nNote")
    )
    done = call("run", "keeper", "note it", script({"text": "Done."}))
    assert (done.code, done.out) == (0, "Done.\n")
    assert "goes without skills that there are not: 'nope'" in done.err
