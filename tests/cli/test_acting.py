"""Commands that act on runs of another process: what they do there, and what they say."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from tests.cli.acting import called, cli, owned

from subagents.ids import RunId
from subagents.runs.state import RunStatus
from subagents.spec import AskedBy, SpawnRequest
from subagents.testing.clock import settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("tree", "status"), [(True, RunStatus.STOPPED), (False, RunStatus.COMPLETED)])
async def test_a_stop_takes_what_is_below_along_unless_told_otherwise(
    project: Path, tree: bool, status: RunStatus
):
    parents, children, gate = anyio.Event(), anyio.Event(), anyio.Event()
    runner = ScriptedRunner(
        {"above": [Reach(parents), Wait(gate), Say()], "below": [Reach(children), Wait(gate), Say()]}
    )
    async with owned(project, runner) as manager:
        parent = await manager.spawn("worker", "above")
        await parents.wait()
        child = await manager.spawn(SpawnRequest(agent="worker", prompt="below", parent=parent))
        await children.wait()
        done = await cli("stop", parent, *([] if tree else ["--no-tree"]))
        assert (done.code, done.out) == (0, f"{parent} stopped\n")
        gate.set()
        await manager.waits.wait([child], seconds=60)
        assert manager.state.run(parent).status is RunStatus.STOPPED
        assert manager.state.run(child).status is status


async def test_an_ended_run_goes_on_at_the_owner_of_its_session_and_as_a_persons_wish(project: Path):
    runner = ScriptedRunner(default=[Say("done")])
    async with owned(project, runner) as manager:
        run = await manager.spawn("worker", "go")
        await manager.get_result(run, wait=True)
        done = await cli("resume", "worker", "and the tests?")
        assert done.code == 0
        assert done.out.startswith(f"worker ({run}) goes on in process ")
        assert done.out.endswith(f"wait for it with: subagents result --wait {run}\n")
        await manager.get_result(run, wait=True)
        again = await cli("send", "@worker and the docs?")
        assert again.out == done.out
        assert (await cli("result", run, "--wait")).out == "done\n"
        assert manager.state.run(run).episode == 3
    assert runner.said == ["go", "and the tests?", "and the docs?"]


async def test_a_message_is_one_of_a_person_and_read_in_order(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say("done")])
    async with owned(project, runner) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        for command in (("steer", run, "first"), ("send", "@worker second"), ("steer", run[:6], "third")):
            said = await cli(*command)
            assert (said.code, said.out) == (0, f"queued: worker ({run}) reads it before its next turn\n")
        assert {steer.asked_by for steer in manager.state.run(run).steers} == {AskedBy.PERSON}
        gate.set()
        await manager.get_result(run, wait=True)
    assert runner.said == ["go", "first", "second", "third"]


async def test_a_pause_is_taken_back_before_it_began(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(project, ScriptedRunner(default=[Reach(far), Wait(gate), Tool(), Say()])) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        assert (await cli("unpause", run)).out == f"{run} was not paused\n"
        done = await cli("pause", run, "nobody")
        assert (done.code, done.out.startswith(f"{run} rests as soon as")) == (2, True)
        assert "no run 'nobody'" in done.err
        assert manager.state.run(run).paused
        assert (await cli("unpause", run)).out == f"{run} goes on\n"
        gate.set()
        assert (await manager.get_result(run, wait=True)).run.status is RunStatus.COMPLETED


async def test_what_waits_over_the_socket_is_woken_by_the_ending_and_takes_no_message_meant_for_others(
    project: Path,
):
    far, gate = anyio.Event(), anyio.Event()
    results = []
    async with owned(project, ScriptedRunner(default=[Reach(far), Wait(gate), Say("done")])) as manager:
        run = await manager.spawn("worker", "go")
        await far.wait()
        manager.waits.interrupt(None)  # a message for whoever drives the session, at its next wait

        async def wait() -> None:
            results.append(await cli("result", run, "--wait"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            while not manager.waits.watching(run, RunId("")):
                await settled()
            assert results == []
            gate.set()
    assert [(done.code, done.out) for done in results] == [(0, "done\n")]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("steer", "worker", " "), "The message is empty"),
        (("stop", "nobody"), "no run 'nobody'"),
        (("steer", "nobody", "x"), "no run 'nobody'"),
        (("unpause", "nobody"), "no run 'nobody'"),
        (("resume", "nobody", "x"), "no run 'nobody'"),
        (("result", "nobody", "--wait"), "no run 'nobody'"),
        (("result", "nobody", "--timeout", "soon"), "'soon' is not a time above 0"),
        (("events", "nobody"), "no run 'nobody'"),
        (("events", "--since", "-1"), "--since is -1; it must be 0 or more"),
        (("usage", "--since", "yesterday"), "'yesterday' is no time"),
        (("usage", "--by", "moon"), "'moon' is not one of"),
    ],
)
def test_what_is_refused_names_the_value(command: tuple[str, ...], said: str):
    done = called(*command)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.replace("│", " ").split())
