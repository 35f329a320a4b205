"""A program drives a session in the host, goes away, and comes back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import pytest
from tests.serve.conftest import Hosted

from subagents import AgentManager, Client
from subagents.errors import NotNow, RunNotFound, SessionLocked, UnknownAgent
from subagents.events import Ending, NoticePosted, RunSpawned
from subagents.runs.state import RunStatus
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def test_the_verbs_of_a_manager(hosted: Hosted, folder: Path):
    gate, far = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(
        default=[Tool(result="needle\nhay"), Reach(far), Wait(gate, "so far"), Say("done")]
    )
    async with hosted(runner), Client.open(folder) as client:
        run = await client.spawn("answerer", "go", name="first")
        await far.wait()
        assert [each.handle for each in await client.list()] == ["first"]
        assert [line.text for line in (await client.peek("first", regex="need")).lines] == ["needle"]
        assert (await client.steer("first", "hurry")).waits
        await client.pause(run)
        assert (await client.get_result(run)).run.paused
        await client.unpause(run)
        gate.set()
        result = await client.get_result("first", wait=True)
        assert (result.run.status, result.text) == (RunStatus.COMPLETED, "done")
        assert not await client.stop(run)
        await client.resume(run, "once more")
        assert (await client.get_result(run, wait=True)).run.episode == 2
        await client.clear([run])
        assert not await client.list()


async def test_what_the_manager_refuses_is_raised_as_it_was(hosted: Hosted, folder: Path):
    async with hosted(), Client.open(folder) as client:
        with pytest.raises(UnknownAgent, match="answerer"):
            await client.spawn("answrer", "go")
        with pytest.raises(RunNotFound, match="no run 'nobody'"):
            await client.peek("nobody")
        run = await client.spawn("answerer", "go")
        await client.get_result(run, wait=True)
        with pytest.raises(NotNow, match=run):
            await client.pause(run)


async def test_a_wait_has_a_bound_and_ends_nothing(hosted: Hosted, folder: Path):
    gate = anyio.Event()
    async with hosted(ScriptedRunner(default=[Wait(gate), Say()])), Client.open(folder) as client:
        run = await client.spawn("answerer", "go")
        assert not (await client.get_result(run, wait=True, timeout=0.01)).run.status.ended
        gate.set()
        assert (await client.get_result(run, wait=True)).text == "done"


async def test_what_is_begun_goes_on_when_its_client_has_gone(hosted: Hosted, folder: Path):
    gate, far = anyio.Event(), anyio.Event()
    async with hosted(ScriptedRunner(default=[Reach(far), Wait(gate), Say("later")])):
        async with Client.open(folder, client="bot") as client:
            run, session = await client.spawn("answerer", "go"), client.session
            await far.wait()
        gate.set()
        async with Client.open(folder, client="bot") as client:
            assert client.session == session
            assert (await client.get_result(run, wait=True)).text == "later"


async def test_an_ending_is_told_until_it_is_acknowledged_to_the_next_client_too(
    hosted: Hosted, folder: Path
):
    async with hosted():
        async with Client.open(folder, client="bot") as client:
            run = await client.spawn("answerer", "go")
            async for entry in client.events():
                if isinstance(entry.event, NoticePosted):
                    break
        async with Client.open(folder, client="bot") as client:
            (notice,) = await client.notices()
            assert [each.id for each in notice.runs] == [run]
            await client.acknowledge(notice.id)
        async with Client.open(folder, client="bot") as client:
            assert not await client.notices()


async def test_two_clients_of_one_name_have_a_session_each(hosted: Hosted, folder: Path):
    async with hosted(), Client.open(folder, client="bot") as one, Client.open(folder, client="bot") as other:
        assert one.session != other.session
        run = await one.spawn("answerer", "go")
        # By its id a run is found wherever it is.
        assert (await other.get_result(run, wait=True)).text == "done"
        assert not await other.list()


async def test_clients_of_one_name_that_come_at_once_have_a_session_each(hosted: Hosted, folder: Path):
    async with hosted():
        async with Client.open(folder, client="bot") as client:
            await client.get_result(await client.spawn("answerer", "go"), wait=True)
            first = client.session
        driven, gate = set[str](), anyio.Event()

        async def come() -> None:
            async with Client.open(folder, client="bot") as client:
                driven.add(client.session)
                if len(driven) == 4:
                    gate.set()
                await gate.wait()

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(come)
        assert first in driven
        assert len(driven) == 4


async def test_however_many_wait_others_are_answered(hosted: Hosted, folder: Path):
    gate = anyio.Event()
    async with hosted(ScriptedRunner(default=[Wait(gate), Say()])), Client.open(folder) as client:
        run = await client.spawn("answerer", "go")
        async with anyio.create_task_group() as tasks:
            for _ in range(200):
                tasks.start_soon(partial(client.get_result, run, wait=True))
            await anyio.wait_all_tasks_blocked()
            assert [each.id for each in await client.list()] == [run]
            gate.set()


async def test_a_list_that_is_too_long_for_an_answer_comes_in_pieces(hosted: Hosted, folder: Path):
    async with hosted(), Client.open(folder) as client:
        runs = [await client.spawn("answerer", "x" * 1_500_000) for _ in range(6)]
        assert [each.id for each in await client.list()] == runs[::-1]


async def test_a_run_of_a_program_that_answers_nobody_is_read(hosted: Hosted, folder: Path):
    gate = anyio.Event()
    runner = ScriptedRunner(default=[Wait(gate), Say("mine")])
    async with (
        hosted(),
        AgentManager.open(folder, runners={"native": runner}) as manager,
        Client.open(folder) as client,
    ):
        run = await manager.spawn("answerer", "go")
        assert not (await client.get_result(run)).run.status.ended
        with pytest.raises(SessionLocked, match="answers nobody"):
            await client.steer(run, "hurry")
        gate.set()
        assert (await client.get_result(run, wait=True)).text == "mine"


async def test_events_come_in_order_from_where_they_were_left(hosted: Hosted, folder: Path):
    async with hosted(), Client.open(folder) as client:
        await client.spawn("answerer", "go")
        seen = []
        async for entry in client.events():
            seen.append(entry.seq)
            if isinstance(entry.event, RunSpawned):
                break
        async for entry in client.events(after=seen[-1]):
            seen.append(entry.seq)
            if isinstance(entry.event, Ending):
                break
        assert seen == list(range(1, len(seen) + 1))


async def test_the_same_request_begins_one_run(hosted: Hosted, folder: Path):
    async with hosted(), Client.open(folder) as client:
        first = await client.spawn("answerer", "go", request_id="r1")
        assert await client.spawn("answerer", "go", request_id="r1") == first


async def test_a_run_of_another_process_is_reached_through_its_owner(hosted: Hosted, folder: Path):
    from subagents.serve.control import control

    gate, far = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Reach(far), Wait(gate), Say("mine")])
    async with (
        hosted(),
        AgentManager.open(folder, runners={"native": runner}) as manager,
        control(manager),
        Client.open(folder) as client,
    ):
        run = await manager.spawn("answerer", "go")
        await far.wait()
        receipt = await client.steer(run, "hurry")
        assert manager.state.run(run).steers == (receipt,)
        gate.set()
        assert (await client.get_result(run, wait=True)).text == "mine"
        with pytest.raises(NotNow, match=run):
            await client.pause(run)
