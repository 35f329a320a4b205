"""Waits: what ends them, and that they end nothing and leave nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import pytest

from subagents.errors import RunNotFound, SessionClosed
from subagents.ids import RunId
from subagents.own_tasks import own_tasks
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.runtime.waiting import Waited, WaitEnd, WaitFor
from subagents.settings.model import Settings
from subagents.spec import AskedBy
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


@dataclass
class Story:
    """A manager whose agents `a`, `b` and `c` go on when their gates open; `over` are the waits that are over."""

    manager: AgentManager
    clock: FakeClock
    gates: dict[str, anyio.Event]
    over: list[Waited]
    begin: Callable[..., object]

    async def spawn(self, prompt: str, **wishes: object) -> RunId:
        return await self.manager.spawn("plain", prompt, **wishes)

    async def wait(self, *runs: RunId, **how: object) -> None:
        """Begins a wait, and lets everybody go as far as they can."""
        self.begin(self._wait, runs, how)
        await settled()

    async def _wait(self, runs: tuple[RunId, ...], how: dict[str, object]) -> None:
        self.over.append(await self.manager.waits.wait(runs, **how))  # type: ignore[arg-type]

    def status(self, run: RunId) -> RunStatus:
        return self.manager.state.run(run).status


@asynccontextmanager
async def story(max_concurrent: int = 4) -> AsyncIterator[Story]:
    gates = {name: anyio.Event() for name in "abc"}
    scripts = {name: (Tool(), Wait(gate), Say(name)) for name, gate in gates.items()}
    clock = FakeClock()
    settings = Settings(max_concurrent=max_concurrent)
    async with (
        open_manager(ScriptedRunner(scripts), clock=clock, settings=settings) as manager,
        own_tasks() as tasks,
    ):
        yield Story(manager, clock, gates, [], tasks.start_soon)
        tasks.cancel_scope.cancel()


async def test_a_wait_is_over_with_the_ending_it_waited_for():
    async with story() as told:
        run = await told.spawn("a")
        await told.wait(run, seconds=270)
        assert told.over == []
        told.gates["a"].set()
        await settled()
        [waited] = told.over
        assert (waited.end, [each.status for each in waited.runs]) == (WaitEnd.ENDED, [RunStatus.COMPLETED])
        assert told.clock.rung == 0


async def test_k3_after_its_bound_it_is_over_and_the_agent_goes_on():
    async with story() as told:
        run = await told.spawn("a")
        await told.wait(run, seconds=270)
        await told.clock.advance(269.9)
        await settled()
        assert told.over == []
        await told.clock.advance(0.2)
        await settled()
        assert (told.over[0].end, told.over[0].seconds) == (WaitEnd.TIMED_OUT, 270)
        assert told.status(run) is RunStatus.RUNNING


async def test_k5_a_caller_that_gives_up_ends_its_wait_and_nothing_else():
    async with story() as told:
        run, gave_up = await told.spawn("a"), anyio.Event()
        await told.wait(run, cancelled=gave_up)
        assert told.over == []
        gave_up.set()
        await settled()
        assert told.over[0].end is WaitEnd.CANCELLED
        assert told.status(run) is RunStatus.RUNNING


async def test_k7_a_message_for_the_parent_ends_its_wait_also_one_that_was_there_before():
    async with story() as told:
        parent, child = await told.spawn("a"), await told.spawn("b")
        await settled()
        await told.wait(child, owner=parent)
        assert told.over == []
        await told.manager.steer(parent, "leave it", asked_by=AskedBy.PERSON)
        await settled()
        await told.wait(child, owner=parent)
        assert [waited.end for waited in told.over] == [WaitEnd.STEERED, WaitEnd.STEERED]
        assert told.status(child) is RunStatus.RUNNING


async def test_a_parent_outside_is_interrupted_in_its_wait_or_at_the_next_one():
    async with story() as told:
        run = await told.spawn("a")
        told.manager.waits.interrupt(None)
        await told.wait(run)
        await told.wait(run)
        assert [waited.end for waited in told.over] == [WaitEnd.STEERED]
        told.manager.waits.interrupt(None)
        await settled()
        assert [waited.end for waited in told.over] == [WaitEnd.STEERED, WaitEnd.STEERED]


async def test_k9_a_notice_to_the_parent_interrupts_nothing():
    async with story() as told:
        parent, child = await told.spawn("a"), await told.spawn("b")
        await settled()
        await told.manager._driving.steer(parent, "notice-1", "another one ended", AskedBy.PROGRAM)
        await told.wait(child, owner=parent)
        assert told.over == []


async def test_k15_a_queued_agent_is_waited_for_until_it_ran():
    async with story(max_concurrent=1) as told:
        first, second = await told.spawn("a"), await told.spawn("b")
        await settled()
        assert told.status(second) is RunStatus.QUEUED
        await told.wait(second)
        told.gates["a"].set()
        await settled()
        assert (told.over, told.status(first)) == ([], RunStatus.COMPLETED)
        told.gates["b"].set()
        await settled()
        assert told.over[0].runs[0].status is RunStatus.COMPLETED


async def test_k17_a_call_that_was_given_up_before_it_began_is_over_at_once():
    async with story() as told:
        run, gave_up = await told.spawn("a"), anyio.Event()
        gave_up.set()
        await told.wait(run, cancelled=gave_up)
        assert told.over[0].end is WaitEnd.CANCELLED


@pytest.mark.parametrize("way", ["ended", "given up", "task cancelled"])
async def test_k19_a_hundred_waits_leave_nothing_behind(way: str):
    async with story() as told:
        run, gave_up = await told.spawn("a"), anyio.Event()

        async def waiting() -> None:
            await told.manager.waits.wait([run], cancelled=gave_up, owner=run)

        async with own_tasks() as tasks:
            for _ in range(100):
                tasks.start_soon(waiting)
            await settled()
            assert told.manager.waits.watching(run, run)
            match way:
                case "ended":
                    told.gates["a"].set()
                case "given up":
                    gave_up.set()
                case _:
                    tasks.cancel_scope.cancel()
        assert not told.manager.waits.watching(run, run)


async def test_k23_what_has_ended_already_is_not_waited_for():
    async with story() as told:
        run, gave_up = await told.spawn("a"), anyio.Event()
        told.gates["a"].set()
        await settled()
        gave_up.set()
        await told.wait(run, cancelled=gave_up)
        assert told.over[0].end is WaitEnd.ENDED


async def test_any_of_several_is_enough_or_all_of_them_are_waited_for():
    async with story() as told:
        runs = [await told.spawn(name) for name in "abc"]
        await told.wait(*runs, wanted=WaitFor.ANY)
        await told.wait(*runs, wanted=WaitFor.ALL)
        told.gates["b"].set()
        await settled()
        [waited] = told.over
        assert [run.status.ended for run in waited.runs] == [False, True, False]
        told.gates["a"].set()
        told.gates["c"].set()
        await settled()
        assert [run.status.ended for run in told.over[1].runs] == [True, True, True]


async def test_one_that_is_resumed_before_the_others_have_ended_is_waited_for_again():
    async with story() as told:
        runs = [await told.spawn(name) for name in "ab"]
        await told.wait(*runs)
        told.gates["a"].set()
        await settled()
        told.gates["a"] = anyio.Event()
        await told.manager.resume(runs[0], "c")
        told.gates["b"].set()
        await settled()
        assert told.over == []
        told.gates["c"].set()
        await settled()
        assert [run.episode for run in told.over[0].runs] == [2, 1]


async def test_an_unknown_run_is_not_waited_for():
    async with story() as told:
        with pytest.raises(RunNotFound):
            await told.manager.waits.wait([RunId("nobodyyy")])


async def test_when_the_session_is_over_nobody_waits_any_more():
    async with story() as told:
        run = await told.spawn("a")
        caught: list[BaseException] = []

        async def waiting() -> None:
            try:
                await told.manager.waits.wait([run])
            except SessionClosed as error:
                caught.append(error)

        told.begin(waiting)
        await settled()
        told.manager._journal.close("enough")
        await settled()
        assert len(caught) == 1
