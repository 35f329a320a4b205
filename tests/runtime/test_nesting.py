"""Parents and children: who ends with whom, and what each sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from subagents.errors import RunNotFound
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Step, Wait

pytestmark = pytest.mark.anyio

#: top ─ lead ─ deep, and beside lead the one that top waits for.
Tree = dict[str, RunId]


@asynccontextmanager
async def tree(detach: bool = False, **gates: anyio.Event) -> AsyncIterator[tuple[AgentManager, Tree]]:
    """Four runs in progress, each until its gate opens; what has none goes on for ever."""
    names = ("top", "lead", "waited for", "deep")
    scripts: dict[str, Sequence[Step]] = {
        name: [Wait(gates.get(name) or anyio.Event()), Say(name)] for name in names
    }
    runner, settings = ScriptedRunner(scripts), Settings(detach_children=detach)
    async with open_manager(runner, settings=settings) as manager:
        top = await manager.spawn("plain", "top")
        lead = await manager.spawn("plain", "lead", parent=top)
        front = await manager.spawn("plain", "waited for", parent=top, background=False)
        deep = await manager.spawn("plain", "deep", parent=lead)
        await settled()
        yield manager, {"top": top, "lead": lead, "waited for": front, "deep": deep}


def statuses(manager: AgentManager, runs: Tree) -> list[str]:
    return [f"{name} {manager.state.run(run).status}" for name, run in runs.items()]


async def test_a_parents_end_stops_its_children_and_theirs():
    done = anyio.Event()
    async with tree(top=done) as (manager, runs):
        done.set()
        await settled()
        assert statuses(manager, runs) == [
            "top completed",
            "lead stopped",
            "waited for stopped",
            "deep stopped",
        ]
        outcome = manager.state.run(runs["lead"]).outcome
        assert outcome is not None
        assert (outcome.by, outcome.reason) == (StoppedBy.PARENT, "its parent ended")


async def test_with_the_setting_children_in_the_background_outlive_their_parent():
    done = anyio.Event()
    async with tree(detach=True, top=done) as (manager, runs):
        done.set()
        await settled()
        assert statuses(manager, runs) == [
            "top completed",
            "lead running",
            "waited for stopped",
            "deep running",
        ]


@pytest.mark.parametrize("detach", [False, True])
async def test_a_stop_is_for_the_whole_tree_unless_it_is_said_otherwise(detach: bool):
    async with tree(detach) as (manager, runs):
        await manager.stop(runs["top"])
        await settled()
        assert statuses(manager, runs) == [
            "top stopped",
            "lead stopped",
            "waited for stopped",
            "deep stopped",
        ]
    async with tree(detach) as (manager, runs):
        await manager.stop(runs["top"], subtree=False)
        await settled()
        assert statuses(manager, runs) == [
            "top stopped",
            "lead running",
            "waited for stopped",
            "deep running",
        ]


async def test_children_that_outlive_their_parent_still_bound_the_tree():
    done = anyio.Event()
    async with tree(detach=True, top=done) as (manager, runs):
        done.set()
        await settled()
        more = await manager.spawn("plain", "deep", parent=runs["lead"])
        await settled()
        assert manager.state.run(more).status is RunStatus.RUNNING
        await manager.stop(runs["lead"])
        await settled()
        assert manager.state.run(more).status is RunStatus.STOPPED


async def test_a_parent_sees_its_own_tree_and_nothing_else():
    async with tree() as (manager, runs):
        other = await manager.spawn("plain", "top", name="stranger")
        mine = manager.scope(runs["top"])
        assert {run.id for run in mine.runs()} == {runs["lead"], runs["waited for"], runs["deep"]}
        assert mine.find(runs["deep"]) == runs["deep"]
        for foreign in (other, "stranger", runs["top"], "plain", ""):
            with pytest.raises(
                RunNotFound, match="is not an agent of yours; yours are plain-2, plain-3, plain-4"
            ):
                mine.find(foreign)
        assert [run.id for run in manager.scope(runs["deep"]).runs()] == []
        assert manager.scope().find("stranger") == other


async def test_a_scope_shows_the_newest_first_and_what_was_cleared_when_it_is_asked_for():
    reached = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(reached), Say()])) as manager:
        runs = [await manager.spawn("plain", "go") for _ in range(2)]
        await settled()
        await manager.clear([runs[0]])
        scope = manager.scope()
        assert [run.id for run in scope.runs()] == [runs[1]]
        assert {run.id for run in scope.runs(cleared=True)} == set(runs)
