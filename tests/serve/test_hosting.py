"""How long a host keeps a session, and itself: by its clock."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from tests.serve.conftest import BOUND, Hosted

from subagents import Client
from subagents.clock import Clock
from subagents.places import Project, project_at
from subagents.runs.state import RunStatus
from subagents.serve.host.process import serve
from subagents.serve.host.sessions import SETTLE
from subagents.serve.host.starting import connected
from subagents.serve.rpc.question import ask
from subagents.sessions.folder import find
from subagents.sessions.reader import read_session
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Reach, Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def until_gone(path: Path) -> None:
    while path.exists():
        await settled()


def status(project: Project, session: str, run: str) -> tuple[RunStatus, str]:
    """As the log has it, whoever owns it."""
    state = read_session(find(project, session).log)
    found = state.run(state.find(run))
    return found.status, found.outcome.reason if found.outcome is not None else ""


def spawned(project: Project) -> dict[str, str]:
    """As `subagents spawn` does it: asked for and left."""
    with connected(project) as line:
        asked = {"agent": "answerer", "prompt": "go", "folder": str(project.root)}
        begun: dict[str, str] = ask(line, "spawn", asked, time.monotonic() + BOUND)
        return begun


async def test_who_begins_nothing_leaves_nothing_behind(hosted: Hosted, folder: Path, project: Project):
    clock = FakeClock()
    async with hosted(clock=clock):
        async with Client.open(folder) as client:
            kept = project.sessions / client.session
            assert kept.is_dir()
        await settled()
        await clock.advance(SETTLE)
        await until_gone(kept)


async def test_agents_of_a_client_that_has_gone_end_when_their_time_is_over(
    hosted: Hosted, folder: Path, project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SUBAGENTS_CLIENT_GONE_SECONDS", "100")
    clock, far = FakeClock(), anyio.Event()
    async with hosted(ScriptedRunner(default=[Reach(far), Wait(anyio.Event(), "so far")]), clock):
        async with Client.open(folder) as client:
            run, session = await client.spawn("answerer", "go"), client.session
            await far.wait()
            await clock.advance(1_000)
            assert not (await client.get_result(run)).run.status.ended
        await settled()
        await clock.advance(99)
        assert status(project, session, run)[0] is RunStatus.RUNNING
        await clock.advance(1)
        while status(project, session, run)[0] is RunStatus.RUNNING:
            await settled()
        assert status(project, session, run) == (
            RunStatus.STOPPED,
            "its client had been gone for 100 seconds (the setting client_gone_seconds)",
        )


async def test_what_was_spawned_by_nobody_goes_on_however_long(
    hosted: Hosted, folder: Path, project: Project
):
    clock, far, gate = FakeClock(), anyio.Event(), anyio.Event()
    async with hosted(ScriptedRunner(default=[Reach(far), Wait(gate), Say()]), clock):
        begun = await anyio.to_thread.run_sync(spawned, project)
        await far.wait()
        await settled()
        await clock.advance(1_000)
        assert status(project, begun["session"], begun["run"])[0] is RunStatus.RUNNING
        gate.set()


async def test_a_session_is_kept_under_a_request_about_it(hosted: Hosted, folder: Path):
    clock, far, gate = FakeClock(), anyio.Event(), anyio.Event()
    runner = ScriptedRunner(default=[Tool(), Reach(far), Wait(gate), Tool(), Say("done")])
    async with hosted(runner, clock):
        async with Client.open(folder) as client:
            run = await client.spawn("answerer", "go")
            await far.wait()
            await client.pause(run)
            gate.set()
            while not (await client.get_result(run)).run.parked:
                await settled()
        async with Client.open(folder) as other, anyio.create_task_group() as tasks:
            waited = list[str]()

            async def wait() -> None:
                waited.append((await other.get_result(run, wait=True)).text)

            tasks.start_soon(wait)
            await settled()
            await clock.advance(SETTLE * 10)
            await other.unpause(run)
        assert waited == ["done"]


async def test_a_host_that_is_idle_ends(project: Project, folder: Path):
    clock, came = FakeClock(), anyio.Event()

    async def be_host(clock: Clock) -> None:
        await serve(project_at(folder), clock, ready=lambda _path: came.set())
        ended.set()

    ended = anyio.Event()
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(be_host, clock)
            await came.wait()
            await clock.advance(599)
            async with Client.open(folder):
                await clock.advance(10_000)
            assert not ended.is_set()
            await settled()
            await clock.advance(SETTLE)
            while any(project.sessions.iterdir()):
                await settled()
            await clock.advance(599)
            assert not ended.is_set()
            await clock.advance(1)
            await ended.wait()
