"""`subagents worktrees conflicts`: where runs meet is listed, and a person settles it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
import typer
from tests.cli.acting import Done
from typer.testing import CliRunner

from subagents import AgentManager, EditReport, Registration
from subagents.cli import worktrees_conflicts
from subagents.cli.tree import _Drawing
from subagents.cli.usage import mount
from subagents.errors import SubagentsError
from subagents.places import project_at
from subagents.settings.model import Settings
from subagents.view.tree import TreeMode


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments: str) -> Done:
    """As `subagents worktrees conflicts`, wherever that is mounted."""
    app = typer.Typer()
    mount(
        app, "conflicts", worktrees_conflicts.conflicts, usage="[resolve ID]", text=worktrees_conflicts.HELP
    )
    mount(app, "other", worktrees_conflicts.conflicts, usage="", text="")
    done = CliRunner().invoke(app, ["conflicts", *arguments])
    if isinstance(done.exception, SubagentsError):
        return Done(2, done.stdout, f"Error: {done.exception}")
    return Done(done.exit_code, done.stdout, done.stderr)


@asynccontextmanager
async def meeting(project: Path) -> AsyncIterator[None]:
    """A session in which two agents outside edited the same lines."""
    async with AgentManager.open(project) as manager:
        for name, first in (("one", 3), ("two", 4)):
            agent = await manager.register(Registration(name, (), "mends"))
            await manager.record(agent, EditReport("a.py", str(first) * 64, None, first, first + 2))
        yield


@pytest.fixture
def met(project: Path) -> Path:
    async def meet() -> None:
        async with meeting(project):
            pass

    anyio.run(meet)
    return project


def test_none_is_said():
    assert called() == Done(0, "", "No runs of this project meet.\n")


def test_they_are_listed_and_settled_by_id(met: Path):
    listed = called().out
    assert listed.startswith(f"one and two: edited the same lines: {met}/a.py lines 3-5 / lines 4-6 [")
    known = listed.rstrip("]\n").rpartition("[")[2]
    assert called("resolve", known[:4], "--reason", "they agreed") == Done(0, f"{known} is settled\n", "")
    assert called().out == ""


@pytest.mark.usefixtures("met")
def test_an_id_that_fits_none_is_refused_with_those_there_are():
    refused = called("resolve", "nope")
    assert refused.code == 2
    assert refused.err.startswith("Error: There is no one conflict 'nope'; there are: ")
    assert called("settle", "x").code == 2


async def test_the_tree_counts_them(project: Path):
    async with meeting(project):
        drawing = _Drawing(project_at(project), Settings(), TreeMode.RICH, None, True, True)
        drawing.read()
        assert sum("1 conflict" in line.plain for line in drawing.lines(100, None)) == 2
