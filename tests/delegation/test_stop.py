"""`stop_subagent`: what a parent ends, and what it is given of it. Row R5 of the cases."""

from __future__ import annotations

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.stop import StopParams, stop
from subagents.delegation.tool import Answer
from subagents.errors import RunNotFound
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.spec import SpawnRequest
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Step, Tool, Wait

pytestmark = pytest.mark.anyio


class Family:
    """A parent with a child at work, and below that one in the background and one that the child waits for."""

    def __init__(self) -> None:
        self.gate = anyio.Event()
        self.far = {name: anyio.Event() for name in ("child", "background", "foreground")}
        scripts: dict[str, list[Step]] = {
            name: [Tool(text=f"{name}'s half"), Reach(far), Wait(self.gate), Say(f"{name}'s all")]
            for name, far in self.far.items()
        }
        self.runner = ScriptedRunner(scripts, default=[Wait(self.gate), Say()])
        self.runs: dict[str, RunId] = {}

    async def begin(self, manager: AgentManager) -> None:
        parent = await manager.spawn("plain", "parent")
        child = await manager.spawn(SpawnRequest(agent="plain", prompt="child", parent=parent))
        for name in ("background", "foreground"):
            request = SpawnRequest(agent="plain", prompt=name, parent=child, background=name == "background")
            self.runs[name] = await manager.spawn(request)
        self.runs |= {"parent": parent, "child": child}
        for far in self.far.values():
            await far.wait()
        await settled()


async def test_r5_it_is_stopped_with_all_below_it_and_its_partial_work_comes_back():
    family = Family()
    async with open_manager(family.runner) as manager:
        await family.begin(manager)
        child = family.runs["child"]
        told = await stop(parent_of(manager, family.runs["parent"]), StopParams(agent_id="plain-2"))
        assert told.text.replace(child, "CHILD") == snapshot("""\
Stopped, with all below it.

Agent: plain-2 (plain, run CHILD)
Status: stopped | 1 turn | 1 tool use | 110 tokens | 0s
Description: child
Note: It was STOPPED by its parent before it finished; what follows is partial, the task is NOT done.

child's half\
""")
        await settled()
        state = manager.state
        assert [state.run(family.runs[name]).status for name in ("child", "background", "foreground")] == [
            RunStatus.STOPPED
        ] * 3
        outcome = state.run(child).outcome
        assert outcome is not None
        assert (outcome.by, state.run(child).delivered) == (StoppedBy.PARENT, True)
        assert state.run(family.runs["parent"]).status is RunStatus.RUNNING


async def test_without_its_subtree_what_works_in_the_background_goes_on():
    family = Family()
    async with open_manager(family.runner) as manager:
        await family.begin(manager)
        background = family.runs["background"]
        asked = StopParams(agent_id=family.runs["child"], subtree=False)
        told = await stop(parent_of(manager, family.runs["parent"]), asked)
        assert told.text.splitlines()[0] == f"Stopped; still at work below it: {background}."
        await settled()
        assert manager.state.run(family.runs["foreground"]).status is RunStatus.STOPPED
        family.gate.set()
        assert (await manager.get_result(background, wait=True)).text == "background's all"


async def test_one_that_had_ended_gives_its_result():
    async with open_manager(ScriptedRunner(default=[Say("in net.py")])) as manager:
        run = await manager.spawn("plain", "where?")
        await manager.waits.wait([run])
        told = await stop(parent_of(manager), StopParams(agent_id=run))
        assert (told.data["stopped"], told.data["status"]) == (False, "completed")
        assert told.text.replace(run, "RUN") == snapshot("""\
It had ended already.

Agent: plain (plain, run RUN)
Status: completed | 1 turn | 110 tokens | 0s
Description: where?

in net.py\
""")
        assert manager.state.run(run).status is RunStatus.COMPLETED


async def test_two_stops_at_once_both_tell_that_it_has_ended():
    family = Family()
    async with open_manager(family.runner) as manager:
        await family.begin(manager)
        parent, answers = parent_of(manager, family.runs["parent"]), list[Answer]()

        async def stop_it() -> None:
            answers.append(await stop(parent, StopParams(agent_id="plain-2")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_it)
            tasks.start_soon(stop_it)
        assert sorted(told.data["stopped"] for told in answers) == [False, True]
        assert [told.data["status"] for told in answers] == ["stopped"] * 2


async def test_a_parent_stops_only_its_own():
    family = Family()
    async with open_manager(family.runner) as manager:
        await family.begin(manager)
        for stranger in (family.runs["parent"], family.runs["child"], "nobody"):
            with pytest.raises(RunNotFound, match="is not an agent of yours"):
                await stop(parent_of(manager, family.runs["child"]), StopParams(agent_id=stranger))
        assert not any(run.status.ended for run in manager.state.runs.values())
