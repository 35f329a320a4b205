"""Turns and time, told through the manager."""

import anyio
import pytest

from subagents.events import StoppedBy
from subagents.runs.result import Result
from subagents.runs.state import Outcome, RunStatus
from subagents.settings.model import Settings
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


def outcome(result: Result) -> Outcome:
    assert result.run.outcome is not None
    return result.run.outcome


async def run_of(turns: int, limit: int | None, grace: int, default: int = 0) -> tuple[Result, list[str]]:
    runner = ScriptedRunner(default=[*[Tool(text=f"turn {n + 1}") for n in range(turns)], Say("answer")])
    settings = Settings(grace_turns=grace, default_max_turns=default)
    async with open_manager(runner, settings=settings) as manager:
        run = await manager.spawn("plain", "go", max_turns=limit)
        result = await manager.get_result(run, wait=True)
    return result, [text for text in runner.said if "Wrap up" in text]


@pytest.mark.parametrize(
    ("limit", "grace", "turns", "messages", "status", "wrapped_up"),
    [
        (5, 5, 3, 0, RunStatus.COMPLETED, False),  # S1
        (5, 5, 5, 1, RunStatus.COMPLETED, True),  # S2
        (5, 5, 8, 1, RunStatus.COMPLETED, True),  # S3
        (5, 2, 7, 1, RunStatus.STOPPED, False),  # S4
        (5, 3, 7, 1, RunStatus.COMPLETED, True),  # S5
        (0, 5, 30, 0, RunStatus.COMPLETED, False),
    ],
)
async def test_a_run_at_its_turns_is_asked_once_and_stopped_after_the_grace(
    limit, grace, turns, messages, status, wrapped_up
):
    result, asked = await run_of(turns, limit, grace)
    assert len(asked) == messages
    assert (result.run.status, outcome(result).wrapped_up) == (status, wrapped_up)


async def test_a_run_stopped_at_its_turns_keeps_its_work():
    result, _ = await run_of(turns=7, limit=5, grace=2)
    assert (outcome(result).by, result.text) == (StoppedBy.LIMIT, "turn 7")


async def test_the_default_applies_when_nobody_decides():
    result, asked = await run_of(turns=5, limit=None, grace=5, default=5)  # S7
    assert (len(asked), outcome(result).wrapped_up) == (1, True)


async def test_a_run_out_of_time_is_asked_to_wrap_up_and_then_stopped_with_its_work():
    clock, gate = FakeClock(), anyio.Event()
    runner = ScriptedRunner(default=[Wait(gate), Tool(text="half"), Wait(anyio.Event(), "of it")])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go", max_seconds=100)
        await clock.advance(79)
        assert not manager.state.run(run).wrap_up
        await clock.advance(2)
        assert manager.state.run(run).wrap_up == "time"
        gate.set()
        await settled()
        assert any("out of time" in text for text in runner.said)
        await clock.advance(20)
        result = await manager.get_result(run)
    assert (result.run.status, outcome(result).by) == (RunStatus.STOPPED, StoppedBy.TIMEOUT)
    assert (result.text, outcome(result).seconds) == ("of it", 100.0)


async def test_waiting_for_a_slot_and_resting_do_not_count_as_time():
    clock, gate, turn = FakeClock(), anyio.Event(), anyio.Event()
    runner = ScriptedRunner({"first": [Wait(gate), Say()], "second": [Wait(turn), Tool(), Say("in time")]})
    async with open_manager(runner, clock=clock, settings=Settings(max_concurrent=1)) as manager:
        await manager.spawn("plain", "first")
        second = await manager.spawn("plain", "second", max_seconds=100)
        await clock.advance(1000)
        gate.set()
        await settled()
        await clock.advance(50)
        await manager.pause(second)
        turn.set()
        await clock.advance(1000)
        assert manager.state.run(second).parked
        await manager.unpause(second)
        result = await manager.get_result(second, wait=True)
    assert (result.text, outcome(result).seconds) == ("in time", 50.0)


async def test_a_clock_that_goes_back_changes_no_measured_time():
    clock, gate = FakeClock(), anyio.Event()
    runner = ScriptedRunner(default=[Wait(gate), Say()])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go", max_seconds=100)
        await clock.advance(10)
        clock.set_back(3600)
        await clock.advance(10)
        gate.set()
        result = await manager.get_result(run, wait=True)
    assert outcome(result).seconds == 20.0
