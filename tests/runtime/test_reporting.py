"""An agent that was started elsewhere tells of its work: it stands in the tree, marked, and nobody here drives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from subagents import (
    AgentManager,
    BadReport,
    CommandReport,
    EditReport,
    Farewell,
    FolderReport,
    NotNow,
    Registration,
    RunStatus,
)
from subagents.events import AgentRegistered, FileEdited, ToolCalled
from subagents.testing.clock import FakeClock
from subagents.testing.runner import ScriptedRunner
from subagents.view.tree import tree

pytestmark = pytest.mark.anyio

HASH = "0" * 64


async def facts(manager: AgentManager) -> list[object]:
    found: list[object] = []
    async for entry in manager.events():
        found.append(entry.event)
        if entry.seq == manager.state.seq:
            return found
    return found


async def test_what_it_reports_is_recorded_and_marked(tmp_path: Path):
    async with AgentManager.open(tmp_path, memory=True, runners={"native": ScriptedRunner()}) as manager:
        agent = await manager.register(Registration("Aider", ["edit"], "mends tests"), owner="mcp")
        await manager.record("aider", CommandReport("make test", ok=False, characters=120))
        await manager.record(agent, EditReport("a.py", HASH, None, 1, 9))
        await manager.record(agent, FolderReport("/elsewhere"))
        run = manager.state.run(agent)
        assert (run.status, run.reported, run.tool_uses, run.directory) == (
            RunStatus.RUNNING,
            True,
            1,
            "/elsewhere",
        )
        await manager.record(agent, EditReport("b.py", HASH, None))
        await manager.record(agent, Farewell("All pass."))
        assert [line.text for line in (await manager.peek(agent)).lines] == [
            "▸ bash make test (failed)",
            "▸ edit a.py:1-9",
            "▸ cd /elsewhere",
            "▸ edit b.py:1-1",
            "All pass.",
        ]
        result = await manager.get_result(agent)
        assert (result.run.status, result.text) == (RunStatus.COMPLETED, "All pass.")
        told = await facts(manager)
        (registered,) = [fact for fact in told if isinstance(fact, AgentRegistered)]
        assert (registered.capabilities, registered.owner) == (("edit",), "mcp")
        edit, other = [fact for fact in told if isinstance(fact, FileEdited)]
        assert (edit.path, edit.after, edit.last_line) == (str(tmp_path / "a.py"), HASH, 9)
        assert other.path == "/elsewhere/b.py"
        (call,) = [fact for fact in told if isinstance(fact, ToolCalled)]
        assert call.arguments == '{"command": "make test"}'


async def test_it_stands_in_the_tree(tmp_path: Path):
    clock = FakeClock()
    async with AgentManager.open(
        tmp_path, memory=True, clock=clock, runners={"native": ScriptedRunner()}
    ) as manager:
        await manager.register(Registration("Aider", description="mends tests"))
        lines = [line.plain for line in tree(manager.list(), now=clock.now(), width=60).lines]
        assert any("Aider (reported)  mends tests" in line for line in lines)
        assert any("works outside" in line for line in lines)


async def test_nobody_here_can_steer_or_go_on_with_it(tmp_path: Path):
    async with AgentManager.open(tmp_path, memory=True, runners={"native": ScriptedRunner()}) as manager:
        agent = await manager.register(Registration("aider"))
        for refused in (manager.steer(agent, "hurry"), manager.pause(agent), manager.unpause(agent)):
            with pytest.raises(NotNow, match="only reports of its work"):
                await refused
        assert await manager.stop(agent)
        with pytest.raises(NotNow, match="register again"):
            await manager.record(agent, CommandReport("ls"))
        with pytest.raises(NotNow, match="only reports of its work"):
            await manager.resume(agent, "go on")


async def test_only_who_registered_reports(tmp_path: Path):
    async with AgentManager.open(tmp_path, memory=True, runners={"native": ScriptedRunner()}) as manager:
        run = await manager.spawn("general-purpose", "go", model="offline")
        with pytest.raises(NotNow, match="driven here"):
            await manager.record(run, CommandReport("ls"))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (EditReport("a.py", "abc"), "64 hexadecimal digits"),
        (EditReport("a.py", HASH, "xyz"), "64 hexadecimal digits"),
        (EditReport("a.py", HASH, None, 3, 2), "no range"),
        (EditReport("", HASH), "no path"),
        (FolderReport("a\0b"), "no path"),
        (CommandReport(" "), "the whole line"),
    ],
)
async def test_what_cannot_be_is_refused(tmp_path: Path, report: EditReport, said: str):
    async with AgentManager.open(tmp_path, memory=True) as manager:
        agent = await manager.register(Registration("aider"))
        with pytest.raises(BadReport, match=said):
            await manager.record(agent, report)
        with pytest.raises(BadReport, match="1 to 64"):
            await manager.register(Registration(" "))


async def test_one_that_said_no_farewell_is_interrupted_when_nobody_hears_it_any_more(tmp_path: Path):
    async with AgentManager.open(tmp_path) as manager:
        agent, session = await manager.register(Registration("aider")), manager.session
    async with AgentManager.open(tmp_path, session=session) as manager:
        run = manager.state.run(agent)
        assert run.status is RunStatus.INTERRUPTED
        assert run.outcome is not None
        assert run.outcome.reason == "its manager was closed"
        assert not await manager.outbox.pending()
