"""Messages for runs in progress: read once, in order, with a receipt; never the end of a run."""

from __future__ import annotations

import anyio
import pytest

from subagents.errors import NotNow
from subagents.runs.state import RunStatus, receipt
from subagents.sessions.store import MemoryStore
from subagents.spec import AskedBy
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def test_a_message_has_a_receipt_that_says_before_which_turn_it_was_read():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(go), Tool(), Say()])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        waiting = await manager.steer(run, "the tests too", asked_by=AskedBy.PERSON)
        assert (waiting.waits, waiting.turn, waiting.missed) == (True, None, False)
        go.set()
        state = (await manager.get_result(run, wait=True)).run
    read = receipt(state, waiting.id)
    # The first turn was over; what was read in the middle of the second is there before the next reply.
    assert (read.waits, read.turn, read.text) == (False, 2, "the tests too")


async def test_whoever_wants_to_know_waits_for_the_receipt():
    far, go = anyio.Event(), anyio.Event()
    runner, clock = ScriptedRunner(default=[Reach(far), Wait(go), Tool(), Say()]), FakeClock()
    receipts = []
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()

        async def steer(text: str, wait: float) -> None:
            receipts.append(await manager.steer(run, text, wait=wait))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(steer, "first", 5.0)
            await clock.advance(5.1)
            assert [one.waits for one in receipts] == [True]
            tasks.start_soon(steer, "second", 60.0)
            await settled()
            go.set()
    assert [(one.text, one.turn) for one in receipts[1:]] == [("second", 1)]
    assert runner.said == ["go", "first", "second"]


async def test_what_a_run_did_not_come_to_read_is_said_to_be_missed_and_its_text_is_kept():
    far = anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(anyio.Event())])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        sent = await manager.steer(run, "read this first")
        await manager.stop(run)
        missed = receipt(manager.state.run(run), sent.id)
        assert (missed.missed, missed.turn, missed.text) == (True, None, "read this first")
        assert manager.state.run(run).waiting_steers == ()


async def test_what_was_missed_is_not_read_after_a_resume_for_which_it_was_not_meant():
    far = anyio.Event()
    runner = ScriptedRunner({"go": [Reach(far), Wait(anyio.Event())], "again": [Tool(), Say()]})
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await manager.steer(run, "left")
        await manager.stop(run)
        await manager.resume(run, "again")
        await manager.get_result(run, wait=True)
    assert runner.said == ["go", "again"]


async def test_a_message_to_an_ended_run_fails_nothing_and_says_what_would_work():
    async with open_manager() as manager:
        run = await manager.spawn("plain", "go")
        await manager.get_result(run, wait=True)
        with pytest.raises(NotNow, match="is completed and reads nothing any more; resume it"):
            await manager.steer(run, "too late")
        assert manager.state.run(run).status is RunStatus.COMPLETED


@pytest.mark.parametrize("text", ["", "  \n", "x" * 100_001])
async def test_a_message_that_nobody_could_read_is_refused(text: str):
    far = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(far), Wait(anyio.Event())])) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        with pytest.raises(NotNow, match="give 1 to 100,000"):
            await manager.steer(run, text)
        assert manager.state.run(run).steers == ()


async def test_messages_in_the_very_moment_a_run_is_spawned_or_resumed_are_read_once_and_in_order():
    runner = ScriptedRunner({"go": [Tool(), Say()], "again": [Tool(), Say()]})
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        for text in ("one", "two"):
            await manager.steer(run, text)
        await manager.get_result(run, wait=True)
        await manager.resume(run, "again")
        for text in ("three", "four"):
            await manager.steer(run, text)
        await manager.get_result(run, wait=True)
    assert runner.said == ["go", "one", "two", "again", "three", "four"]


async def test_a_paused_run_reads_after_a_restart_what_it_was_told_before():
    store, far, go = MemoryStore(), anyio.Event(), anyio.Event()
    async with open_manager(
        ScriptedRunner(default=[Reach(far), Wait(go), Tool(), Say()]), store=store
    ) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await manager.pause(run)
        go.set()
        await settled()
        assert manager.state.run(run).parked
        await manager.steer(run, "when you go on")
    runner = ScriptedRunner(default=[Tool(), Say("done")])
    async with open_manager(runner, store=store) as manager:
        assert manager.state.run(run).parked
        await manager.unpause(run)
        result = await manager.get_result(run, wait=True)
    assert (result.text, runner.said) == ("done", ["when you go on"])
    assert [steer.missed for steer in result.run.steers] == [False]


async def test_a_run_that_breaks_has_missed_what_it_was_told():
    far, go = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(go), Break(RuntimeError("it broke"))])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        receipts = [await manager.steer(run, text) for text in ("one", "two")]
        go.set()
        # The one that is read when the next step begins stands in the conversation; a later one does not.
        state = (await manager.get_result(run, wait=True)).run
    assert state.status is RunStatus.FAILED
    assert all(not receipt(state, sent.id).waits for sent in receipts)
