"""`list_subagents`: what a parent sees of its agents, and nothing of others'. Rows V of the cases."""

from __future__ import annotations

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.listing import ListParams, list_agents
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.spec import SpawnRequest
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio


async def family(manager: AgentManager, clock: FakeClock, far: anyio.Event) -> RunId:
    """A parent with three that completed, one that failed and one at work, a minute apart; and a stranger."""
    parent = await manager.spawn("plain", "parent", description="the parent")
    await manager.spawn("plain", "stranger", description="not yours")
    for prompt in ("first", "second", "fail", "third", "work"):
        await clock.advance(60)
        run = await manager.spawn(
            SpawnRequest(agent="plain", prompt=prompt, description=f"do {prompt}", parent=parent)
        )
        if prompt != "work":
            await manager.waits.wait([run])
    await far.wait()
    return parent


def runner(far: anyio.Event) -> ScriptedRunner:
    never = anyio.Event()
    return ScriptedRunner(
        {"parent": [Wait(never)], "fail": [Break(RuntimeError("no"))], "work": [Reach(far), Wait(never)]},
        default=[Say("done")],
    )


def without_ids(manager: AgentManager, text: str) -> str:
    for run in manager.state.runs.values():
        text = text.replace(run.id, run.handle)
    return text


async def test_v1_what_works_then_problems_then_the_last_two_successes():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        parent = await family(manager, clock, far)
        assert without_ids(
            manager, (await list_agents(parent_of(manager, parent), ListParams())).text
        ) == snapshot("""\
4 visible of 5 retained: 1 active, 1 with problems, 3 done.
plain-7 | plain | running | do work
plain-5 | plain | failed | do fail
plain-6 | plain | completed, unread | do third
plain-4 | plain | completed, unread | do second
1 earlier success is not shown; call with all: true to see everything.\
""")


async def test_all_of_them_with_those_that_began_last_first():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        parent = await family(manager, clock, far)
        told = await list_agents(parent_of(manager, parent), ListParams(all=True))
        assert without_ids(manager, told.text) == snapshot("""\
5 visible of 5 retained: 1 active, 1 with problems, 3 done.
plain-7 | plain | running | do work
plain-6 | plain | completed, unread | do third
plain-5 | plain | failed | do fail
plain-4 | plain | completed, unread | do second
plain-3 | plain | completed, unread | do first\
""")
        cleared = [run.id for run in manager.scope(parent).runs() if run.handle == "plain-3"]
        await manager.clear(cleared)
        after = await list_agents(parent_of(manager, parent), ListParams(all=True))
        assert "plain-3" not in without_ids(manager, after.text)


async def test_v3_the_answer_is_how_it_was():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        parent = await family(manager, clock, far)
        told = await list_agents(parent_of(manager, parent), ListParams())
        assert told.text.count("running") == 1
        await manager.stop(parent)
        await settled()
        after = await list_agents(parent_of(manager, parent), ListParams())
        assert after.text.count("running") == 0
        assert [row["status"] for row in told.data["agents"]].count("running") == 1


async def test_the_path_shows_where_a_run_is_and_nothing_of_its_brothers_and_sisters():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        parent = await family(manager, clock, far)
        (child,) = [run.id for run in manager.scope(parent).runs() if not run.status.ended]
        told = await list_agents(parent_of(manager, child), ListParams(view="path"))
        lines = told.text.splitlines()
        assert lines[0] == "You are here: plain > plain-7"
        assert "do work" in told.text
        assert "+4 completed siblings hidden" in told.text
        assert not any(others in told.text for others in ("do first", "do third", "do fail", "not yours"))
        assert told.data["total"] == 0, "it has started none"


async def test_whoever_drives_the_session_sees_all_of_it_and_has_no_path():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        await family(manager, clock, far)
        told = await list_agents(parent_of(manager), ListParams(all=True, view="path"))
        assert told.text.startswith("7 visible of 7 retained: 2 active, 1 with problems, 4 done.")
        assert "not yours" in told.text
        assert (told.data["total"], told.data["counts"]) == (7, {"active": 2, "problems": 1, "successes": 4})


async def test_listing_tells_nobody_and_changes_nothing():
    async with open_manager() as manager:
        run = await manager.spawn("plain", "go")
        await manager.waits.wait([run])
        seq = manager.state.seq
        told = await list_agents(parent_of(manager), ListParams())
        assert f"{run} | plain | completed, unread | go" in told.text
        assert (manager.state.seq, manager.state.run(run).delivered) == (seq, False)
