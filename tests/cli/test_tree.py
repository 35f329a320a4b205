"""`subagents tree`: which runs of a project it shows, and how much of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.cli.acting import cli, owned
from tests.view.forests import NOW, run

from subagents.cli.seen import Seen
from subagents.cli.tree import as_seen
from subagents.events import RunParked
from subagents.ids import SessionId
from subagents.sessions.folder import SessionFolder
from subagents.spec import SpawnRequest
from subagents.testing.clock import FakeClock
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Tool, Wait
from subagents.view.tree import tree

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def handles(*options: str) -> list[Any]:
    """The handles as nested lists, children behind their parents, brothers and sisters by name."""

    def nested(run: dict[str, Any]) -> list[Any]:
        return [run["handle"], *sorted(map(nested, run["children"]))]

    return sorted(nested(run) for run in json.loads((await cli("tree", "--json", *options)).out))


async def test_what_ended_long_ago_is_folded_away_and_still_summed_up(project: Path):
    runner = ScriptedRunner({"fail": [Break(RuntimeError("broken"))]})
    async with owned(project, runner, FakeClock()) as manager:
        for prompt in ("go", "fail"):
            await manager.waits.wait([await manager.spawn("worker", prompt)])
        drawn = await cli("tree")
        assert (drawn.code, drawn.err) == (0, "")
        assert drawn.out == "○ Agents  0 running · depth 1/4 · 110 tokens · ~$0.001\n"
        shown = (await cli("tree", "--all")).out.splitlines()
        assert sorted(line[3:11] for line in shown[1:]) == ["✓ worker", "✗ worker"]
        assert await handles() == [["worker"], ["worker-2"]]


async def test_cleared_ones_are_gone_but_for_whom_is_above_one_that_is_not(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SUBAGENTS_DETACH_CHILDREN", "true")
    begun, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"above": [Wait(begun), Say("over")], "below": [Wait(gate), Say("done")]})
    async with owned(project, runner) as manager:
        parent = await manager.spawn("worker", "above", name="parent")
        child = await manager.spawn(SpawnRequest(agent="worker", prompt="below", parent=parent, name="child"))
        begun.set()
        beside = await manager.spawn("worker", "beside", name="beside")
        await manager.waits.wait([parent, beside])
        await manager.clear([parent, beside])
        assert await handles() == [["parent", ["child"]]]
        drawn = (await cli("tree")).out
        assert "Other agents" not in drawn
        assert "beside" not in drawn
        assert await handles("--all") == [["beside"], ["parent", ["child"]]]
        gate.set()
        await manager.waits.wait([child])
        await manager.clear([child])
        assert await handles() == []


async def test_what_an_agent_writes_is_one_line_and_does_nothing_to_a_terminal(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate), Say()])
    async with owned(project, runner) as manager:
        await manager.spawn("worker", "go", description="one\nline\x1b[2J \u202ebackwards")
        await far.wait()
        drawn = (await cli("tree")).out
        assert "one line" in drawn
        assert not {"\x1b", "\u202e"} & set(drawn)
        assert len(drawn.splitlines()) == 3
        gate.set()


async def test_a_run_that_rests_says_so(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say()])
    async with owned(project, runner) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        await manager.pause(run)
        gate.set()
        async for entry in manager.events():
            if isinstance(entry.event, RunParked):
                break
        assert "‖ worker" in (await cli("tree")).out
        await manager.stop(run)


@pytest.mark.parametrize("mode", ["rich", "compact"])
async def test_how_much_of_each_is_a_setting_that_an_option_beats(
    project: Path, monkeypatch: pytest.MonkeyPatch, mode: str
):
    other = {"rich": "compact", "compact": "rich"}[mode]
    lines = {"rich": 3, "compact": 2}
    far, gate = anyio.Event(), anyio.Event()
    async with owned(project, ScriptedRunner(default=[Reach(far), Wait(gate), Say()])) as manager:
        await manager.spawn("worker", "go")
        await far.wait()
        monkeypatch.setenv("SUBAGENTS_TREE_MODE", mode)
        assert len((await cli("tree")).out.splitlines()) == lines[mode]
        assert len((await cli("tree", "--mode", other)).out.splitlines()) == lines[other]
        gate.set()


async def test_one_of_many_is_found_by_its_name_and_shown_with_its_branch(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate), Say()])
    async with owned(project, runner) as manager:
        parent = await manager.spawn("worker", "above", name="parent")
        for name in ("left", "right"):
            await manager.spawn(SpawnRequest(agent="worker", prompt=name, parent=parent, name=name))
        await far.wait()
        drawn = (await cli("tree", "--run", "left")).out
        assert drawn.startswith("● 3 total · showing active branch\n")
        assert "left" in drawn
        assert "right" not in drawn
        assert await handles("--run", "left") == [["left"]]
        gate.set()


async def test_one_whose_owner_is_gone_stays_in_sight_until_that_is_recorded(project: Path):
    silent = as_seen(Seen(run("worker"), SessionFolder(SessionId("s"), project), owner=None))
    drawn = tree([silent], now=NOW + 1_000, width=80)
    assert "interrupted: owner gone" in drawn.lines[1].plain
