"""Mentions as a conversation uses them: a run in progress is steered, an ended one resumed, another one started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from subagents.definitions.model import AgentDefinition
from subagents.delegation.sending import How, Sent, send
from subagents.errors import NotNow
from subagents.ids import RunId
from subagents.runs.lifecycle import MAX_STEER
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.spec import AskedBy
from subagents.testing.builders import open_manager
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio

EXPLORE = AgentDefinition(name="Explore", description="looks")
PLAN = AgentDefinition(name="Plan", description="plans")


class Story:
    """A manager with two kinds of agents, whose runs wait for `go`."""

    def __init__(self) -> None:
        self.far, self.go = anyio.Event(), anyio.Event()
        self.runner = ScriptedRunner(
            {"work": [Tool(), Reach(self.far), Wait(self.go), Tool(), Say("worked")]}
        )


@asynccontextmanager
async def told(mentions: str = "model") -> AsyncIterator[tuple[AgentManager, Story]]:
    story = Story()
    settings = Settings(agent_mentions=mentions)
    async with open_manager(story.runner, settings=settings, agents=(EXPLORE, PLAN)) as manager:
        yield manager, story


def sent(what: Sent | None) -> Sent:
    assert what is not None
    return what


async def test_a_run_in_progress_is_steered_and_its_receipt_comes_back():
    async with told() as (manager, story):
        run = await manager.spawn("Explore", "work")
        await story.far.wait()
        done = sent(await send(manager, "@explore the tests too"))
        assert (done.how, done.run, done.message) == (How.STEERED, run, "the tests too")
        assert done.receipt is not None
        assert (done.receipt.waits, done.receipt.asked_by) == (True, AskedBy.PERSON)
        story.go.set()
        await manager.get_result(run, wait=True)
    assert story.runner.said == ["work", "the tests too"]


async def test_one_that_has_ended_is_resumed_and_its_answer_is_unread_again():
    async with told() as (manager, story):
        run = await manager.spawn("Explore", "look")
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED
        assert manager.state.run(run).delivered
        done = sent(await send(manager, "@agent-explore and the tests?"))
        assert (done.how, done.run, done.receipt) == (How.RESUMED, run, None)
        await manager.waits.wait((run,), seconds=60)
        state = manager.state.run(run)
        assert (state.episode, state.status, state.delivered) == (2, RunStatus.COMPLETED, False)
    assert story.runner.said == ["look", "and the tests?"]


async def test_one_that_was_cleared_is_resumed_as_well():
    async with told() as (manager, _story):
        run = await manager.spawn("Explore", "look")
        await manager.get_result(run, wait=True)
        await manager.clear([run])
        assert sent(await send(manager, "@explore again")).run == run
        assert not manager.state.run(run).cleared


@pytest.mark.parametrize("mentions", ["model", "direct"])
async def test_one_that_never_ran_is_started_in_the_background_with_the_message(mentions: str):
    async with told(mentions) as (manager, story):
        done = sent(await send(manager, "@plan work out how retries\nshould be counted from now on"))
        assert (done.how, done.receipt) == (How.STARTED, None)
        assert done.run is not None
        state = manager.state.run(done.run)
        assert (state.spec.agent, state.handle, state.parent) == ("Plan", "plan", None)
        assert state.spec.description == "work out how retries"
        assert state.spec.background
        assert state.asked_by is AskedBy.PERSON
        await settled()
    assert story.runner.said == ["work out how retries\nshould be counted from now on"]


async def test_switched_off_a_type_is_no_mention_and_a_run_still_is_one():
    async with told("off") as (manager, _story):
        assert await send(manager, "@plan work") is None
        assert manager.list() == []
        run = await manager.spawn("Plan", "look")
        await manager.get_result(run, wait=True)
        assert sent(await send(manager, "@plan again")).run == run


@pytest.mark.parametrize(
    "text", ["plan this", "@plan", "@nobody hello", "@src/plan.py look", "hey @plan look"]
)
async def test_what_names_nobody_is_left_to_the_main_conversation(text: str):
    async with told() as (manager, _story):
        assert await send(manager, text) is None
        assert manager.list() == []


async def test_w15_the_main_conversation_is_given_its_text_without_the_mention():
    async with told() as (manager, _story):
        assert await send(manager, "@main @explore is not a mention") == Sent(
            How.FOR_MAIN, "@explore is not a mention"
        )
        assert manager.list() == []


async def test_a_run_reaches_only_what_is_below_it_and_starts_its_own():
    async with told() as (manager, story):
        parent = await manager.spawn("Plan", "work")
        await story.far.wait()
        other = await manager.spawn("Explore", "look")
        await manager.get_result(other, wait=True)
        done = sent(await send(manager, "@explore look", parent))
        assert done.how is How.STARTED
        mine = manager.state.run(done.run or RunId(""))
        assert (mine.parent, mine.handle, mine.asked_by) == (parent, "explore-2", AskedBy.MODEL)
        assert await send(manager, "@explore-3 look", parent) is None


async def test_what_a_run_refuses_to_read_is_said_and_resumes_nothing():
    async with told() as (manager, story):
        run = await manager.spawn("Explore", "work")
        await story.far.wait()
        with pytest.raises(NotNow, match="cannot be read by run"):
            await send(manager, f"@explore {'x' * (MAX_STEER + 1)}")
        assert manager.state.run(run).episode == 1
