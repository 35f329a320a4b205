"""Turns, time, tokens and cost, told through the manager."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.errors import SpawnRefused
from subagents.events import StoppedBy
from subagents.runners.base import Conversation, RunContext
from subagents.runs.result import Result
from subagents.runs.state import Outcome, RunStatus
from subagents.settings.model import Settings
from subagents.spec import RunSpec
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Step, Stumble, Tool, Wait
from subagents.usage import ModelUsage

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


# --- tokens and cost


def used(tokens: int = 0, cost: float = 0.0, *, unpriced: int = 0) -> ModelUsage:
    return ModelUsage(requests=1, input=tokens, cache_read=10**6, cost=cost, unpriced=unpriced)


@dataclass
class Deaf:
    """A runner whose conversations take no message while they answer, so that it must be asked afterwards."""

    runner: ScriptedRunner
    _conversation: Conversation = field(init=False)

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Conversation]:
        async with self.runner.open(spec, context) as self._conversation:
            yield self

    async def prompt(self, text: str | None) -> str:
        return await self._conversation.prompt(text)

    def steer(self, steer: str, text: str) -> bool:
        return False


async def lived(*steps: Step | Stumble, **wishes: Any) -> tuple[Result, list[str]]:
    """What became of a run that lives through these steps, and what it was told beside its prompt."""
    runner = ScriptedRunner(default=steps)
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", **wishes)
        result = await manager.get_result(run, wait=True)
    return result, runner.said[1:]


async def test_a_run_near_its_tokens_is_asked_to_wrap_up_and_may_answer():
    result, told = await lived(Tool(usage=used(850)), Say("in short", used(500)), max_tokens=1000)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "in short")
    assert outcome(result).wrapped_up
    assert [text.partition(".")[0] for text in told] == ["You have used most of your 1,000 tokens"]


async def test_at_its_tokens_no_further_request_is_made_and_its_work_is_kept():
    steps = Tool(text="one", usage=used(600)), Tool(text="two", usage=used(600)), Say("three")
    result, _ = await lived(*steps, max_tokens=1000)
    assert (result.run.status, outcome(result).by) == (RunStatus.STOPPED, StoppedBy.LIMIT)
    assert outcome(result).reason == "it used 1,200 tokens, and its limit was 1,000"
    assert (result.text, result.run.usage.total.requests) == ("two", 2)


async def test_cost_is_limited_the_same_way():
    steps = Tool(text="one", usage=used(cost=0.85)), Tool(text="two", usage=used(cost=0.3)), Say("three")
    result, told = await lived(*steps, max_cost=1.0)
    assert outcome(result).reason == "it cost $1.15, and its limit was $1.00"
    assert [text.partition(".")[0] for text in told] == ["You have used most of the $1"]
    assert result.text == "two"


async def test_an_answer_that_goes_beyond_the_limit_is_still_an_answer():
    result, _ = await lived(Say("all of it", used(5000)), max_tokens=1000)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "all of it")


async def test_a_request_whose_price_is_unknown_is_the_last_under_a_limit_of_cost():
    steps = Tool(text="one", usage=used(100, unpriced=1)), Say("two")
    result, _ = await lived(*steps, max_cost=1.0)
    assert (result.run.status, outcome(result).by) == (RunStatus.STOPPED, StoppedBy.LIMIT)
    assert "the price of 1 of its 1 requests is not known" in outcome(result).reason
    assert "max_tokens" in outcome(result).reason
    assert (await lived(*steps, max_tokens=1000))[0].run.status == RunStatus.COMPLETED


async def test_a_model_without_a_price_begins_nothing_that_its_cost_limits():
    async with open_manager(ScriptedRunner()) as manager:
        with pytest.raises(SpawnRefused, match=r"'ollama:qwen3' is not known, so a limit of \$1\.00"):
            await manager.spawn("plain", "go", model="ollama:qwen3", max_cost=1.0)
        await manager.spawn("plain", "go", model="anthropic:claude-haiku-4-5", max_cost=1.0)


async def test_a_reply_that_broke_off_counts_before_it_is_asked_for_again():
    steps = Stumble("hal", usage=used(1200)), Say("whole")
    result, _ = await lived(*steps, max_tokens=1000)
    assert (outcome(result).by, result.run.usage.total.requests) == (StoppedBy.LIMIT, 1)


async def test_what_had_arrived_of_a_broken_reply_is_not_said_twice():
    gate = anyio.Event()
    runner = ScriptedRunner(default=[Stumble("It is in "), Wait(gate, "It is"), Say("It is in a.py")])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await settled()
        await manager.stop(run)
        result = await manager.get_result(run)
    assert result.text == "It is"


async def test_a_message_that_comes_after_the_answer_is_not_asked_beyond_the_limit():
    gate = anyio.Event()
    runner = Deaf(ScriptedRunner(default=[Wait(gate), Say("an answer", used(1200))]))
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", max_tokens=1000)
        await settled()
        await manager.steer(run, "and another thing")
        gate.set()
        result = await manager.get_result(run, wait=True)
    assert (outcome(result).by, result.text) == (StoppedBy.LIMIT, "an answer")


async def test_an_episode_has_its_tokens_to_itself():
    runner = ScriptedRunner(default=[Tool(usage=used(500)), Say("done", used(300))])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go", max_tokens=1000)
        await manager.get_result(run, wait=True)
        await manager.resume(run, "and again")
        result = await manager.get_result(run, wait=True)
    assert result.run.status == RunStatus.COMPLETED
    assert (result.run.usage.total.tokens, result.run.episode_usage.tokens) == (1600, 800)


async def test_the_setting_limits_runs_that_nobody_else_limits():
    runner = ScriptedRunner(default=[Tool(usage=used(600)), Say()])
    async with open_manager(runner, settings=Settings(default_max_tokens=500)) as manager:
        run = await manager.spawn("plain", "go")
        result = await manager.get_result(run, wait=True)
    assert outcome(result).by == StoppedBy.LIMIT


amounts = st.builds(used, st.integers(0, 600), st.integers(0, 50).map(lambda cents: cents / 100))
steps = st.lists(
    st.one_of(
        amounts.map(lambda each: Tool(usage=each)), amounts.map(lambda each: Stumble("so", usage=each))
    ),
    max_size=12,
)


@given(steps, st.integers(1, 3000), st.integers(1, 300).map(lambda cents: cents / 100))
def test_whatever_is_used_no_limit_is_exceeded_by_more_than_one_request(
    lives: list[Tool | Stumble], tokens: int, cost: float
):
    result, _ = anyio.run(lambda: lived(*lives, Say("end", used()), max_tokens=tokens, max_cost=cost))
    made = result.run.usage.total.requests
    last = [*(step.usage for step in lives), used()][made - 1]
    before = result.run.usage.total - last
    assert made == 1 or (before.tokens < tokens and before.cost < cost + 1e-9)
    assert result.run.status == (RunStatus.COMPLETED if made > len(lives) else RunStatus.STOPPED)
