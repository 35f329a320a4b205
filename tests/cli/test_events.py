"""`subagents events`: the facts as people read them, and as programs do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot
from tests.cli.acting import Done, cli, owned

from subagents import AgentManager
from subagents.ids import RunId
from subagents.spec import SpawnRequest
from subagents.testing.clock import FakeClock
from subagents.testing.runner import Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def story(project: Path) -> AsyncIterator[tuple[AgentManager, RunId, RunId]]:
    """A run with one below it, and one beside them, on a Monday morning."""
    gate = anyio.Event()
    tool = Tool("grep", '{"pattern": "retry"}', text="I look.\nEverywhere.")
    runner = ScriptedRunner({"above": [tool, Wait(gate), Say("in retry.py")]}, default=[Say("found\x1b[2J")])
    async with owned(project, runner, FakeClock()) as manager:
        parent = await manager.spawn("worker", "above", description="find retries")
        child = await manager.spawn(SpawnRequest(agent="Explore", prompt="look below", parent=parent))
        beside = await manager.spawn("Explore", "elsewhere")
        await manager.waits.wait([child, beside])
        gate.set()
        await manager.get_result(parent, wait=True)
        yield manager, parent, child


def facts(done: Done) -> list[dict[str, Any]]:
    assert (done.code, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def _parts(line: str) -> list[str]:
    return line.split(maxsplit=3)


async def test_the_facts_of_a_run_and_all_below_it(story: tuple[AgentManager, RunId, RunId], project: Path):
    _manager, parent, _child = story
    done = await cli("events", parent)
    assert done.code == 0
    lines = done.out.replace(str(project), "/project").splitlines()
    assert lines[0] == "2026-06-22"

    def told(handle: str) -> list[str]:
        """What works at the same time is recorded in an order of its own."""
        return [words for _seq, _time, whose, words in map(_parts, lines[1:]) if whose == handle]

    assert told("worker") == snapshot(
        [
            "RunSpawned  worker: find retries",
            "RunStarted  offline",
            "WorkspaceOpened  /project",
            "ModelReplied  I look. Everywhere. scripted",
            "ToolCalled  grep retry",
            "ToolReturned  grep",
            "TurnEnded  1",
            "ModelReplied  in retry.py scripted",
            "TurnEnded  2",
            "WorkspaceClosed",
            "RunCompleted  in retry.py",
            "ResultDelivered  library",
        ]
    )
    assert told("explore") == snapshot(
        [
            "RunSpawned  Explore: look below",
            "RunStarted  offline",
            "WorkspaceOpened  /project",
            "ModelReplied  found [2J scripted",
            "TurnEnded  1",
            "WorkspaceClosed",
            "RunCompleted  found [2J",
        ]
    )
    assert all(line.split()[1] == "08:00:00" for line in lines[1:])
    assert not any("explore-2" in line for line in lines)


async def test_for_programs_each_is_an_object_with_what_is_known_of_its_run(
    story: tuple[AgentManager, RunId, RunId],
):
    _manager, parent, child = story
    told = facts(await cli("events", "worker", "--json"))
    assert {fact["run"] for fact in told} == {parent, child}
    assert [
        (fact["type"], fact["lifecycle"]["event"])
        for fact in told
        if "lifecycle" in fact
        if fact["run"] == child
    ] == [
        ("RunSpawned", "created"),
        ("RunStarted", "started"),
        ("RunCompleted", "completed"),
    ]
    completed = next(fact for fact in told if fact["type"] == "RunCompleted" and fact["run"] == parent)
    lifecycle = completed["lifecycle"]
    assert (lifecycle["id"], lifecycle["type"], lifecycle["description"]) == (
        parent,
        "worker",
        "find retries",
    )
    assert (lifecycle["status"], lifecycle["tool_uses"], lifecycle["turns"]) == ("completed", 1, 2)


async def test_without_a_name_it_is_the_newest_session_and_since_goes_on_behind_a_number(
    story: tuple[AgentManager, RunId, RunId],
):
    manager, parent, _child = story
    everything = facts(await cli("events", "--json"))
    assert [fact["seq"] for fact in everything] == list(range(1, manager.state.seq + 1))
    assert everything[0]["type"] == "SessionOpened"
    assert facts(await cli("events", str(manager.session), "--json")) == everything
    later = facts(await cli("events", "--json", "--since", "5"))
    assert later == everything[5:]
    assert facts(await cli("events", parent, "--json", "--since", str(manager.state.seq))) == []


async def test_where_nothing_has_run_it_says_so_and_makes_nothing(project: Path, home: Path):
    done = await cli("events")
    assert (done.code, done.out) == (2, "")
    assert "Nothing has run in this project yet" in done.err
    assert list((home / "state").iterdir()) == []
