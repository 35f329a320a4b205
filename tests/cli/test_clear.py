"""`subagents clear`: what goes off the list, in sessions with an owner and without."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from tests.cli.acting import cli, owned

from subagents.ids import RunId
from subagents.testing.runner import Break, Reach, Say, ScriptedRunner, Wait

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def runner(far: anyio.Event, gate: anyio.Event) -> ScriptedRunner:
    return ScriptedRunner(
        {
            "fail": [Break(RuntimeError("broken"))],
            "work": [Reach(far), Wait(gate), Say("worked")],
        }
    )


async def test_of_a_session_with_an_owner_what_was_read_goes_and_the_rest_is_said(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(project, runner(far, gate)) as manager:
        read, unread, failed, working = [
            await manager.spawn("worker", prompt) for prompt in ("read", "unread", "fail", "work")
        ]
        await manager.waits.wait([read, unread, failed], seconds=60)
        await manager.get_result(read)
        await far.wait()
        young = await cli("clear")
        assert (young.code, young.out) == (0, "")
        assert young.err == (
            "Kept: 1 at work, 1 that did not complete (--errors), 1 unread (--unread), 1 that ended only just "
            "(--older-than).\n"
        )
        done = await cli("clear", "--older-than", "0")
        assert (done.code, done.out) == (0, f"{read} cleared\n")
        everything = await cli("clear", "--older-than", "0", "--errors", "--unread")
        assert everything.out == f"{unread} cleared\n{failed} cleared\n"
        assert everything.err == "Kept: 1 at work.\n"
        assert [run.id for run in manager.list()] == [working]
        gate.set()
        await manager.get_result(working, wait=True)


async def test_by_name_each_that_stays_is_said_and_the_others_go(project: Path):
    far, gate = anyio.Event(), anyio.Event()
    async with owned(project, runner(far, gate)) as manager:
        unread = await manager.spawn("worker", "unread")
        working = await manager.spawn("worker", "work", name="busy")
        failed = await manager.spawn("worker", "fail", name="sad")
        await manager.waits.wait([unread, failed], seconds=60)
        await far.wait()
        done = await cli("clear", "sad", "busy", "nobody", unread)
        assert (done.code, done.out) == (2, f"{failed} cleared\n")
        kept, still, nobody = done.err.splitlines()
        assert kept == "Kept: 1 unread (--unread)."
        assert still == f"Error: 'busy' is {working}, which is still running; stop it first"
        assert nobody.startswith("Error: no run 'nobody' in ")
        gate.set()


async def test_sessions_without_an_owner_are_cleared_as_well(project: Path):
    runs: list[RunId] = []
    for _ in range(2):
        async with owned(project, ScriptedRunner()) as manager:
            runs.append(await manager.spawn("worker", "go"))
            await manager.get_result(runs[-1], wait=True)
    done = await cli("clear", "--older-than", "0")
    assert sorted(done.out.splitlines()) == sorted(f"{run} cleared" for run in runs)
    assert (await cli("clear")).err == "There is nothing to clear.\n"
    assert (await cli("ps")).out == ""
    everything = await cli("ps", "--all")
    assert all(run in everything.out for run in runs)
