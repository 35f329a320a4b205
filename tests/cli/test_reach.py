"""What a command may act on: a person everything, an agent's command what is below this agent, session by session."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from tests.cli.acting import cli, owned

from subagents.cli.reach import reachable, within_reach
from subagents.cli.seen import look
from subagents.errors import RunNotFound
from subagents.ids import RunId
from subagents.places import project_at
from subagents.testing.runner import ScriptedRunner
from subagents.workspaces.processes.variables import DEPTH, RUN, TREE

pytestmark = pytest.mark.anyio


async def run_in(project: Path, monkeypatch: pytest.MonkeyPatch, outer: RunId | None, depth: int) -> RunId:
    """A run in a session of its own, begun by a command of `outer`."""
    inside(monkeypatch, outer, depth)
    async with owned(project, ScriptedRunner()) as manager:
        run = await manager.spawn("worker", "go")
        await manager.get_result(run, wait=True)
        return run


def inside(monkeypatch: pytest.MonkeyPatch, run: RunId | None, depth: int = 1) -> None:
    """From here on this process is a command of that run."""
    for name, value in ((RUN, run), (TREE, run), (DEPTH, str(depth))):
        if run is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, str(value))


async def test_what_is_below_is_reached_across_sessions_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    top = await run_in(tmp_path, monkeypatch, None, 0)
    child = await run_in(tmp_path, monkeypatch, top, 1)
    grandchild = await run_in(tmp_path, monkeypatch, child, 2)
    project, everything = project_at(tmp_path), {top, child, grandchild}

    def reached() -> set[RunId]:
        found = set()
        for run in everything:
            with suppress(RunNotFound):
                found.add(within_reach(project, run).run.id)
        assert {seen.run.id for seen in reachable(look(project).runs)} == found
        return found

    for run, below in (
        (None, everything),
        (top, {child, grandchild}),
        (child, {grandchild}),
        (grandchild, set()),
    ):
        inside(monkeypatch, run)
        assert reached() == below
    inside(monkeypatch, RunId("gone2345"))
    assert reached() == set()
    with pytest.raises(RunNotFound, match=f"'{top}' was not started by run gone2345"):
        within_reach(project, top)


async def test_an_agents_command_acts_on_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    top = await run_in(tmp_path, monkeypatch, None, 0)
    child = await run_in(tmp_path, monkeypatch, top, 1)
    inside(monkeypatch, top)
    monkeypatch.chdir(tmp_path)
    assert (await cli("clear", child, "--unread")).out == f"{child} cleared\n"
    refused = await cli("clear", top)
    assert (refused.code, refused.out) == (2, "")
    assert f"'{top}' was not started by run {top}" in refused.err
