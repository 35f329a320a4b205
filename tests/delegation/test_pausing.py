"""`pause_subagent` and `unpause_subagent`: an agent rests between two turns, also across a restart."""

from __future__ import annotations

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.pausing import PauseParams, pause, unpause
from subagents.errors import NotNow, RunNotFound
from subagents.runs.state import RunStatus
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.spec import SpawnRequest
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


def named(run: str) -> PauseParams:
    return PauseParams(agent_id=run)


async def test_it_rests_at_the_end_of_its_turn_another_works_meanwhile_and_it_goes_on():
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"first": [Reach(far), Wait(gate), Tool(), Say("one")]}, default=[Say("two")])
    async with open_manager(runner, settings=Settings(max_concurrent=1)) as manager:
        first = await manager.spawn("plain", "first")
        await far.wait()
        second = await manager.spawn("plain", "second")
        assert (await pause(parent_of(manager), named("plain"))).text.replace(first, "RUN") == snapshot(
            """\
Agent plain (RUN) rests as soon as its turn is over, and another may work in its place.
It keeps all it has; unpause_subagent lets it go on.\
"""
        )
        assert (await pause(parent_of(manager), named(first))).text.replace(first, "RUN") == snapshot(
            "Agent plain (RUN) was paused already."
        )
        gate.set()
        assert (await manager.get_result(second, wait=True)).text == "two"
        state = manager.state.run(first)
        assert (state.parked, state.turns, state.status) == (True, 1, RunStatus.RUNNING)
        assert (await unpause(parent_of(manager), named(first))).text.replace(first, "RUN") == snapshot(
            "Agent plain (RUN) goes on."
        )
        assert (await manager.get_result(first, wait=True)).text == "one"


async def test_it_rests_across_a_restart_and_goes_on_when_it_may():
    far, gate, store = anyio.Event(), anyio.Event(), MemoryStore()
    before = ScriptedRunner(default=[Reach(far), Wait(gate), Tool(), Say("never")])
    async with open_manager(before, store=store) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await pause(parent_of(manager), named(run))
        gate.set()
        await settled()
        assert manager.state.run(run).parked
    after = ScriptedRunner(default=[Say("done")])
    async with open_manager(after, store=store) as manager:
        await settled()
        assert manager.state.run(run).parked
        assert after.said == []
        await unpause(parent_of(manager), named(run))
        assert (await manager.get_result(run, wait=True)).text == "done"


async def test_what_is_not_paused_or_not_in_progress_is_answered_as_such():
    far, gate = anyio.Event(), anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(far), Wait(gate), Say()])) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        told = await unpause(parent_of(manager), named(run))
        assert (told.text, told.data) == (
            f"Agent plain ({run}) was not paused.",
            {"id": run, "paused": False},
        )
        gate.set()
        await manager.get_result(run, wait=True)
        with pytest.raises(NotNow, match="only a queued or running one can be paused"):
            await pause(parent_of(manager), named(run))
        with pytest.raises(NotNow, match="resume it with a prompt instead"):
            await unpause(parent_of(manager), named(run))


async def test_a_parent_pauses_only_its_own():
    far = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(far), Wait(anyio.Event())])) as manager:
        parent, other = await manager.spawn("plain", "go"), await manager.spawn("plain", "go")
        child = await manager.spawn(SpawnRequest(agent="plain", prompt="go", parent=parent))
        for tool in (pause, unpause):
            with pytest.raises(RunNotFound, match="is not an agent of yours"):
                await tool(parent_of(manager, parent), named(other))
        await pause(parent_of(manager, parent), named(child))
        assert manager.state.run(child).paused
        assert not manager.state.run(other).paused
