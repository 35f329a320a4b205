"""`steer_subagent`: the message is read once, and the parent is told how far it came. Row R21 of the cases."""

from __future__ import annotations

import anyio
import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.steer import SteerParams, receipt_text, steer
from subagents.delegation.tool import Answer
from subagents.errors import NotNow, RunNotFound
from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.runtime.manager import AgentManager
from subagents.spec import AskedBy, SpawnRequest
from subagents.testing.builders import open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def told(
    manager: AgentManager, clock: FakeClock, run: str, message: str, owner: RunId | None = None
) -> str:
    """The tool's answer, for which no more time passes than it waits for a receipt."""
    answers: list[Answer] = []

    async def call() -> None:
        answers.append(await steer(parent_of(manager, owner), SteerParams(agent_id=run, message=message)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await clock.advance(5)
    return answers[0].text.replace(manager.find(run), "RUN")


async def test_one_in_the_middle_of_something_reads_it_before_its_next_turn():
    far, gate, clock = anyio.Event(), anyio.Event(), FakeClock()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say("done")])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        assert await told(manager, clock, run, "the tests too") == snapshot("""\
queued: read before its next turn
State: running | 1 turn | 1 tool use | 110 tokens\
""")
        assert await told(manager, clock, "plain", "and the " + "docs " * 20) == snapshot("""\
queued: read before its next turn
State: running | 1 turn | 1 tool use | 110 tokens
Earlier: "the tests too" queued: read before its next turn\
""")
        assert {each.asked_by for each in manager.state.run(run).steers} == {AskedBy.MODEL}
        gate.set()
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED
    assert runner.said == ["go", "the tests too", "and the " + "docs " * 20]


async def test_one_that_reads_at_once_is_told_as_delivered_with_its_turn():
    far, gate, clock = anyio.Event(), anyio.Event(), FakeClock()
    never = anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Wait(never)])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        answers: list[Answer] = []

        async def call() -> None:
            answers.append(await steer(parent_of(manager), SteerParams(agent_id=run, message="hurry")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await settled()
            assert answers == []
            gate.set()
        assert [(answer.text, answer.data["receipt"], answer.data["turn"]) for answer in answers] == snapshot(
            [
                (
                    """\
delivered at turn 2
State: running | 2 turns | 2 tool uses | 220 tokens\
""",
                    "delivered",
                    2,
                )
            ]
        )


async def test_one_that_ends_before_it_reads_gives_the_message_back():
    far, clock = anyio.Event(), FakeClock()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(anyio.Event())])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        answers: list[Answer] = []

        async def call() -> None:
            answers.append(await steer(parent_of(manager), SteerParams(agent_id=run, message="hurry\nup")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await settled()
            await manager.stop(run)
        assert (answers[0].ok, answers[0].data["receipt"], answers[0].data["message"]) == (
            False,
            "missed",
            "hurry\nup",
        )
        assert answers[0].text.replace(run, "RUN") == snapshot("""\
missed: the run had ended
Agent plain (RUN) is stopped and reads nothing any more.
Resume it with your message as the prompt: Agent with resume: "RUN".
Your message was:
hurry
up\
""")


async def test_one_that_rests_is_said_to():
    far, gate, clock = anyio.Event(), anyio.Event(), FakeClock()
    async with open_manager(
        ScriptedRunner(default=[Reach(far), Wait(gate), Tool(), Say()]), clock=clock
    ) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        await manager.pause(run)
        gate.set()
        await settled()
        assert (await told(manager, clock, run, "hello")).splitlines()[0] == (
            "queued: read when it goes on; unpause_subagent lets it"
        )


async def test_a_queued_one_is_steered_as_well():
    clock, runner = FakeClock(), ScriptedRunner(default=[Wait(anyio.Event())])
    async with open_manager(runner, clock=clock) as manager:
        for _ in range(manager.settings.max_concurrent):
            await manager.spawn("plain", "go")
        waiting = await manager.spawn("plain", "last")
        assert await told(manager, clock, waiting, "hello") == snapshot("""\
queued: read before its next turn
State: queued\
""")


async def test_r21_an_ended_one_is_answered_with_its_status_and_what_to_do():
    clock = FakeClock()
    async with open_manager(clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await manager.get_result(run, wait=True)
        seq = manager.state.seq
        assert await told(manager, clock, run, "hello") == snapshot(
            """\
Agent plain (RUN) is completed and reads nothing any more.
Resume it with your message as the prompt: Agent with resume: "RUN".\
"""
        )
        assert manager.state.seq == seq
        with pytest.raises(NotNow, match="is completed"):
            await manager.steer(run, "hello")


async def test_what_nobody_can_read_is_refused_and_ends_nothing():
    far = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(far), Wait(anyio.Event())])) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        with pytest.raises(NotNow, match="give 1 to"):
            await steer(parent_of(manager), SteerParams(agent_id=run, message=" "))
        assert manager.state.run(run).status is RunStatus.RUNNING


async def test_a_parent_steers_only_its_own():
    far = anyio.Event()
    async with open_manager(ScriptedRunner(default=[Reach(far), Wait(anyio.Event())])) as manager:
        parent, other = await manager.spawn("plain", "go"), await manager.spawn("plain", "go")
        child = await manager.spawn(SpawnRequest(agent="plain", prompt="go", parent=parent))
        for stranger in (other, parent, "nobody"):
            with pytest.raises(RunNotFound, match=f"yours are {manager.state.run(child).handle}"):
                await steer(parent_of(manager, parent), SteerParams(agent_id=stranger, message="hello"))


async def test_the_receipts_of_earlier_messages_are_told_up_to_five():
    far, gate, clock = anyio.Event(), anyio.Event(), FakeClock()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say("done")])
    async with open_manager(runner, clock=clock) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        for number in range(8):
            await manager.steer(run, f"message {number}", asked_by=AskedBy.MODEL)
        await manager.steer(run, "a person's", asked_by=AskedBy.PERSON)
        state = manager.state.run(run)
        lines = receipt_text(state, state.steers[7]).splitlines()
        assert [line.split('"')[1] for line in lines[2:]] == [f"message {number}" for number in range(2, 7)]
        gate.set()


async def test_half_a_surrogate_pair_harms_nobody():
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say("done")])
    async with open_manager(runner) as manager:
        run = await manager.spawn("plain", "go")
        await far.wait()
        receipt = await manager.steer(run, "all \ud800 tests")
        assert receipt.text == "all \ufffd tests"
        gate.set()
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED
    assert runner.said == ["go", "all \ufffd tests"]
