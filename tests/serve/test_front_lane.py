"""`subagents mcp` as a client calls it: which folder it is for, and what it imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.serve.front_parts import BOUND, Client, request

HEAVY = ["anyio", "mcp", "msgspec", "pydantic", "rich", "typer"]

PROGRAM = f"""
import sys, types
from subagents.errors import SessionError

def connected(project, **_):
    raise SessionError(f"no host for {{project.root}}")

starting = types.ModuleType("subagents.serve.host.starting")
starting.connected, starting.own_environment = connected, dict
sys.modules[starting.__name__] = starting
app = types.ModuleType("subagents.cli.app")
app.call = lambda given: print("typer reads", given)
sys.modules[app.__name__] = app

from subagents.__main__ import main
code = main(["mcp", *sys.argv[1:]])
print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@contextmanager
def called(folder: Path, *flags: str) -> Iterator[Client]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *flags],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield Client(process)


@pytest.mark.parametrize(
    ("flags", "folder"),
    [
        ([], "."),
        (["--new"], "."),
        (["--project", "other"], "other"),
        (["--new", "--project", "other"], "other"),
    ],
)
def test_a_client_is_answered_for_its_folder_by_the_standard_library(
    tmp_path: Path, flags: list[str], folder: str
):
    (tmp_path / "other").mkdir()
    with called(tmp_path, *flags) as client:
        client.send(request(1, "prompts/list"))
        assert client.read()["error"]["message"] == f"no host for {(tmp_path / folder).resolve()}"
        assert client.leave() == "[]\n"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    with called(tmp_path, "--project", "none") as client:
        said, told = client.process.communicate(timeout=BOUND)
    assert (client.process.returncode, said) == (2, b"")
    assert b"There is no folder" in told


@pytest.mark.parametrize(
    "flags",
    [["install", "codex"], ["--help"], ["--http"], ["--project"], ["--project", "--new"], ["--new", "x"]],
)
def test_other_forms_are_read_by_typer(tmp_path: Path, flags: list[str]):
    with called(tmp_path, *flags) as client:
        said, _ = client.process.communicate(timeout=BOUND)
    assert said.decode().splitlines()[0] == f"typer reads {['mcp', *flags]}"
