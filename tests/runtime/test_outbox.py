"""Who is told of endings, once, until it has arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from subagents.events import NoticeAcknowledged, NoticePosted, StoppedBy
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.sessions.store import MemoryStore
from subagents.settings.model import Settings
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Step, Tool, Wait

pytestmark = pytest.mark.anyio

#: Gates that hold the run of their prompt; what has none answers at once.
Gates = dict[str, anyio.Event]


class Story:
    """A session, its clock, and what its log holds of notices."""

    def __init__(
        self, manager: AgentManager, clock: FakeClock, store: MemoryStore, runner: ScriptedRunner
    ) -> None:
        self.manager, self.clock, self.store, self.runner = manager, clock, store, runner

    async def spawn(self, prompt: str, parent: RunId | None = None) -> RunId:
        return await self.manager.spawn("plain", prompt, parent=parent)

    async def pending(self) -> list[list[str]]:
        """For whoever drives the session: the prompts of the runs of each notice."""
        notices = await self.manager.outbox.pending()
        return [sorted(run.spec.prompt for run in notice.runs) for notice in notices]

    @property
    def posted(self) -> list[NoticePosted]:
        return [entry.event for entry in self.store.entries() if isinstance(entry.event, NoticePosted)]

    @property
    def acknowledged(self) -> list[str]:
        return [
            entry.event.to for entry in self.store.entries() if isinstance(entry.event, NoticeAcknowledged)
        ]


@asynccontextmanager
async def story(
    mode: str = "async", store: MemoryStore | None = None, **gates: anyio.Event
) -> AsyncIterator[Story]:
    scripts: dict[str, Sequence[Step]] = {
        prompt: [Wait(gate), Tool(), Say(f"{prompt} is done")] for prompt, gate in gates.items()
    }
    runner, clock, store = ScriptedRunner(scripts), FakeClock(), store or MemoryStore()
    settings = Settings(default_join_mode=mode, max_concurrent=1_024, max_children=1_024)
    async with open_manager(runner, clock=clock, settings=settings, store=store) as manager:
        yield Story(manager, clock, store, runner)


async def test_an_ending_is_told_of_and_acknowledged_once():
    async with story() as told:
        await told.spawn("go")
        await told.clock.advance(0.3)
        assert await told.pending() == [["go"]]
        [notice] = await told.manager.outbox.pending()
        await told.manager.outbox.acknowledge(notice.id)
        await told.manager.outbox.acknowledge(notice.id)
        assert await told.pending() == []
        assert told.acknowledged == ["library"]


async def test_a_hundred_that_end_in_one_moment_give_a_hundred_notices_each_acknowledged_once():
    gate = anyio.Event()
    async with story(go=gate) as told:
        for _ in range(100):
            await told.spawn("go")
        await settled()
        gate.set()
        await told.clock.advance(0.3)
        notices = await told.manager.outbox.pending()
        assert len(notices) == len({notice.runs[0].id for notice in notices}) == 100
        for notice in notices:
            await told.manager.outbox.acknowledge(notice.id)
        assert (len(told.posted), told.acknowledged) == (100, ["library"] * 100)


async def test_in_smart_mode_a_batch_is_told_of_in_one_notice():
    gate = anyio.Event()
    async with story("smart", go=gate) as told:
        for _ in range(5):
            await told.spawn("go")
        await told.clock.advance(1.0)
        gate.set()
        await told.clock.advance(0.3)
        assert await told.pending() == [["go"] * 5]
        assert len(told.posted) == 1


async def test_whoever_reads_the_result_is_not_told_of_it_too():
    async with story() as told:
        run = await told.spawn("go")
        await told.manager.get_result(run, wait=True)
        await told.clock.advance(5.0)
        assert told.posted == []


async def test_a_result_that_is_read_before_the_notice_arrives_withdraws_it():
    async with story() as told:
        run = await told.spawn("go")
        await told.clock.advance(0.3)
        assert len(told.posted) == 1
        await told.manager.get_result(run)
        await settled()
        assert (await told.pending(), told.acknowledged) == ([], ["result"])


async def test_u13_a_group_of_which_all_was_read_is_not_told_of_and_of_others_only_the_rest():
    gate = anyio.Event()
    async with story("smart", go=gate) as told:
        first, second = await told.spawn("go"), await told.spawn("go")
        await told.clock.advance(1.0)
        gate.set()
        await told.manager.waits.wait((first, second), seconds=60)
        for run in (first, second):
            await told.manager.get_result(run)
        await told.clock.advance(60.0)
        assert (await told.pending(), set(told.acknowledged)) == ([], {"result"} if told.posted else set())
    gate = anyio.Event()
    async with story("smart", go=gate) as told:
        first, second = await told.spawn("go"), await told.spawn("go")
        await told.clock.advance(1.0)
        gate.set()
        await told.clock.advance(0.1)
        await told.manager.get_result(first)
        [notice] = await told.manager.outbox.pending()
        assert [run.id for run in notice.runs] == [second]


async def test_an_ending_that_its_owner_waits_for_is_held_and_told_only_if_it_was_not_read():
    one, other = anyio.Event(), anyio.Event()
    async with story(one=one, other=other) as told:
        runs = [await told.spawn("one"), await told.spawn("other")]
        async with anyio.create_task_group() as tasks:

            async def wait() -> None:
                await told.manager.waits.wait(runs, seconds=60)

            tasks.start_soon(wait)
            await settled()
            one.set()
            await told.clock.advance(30.0)
            assert told.posted == []
            await told.clock.advance(32.0)
        assert await told.pending() == [["one"]]


async def test_an_ending_reaches_the_parent_in_its_conversation_and_nobody_else():
    top, lead, deep = anyio.Event(), anyio.Event(), anyio.Event()
    async with story(top=top, lead=lead, deep=deep, sibling=anyio.Event()) as told:
        parent = await told.spawn("top")
        below = await told.spawn("lead", parent)
        await told.spawn("sibling", parent)
        await told.spawn("deep", below)
        await settled()
        deep.set()
        await told.clock.advance(0.3)
        assert [steer.id for steer in told.manager.state.run(below).steers] == [told.posted[0].notice]
        assert told.manager.state.run(parent).steers == ()
        lead.set()
        await told.clock.advance(0.3)
        assert any("deep is done" in text for text in told.runner.said)
        assert told.acknowledged[0] == "conversation"
        assert await told.pending() == []


async def test_a_notice_whose_parent_ended_first_goes_to_the_next_one_above_and_at_last_to_the_session():
    top, deep = anyio.Event(), anyio.Event()
    async with story(top=top, lead=anyio.Event(), deep=deep) as told:
        parent = await told.spawn("top")
        below = await told.spawn("lead", parent)
        await told.spawn("deep", below)
        await settled()
        deep.set()
        await told.clock.advance(0.3)
        notice = told.posted[0].notice
        await told.manager.stop(below, by=StoppedBy.USER)
        await told.clock.advance(0.3)
        assert notice in {steer.id for steer in told.manager.state.run(parent).steers}
        await told.manager.stop(parent, by=StoppedBy.USER)
        await told.clock.advance(0.3)
        assert ["deep"] in await told.pending()
        assert [ending.run for posted in told.posted for ending in posted.endings].count(
            told.manager.find("plain-3")
        ) == 1


async def test_what_a_parent_stopped_itself_is_no_news_to_it():
    async with story(go=anyio.Event()) as told:
        run = await told.spawn("go")
        await settled()
        await told.manager.stop(run, by=StoppedBy.PARENT)
        await told.clock.advance(5.0)
        assert told.posted == []


async def test_an_ending_of_an_episode_that_was_resumed_meanwhile_is_no_news():
    gate = anyio.Event()
    async with story(again=gate) as told:
        run = await told.spawn("go")
        await settled()
        await told.manager.resume(run, "again")
        await told.clock.advance(1.0)
        assert told.posted == []
        gate.set()
        await told.clock.advance(0.3)
        assert [posted.endings[0].episode for posted in told.posted] == [2]


async def test_what_nobody_was_told_of_is_told_when_the_session_is_opened_again():
    store = MemoryStore()
    async with story(store=store) as told:
        await told.spawn("one")  # it ends, and its owner goes before the notice is posted
        await settled()
        assert told.posted == []
    async with story(store=store) as told:
        await settled()
        assert await told.pending() == [["one"]]
    async with story(store=store) as told:
        await settled()
        assert await told.pending() == [["one"]]
        [notice] = await told.manager.outbox.pending()
        await told.manager.outbox.acknowledge(notice.id)
    async with story(store=store) as told:
        await settled()
        assert (await told.pending(), len(told.posted)) == ([], 1)


async def test_a_parent_that_rests_across_a_restart_reads_once_what_ended_meanwhile():
    store, far, go = MemoryStore(), anyio.Event(), anyio.Event()
    scripts: dict[str, Sequence[Step]] = {"top": [Reach(far), Wait(go), Tool(), Say("done")]}
    async with open_manager(ScriptedRunner(scripts), store=store, clock=(clock := FakeClock())) as manager:
        parent = await manager.spawn("plain", "top")
        await far.wait()
        await manager.pause(parent)
        go.set()
        await settled()
        assert manager.state.run(parent).parked
        await manager.spawn("plain", "child", parent=parent)
        await clock.advance(0.3)
        assert len(manager.state.run(parent).waiting_steers) == 1
    runner = ScriptedRunner(default=[Tool(), Say("done")])
    async with open_manager(runner, store=store) as manager:
        await settled()
        assert len(manager.state.run(parent).steers) == 1
        await manager.unpause(parent)
        await manager.get_result(parent, wait=True)
    assert [text.count("<task-notification>") for text in runner.said] == [1]
    assert [entry.event.to for entry in store.entries() if isinstance(entry.event, NoticeAcknowledged)] == [
        "conversation"
    ]


async def test_notices_are_read_one_after_the_other_as_they_come():
    gate, seen = anyio.Event(), list[str]()
    async with story(late=gate) as told:

        async def read() -> None:
            async for notice in told.manager.outbox.notices():
                seen.append(notice.runs[0].spec.prompt)
                await told.manager.outbox.acknowledge(notice.id)

        async with anyio.create_task_group() as tasks:
            await told.spawn("early")
            await told.clock.advance(0.3)
            tasks.start_soon(read)
            await settled()
            assert seen == ["early"]
            await told.spawn("late")
            gate.set()
            await told.clock.advance(0.3)
            assert seen == ["early", "late"]
            await told.manager.close()
            await settled()
