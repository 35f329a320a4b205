from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.program import Done, Program, Terminal

Start = Callable[..., Program]
Call = Callable[..., Done]
Script = Callable[..., str]
Sit = Callable[..., Terminal]

ANSWERING = """\
---
description: Answers; for stories that need no tool.
tools: read
---
Answer.
"""

WORKING = """\
---
description: Runs commands.
tools: bash, read
---
Work.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two agents of its own."""
    agents = tmp_path / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "answerer.md").write_text(ANSWERING, encoding="utf-8")
    (agents / "worker.md").write_text(WORKING, encoding="utf-8")
    return tmp_path


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Starts the program in the project; what is left of it ends with the story."""
    started: list[Program] = []

    def begin(
        *arguments: str, folder: Path = project, stdin: str | None = None, **environment: str
    ) -> Program:
        started.append(Program(arguments, folder, stdin=stdin, **environment))
        return started[-1]

    yield begin
    for program in started:
        program.clean_up()


@pytest.fixture
def sit(project: Path) -> Iterator[Sit]:
    """Starts the program at a terminal."""
    started: list[Terminal] = []

    def begin(*arguments: str, **environment: str) -> Terminal:
        started.append(Terminal(arguments, project, **environment))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.clean_up()


@pytest.fixture
def call(start: Start) -> Call:
    """Runs the program to its end."""
    return lambda *arguments, **options: start(*arguments, **options).ends()


@pytest.fixture
def script(project: Path) -> Script:
    """`--model` for a script of these turns."""

    def write(*turns: dict[str, Any], repeat: bool = False) -> str:
        file = project / f"script-{len(list(project.glob('script-*')))}.yaml"
        # JSON is YAML.
        file.write_text(json.dumps({"turns": turns, "repeat": repeat}), encoding="utf-8")
        return f"--model=script:{file}"

    return write


@pytest.fixture
def runs(call: Call) -> Callable[[], list[dict[str, Any]]]:
    """What `ps` knows of all runs, the newest first."""
    return lambda: json.loads(call("ps", "--all", "--json").out)
