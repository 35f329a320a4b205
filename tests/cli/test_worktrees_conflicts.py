"""`subagents worktrees conflicts`: where runs meet is listed, and a person settles it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from tests.cli.acting import Done, called, cli

from subagents import AgentManager, EditReport, Registration
from subagents.cli.tree import _Drawing
from subagents.errors import NotNow
from subagents.places import project_at
from subagents.serve.control import control
from subagents.sessions.answers import result_in_log
from subagents.sessions.folder import sessions
from subagents.sessions.reader import read_session
from subagents.settings.model import Settings
from subagents.view.tree import TreeMode


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def conflicts(*arguments: str) -> Done:
    return called("worktrees", "conflicts", *arguments)


@asynccontextmanager
async def meeting(project: Path) -> AsyncIterator[AgentManager]:
    """A session in which two agents outside edited the same lines."""
    async with AgentManager.open(project) as manager:
        for name, first in (("one", 3), ("two", 4)):
            agent = await manager.register(Registration(name, (), "mends"))
            await manager.record(agent, EditReport("a.py", str(first) * 64, None, first, first + 2))
        yield manager


@pytest.fixture
def met(project: Path) -> Path:
    async def meet() -> None:
        async with meeting(project):
            pass

    anyio.run(meet)
    return project


def test_none_is_said():
    assert conflicts() == Done(
        0,
        "",
        "No runs of this project meet.\n"
        "Which branches of ended runs fit together says: subagents worktrees merge --all --plan\n",
    )


def test_they_are_listed_and_settled_by_id(met: Path):
    done = conflicts()
    listed = done.out
    assert done.err.endswith("Where one is as it should be: subagents worktrees conflicts resolve ID\n")
    assert listed.startswith(f"one and two: edited the same lines: {met}/a.py lines 3-5 / lines 4-6 [")
    known = listed.rstrip("]\n").rpartition("[")[2]
    assert conflicts("resolve", known[:4], "--reason", "they agreed") == Done(0, f"{known} is settled\n", "")
    assert conflicts().out == ""


@pytest.mark.usefixtures("met")
def test_an_id_that_fits_none_is_refused_with_those_there_are():
    refused = conflicts("resolve", "nope")
    assert refused.code == 2
    assert refused.err.startswith("Error: There is no one conflict 'nope'; there are: ")
    assert conflicts("settle", "x").code == 2


def test_whoever_reads_the_log_of_another_is_told_of_them(met: Path):
    (folder,) = sessions(project_at(met))
    one = read_session(folder.log).find("one")
    (line,) = result_in_log(folder, one).conflicts
    assert line.startswith(f"Edited the same lines with two: {met}/a.py lines 3-5 / lines 4-6 [")


async def test_the_owner_of_the_session_settles_them_when_there_is_one(project: Path):
    async with meeting(project) as manager, control(manager):
        (conflict,) = manager.state.conflicts.open
        settled = await cli("worktrees", "conflicts", "resolve", conflict.id, "--reason", "they agreed")
        assert settled == Done(0, f"{conflict.id} is settled\n", "")
        assert manager.state.conflicts.open == ()
        assert [each.id for each in manager.state.conflicts.settled] == [conflict.id]
        with pytest.raises(NotNow, match="was resolved already"):
            await manager.settling.conflict(conflict.id)


async def test_the_tree_counts_them(project: Path):
    async with meeting(project):
        drawing = _Drawing(project_at(project), Settings(), TreeMode.RICH, None, True, True)
        drawing.read()
        assert sum("1 conflict" in line.plain for line in drawing.lines(100, None)) == 2
