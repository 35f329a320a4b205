"""`clear_subagents`: what a parent takes off its list, and what it is told of the rest."""

from __future__ import annotations

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.clearing import ClearParams, clear, clearing_text
from subagents.ids import RunId
from subagents.runs.clearing import Clearing, Kept
from subagents.runs.state import TO_PARENT
from subagents.runtime.manager import AgentManager
from subagents.spec import SpawnRequest
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio


async def children(manager: AgentManager, far: anyio.Event) -> tuple[RunId, dict[str, RunId]]:
    """A parent at work, and of its children one that was read, one that was not, one that failed, one at work."""
    parent = await manager.spawn("plain", "parent")
    begun = {
        prompt: await manager.spawn(SpawnRequest(agent="plain", prompt=prompt, parent=parent, name=prompt))
        for prompt in ("read", "unread", "fail", "work")
    }
    await manager.waits.wait([begun[name] for name in ("read", "unread", "fail")], seconds=60)
    await manager.get_result(begun["read"], to=TO_PARENT)
    await far.wait()
    return parent, begun


def runner(far: anyio.Event) -> ScriptedRunner:
    never = anyio.Event()
    return ScriptedRunner(
        {"parent": [Wait(never)], "fail": [Break(RuntimeError("no"))], "work": [Reach(far), Wait(never)]},
        default=[Say("done")],
    )


async def test_without_ids_only_what_was_read_and_is_old_enough_goes():
    far, clock = anyio.Event(), FakeClock()
    async with open_manager(runner(far), clock=clock) as manager:
        parent, begun = await children(manager, far)
        young = (await clear(parent_of(manager, parent), ClearParams())).text
        assert young.startswith("Cleared none.\nKept 1 active: ")
        await clock.advance(300)
        told = (await clear(parent_of(manager, parent), ClearParams())).text
        for name, run in begun.items():
            told = told.replace(run, name)
        assert told == snapshot("""\
Cleared 1: read.
Kept 1 active: work.
Kept 1 that failed, were stopped or interrupted (include_errors): fail.
Kept 1 unread (fetch the results, or include_unread): unread.\
""")
        assert {run.handle for run in manager.scope(parent).runs()} == {"unread", "fail", "work"}
        everything = await clear(
            parent_of(manager, parent), ClearParams(include_errors=True, include_unread=True)
        )
        assert everything.text.startswith(f"Cleared 2: {begun['unread']}, {begun['fail']}.")
        assert [run.handle for run in manager.scope(parent).runs()] == ["work"]


async def test_v5_by_id_the_others_go_although_one_is_refused_and_nothing_of_others_is_touched():
    far = anyio.Event()
    async with open_manager(runner(far)) as manager:
        parent, begun = await children(manager, far)
        stranger = await manager.spawn("plain", "stranger", name="stranger")
        await manager.get_result(stranger, wait=True)
        told = await clear(
            parent_of(manager, parent),
            ClearParams(agent_ids=["fail", begun["work"][:7], "stranger", "read", "fail"]),
        )
        lines = told.text.splitlines()
        assert lines[0] == f"Cleared 2: {begun['fail']}, {begun['read']}."
        assert lines[1] == (
            f"Error: {begun['work'][:7]!r} is {begun['work']}, which is still running; stop it first"
        )
        assert lines[2].startswith("Error: 'stranger' is not an agent of yours")
        assert not manager.state.run(stranger).cleared


async def test_v9_an_ended_agent_above_one_at_work_is_kept():
    far = anyio.Event()
    async with open_manager(runner(far)) as manager:
        top = await manager.spawn("plain", "parent")
        middle = await manager.spawn(SpawnRequest(agent="plain", prompt="parent", parent=top))
        await manager.spawn(SpawnRequest(agent="plain", prompt="work", parent=middle))
        await far.wait()
        await manager.stop(middle, subtree=False)
        told = await clear(parent_of(manager, top), ClearParams(older_than_minutes=0, include_errors=True))
        assert f"Kept 1 with agents below that have not ended: {middle}." in told.text
        assert not manager.state.run(middle).cleared


def test_the_report_names_only_so_many():
    many = tuple(RunId(f"run{number:05}") for number in range(21))
    assert clearing_text(Clearing((), {Kept.YOUNG: many})).endswith("run00018, run00019, ….")


@pytest.mark.parametrize("given", [{"older_than_minutes": -1}, {"older": 3}, {"older_than_minutes": "nan"}])
def test_what_makes_no_sense_is_refused(given: dict[str, object]):
    with pytest.raises(ValueError, match="validation error"):
        ClearParams.model_validate(given)
