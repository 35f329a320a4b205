"""What `AgentManager.open` puts together, on a real session."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from subagents.abandoned import recover_abandoned
from subagents.bootstrap import AgentManager
from subagents.definitions.catalog import AgentCatalog
from subagents.errors import BadDefinition, SessionError, SessionLocked, SessionNotFound
from subagents.ids import RunId
from subagents.places import project_at
from subagents.runs.state import RunStatus
from subagents.runtime import slots
from subagents.sessions import folder as folders
from subagents.sessions.reader import read_session
from subagents.settings.model import Settings
from subagents.spec import SpawnRequest
from subagents.testing.runner import Say, ScriptedRunner, Tool, Wait

pytestmark = pytest.mark.anyio


async def answer(manager: AgentManager) -> RunId:
    run = await manager.spawn("Explore", "go")
    await manager.get_result(run, wait=True)
    return run


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_transcript_is_written_beside_the_log_where_the_setting_asks_for_it(
    tmp_path: Path, wanted: bool
):
    runner = ScriptedRunner(default=[Tool(), Say("found it")])
    settings = Settings(output_transcript=wanted)
    async with AgentManager.open(tmp_path, settings=settings, runners={"native": runner}) as manager:
        run = await answer(manager)
        folder = manager.folder
    assert folder is not None
    written = list(folder.transcripts.glob("*.jsonl"))
    assert [file.stem for file in written] == ([run] if wanted else [])
    messages = [json.loads(line)["message"] for file in written for line in file.read_text().splitlines()]
    assert messages == (["go", "", "seen", "found it"] if wanted else [])


async def test_the_model_that_is_given_beats_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUBAGENTS_MODEL", "script:nowhere.yaml")
    async with AgentManager.open(
        tmp_path, memory=True, model="offline", runners={"native": ScriptedRunner()}
    ) as manager:
        run = manager.state.run(await answer(manager))
    assert (run.model, run.spec.decided["model"]) == ("scripted", "settings")
    assert run.spec.model == "offline"


async def test_a_session_is_gone_on_with_by_id_and_owned_by_one_at_a_time(tmp_path: Path):
    runners = {"native": ScriptedRunner()}
    async with AgentManager.open(tmp_path, runners=runners) as manager:
        first, session = await answer(manager), manager.session
        with pytest.raises(SessionLocked, match=str(os.getpid())):
            async with AgentManager.open(tmp_path, session=session):
                pass
    async with AgentManager.open(tmp_path, session=session, runners=runners) as manager:
        second = await answer(manager)
        assert [run.id for run in manager.list()] == [second, first]
        assert [run.handle for run in manager.list()] == ["explore-2", "explore"]
    with pytest.raises(SessionNotFound, match="nowhere"):
        async with AgentManager.open(tmp_path, session="nowhere"):
            pass


async def test_what_the_body_raises_comes_out_as_itself_and_the_runs_are_stopped(tmp_path: Path):
    runner = ScriptedRunner(default=[Wait(anyio.Event())])

    async def break_off() -> None:
        async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
            await manager.spawn("Explore", "go")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    (session,) = folders.sessions(project_at(tmp_path))
    (run,) = read_session(session.log).runs.values()
    assert run.status is RunStatus.STOPPED


async def test_a_tree_that_has_ended_leaves_no_file_open(tmp_path: Path):
    gate = anyio.Event()
    runner = ScriptedRunner({"top": [Wait(gate), Say()]})
    async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
        top = await manager.spawn("Explore", "top")
        child = await manager.spawn(SpawnRequest(agent="Explore", prompt="child", parent=top))
        await manager.get_result(child, wait=True)
        held = [path for path in slots._files if top in path.name]
        gate.set()
        await manager.get_result(top, wait=True)
        await anyio.wait_all_tasks_blocked()
    assert sorted(path.suffix for path in held) == [".children", ".slots"]
    assert [path for path in slots._files if top in path.name] == []


async def test_a_session_that_could_not_be_recorded_to_its_end_is_tidied_up_by_the_next_owner(tmp_path: Path):
    runner = ScriptedRunner(default=[Wait(anyio.Event())])

    async def break_in_the_middle() -> None:
        async with AgentManager.open(tmp_path, runners={"native": runner}) as manager:
            assert manager.folder is not None
            run = await manager.spawn("Explore", "go")
            await anyio.wait_all_tasks_blocked()
            with closing(sqlite3.connect(manager.folder.log, isolation_level=None)) as log:
                # A store that refuses whatever comes next.
                log.execute(
                    "create trigger refuse before insert on events begin select raise(abort, 'no'); end"
                )
            await manager.steer(run, "whatever")

    with pytest.raises(SessionError):
        await break_in_the_middle()
    (session,) = folders.sessions(project_at(tmp_path))
    assert folders.abandoned(project_at(tmp_path)) == [session]
    with closing(sqlite3.connect(session.log, isolation_level=None)) as log:
        log.execute("drop trigger refuse")
    await recover_abandoned(tmp_path)
    (run,) = read_session(session.log).runs.values()
    assert run.status is RunStatus.INTERRUPTED
    assert folders.abandoned(project_at(tmp_path)) == []


async def test_who_asks_is_told_when_the_agents_changed(tmp_path: Path):
    told: list[AgentCatalog] = []
    came = anyio.Event()

    def on_agents(agents: AgentCatalog) -> None:
        told.append(agents)
        came.set()

    place = tmp_path / ".subagents" / "agents"
    place.mkdir(parents=True)
    async with AgentManager.open(tmp_path, memory=True, on_agents=on_agents) as manager:
        (place / "scout.md").write_text("You scout.")
        with anyio.fail_after(30):
            await came.wait()
        assert told[-1].find("scout") == manager.agents.find("scout")


async def test_the_packaged_agents_can_be_hidden(tmp_path: Path):
    settings = Settings(disable_default_agents=True)
    async with AgentManager.open(tmp_path, memory=True, settings=settings) as manager:
        assert manager.agents.names() == []


async def test_a_file_that_cannot_be_used_stops_everything_where_that_is_wished(tmp_path: Path):
    place = tmp_path / ".subagents" / "agents"
    place.mkdir(parents=True)
    (place / "broken.md").write_text("---\na: b: c\n---\n")
    with pytest.raises(BadDefinition, match=r"broken\.md:2.*strict_agent_files"):
        async with AgentManager.open(tmp_path, settings=Settings(strict_agent_files=True)):
            pass
    assert not list(folders.sessions(project_at(tmp_path)))


async def test_what_is_wrong_with_a_file_is_told_to_programmers_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    place = tmp_path / ".subagents" / "agents"
    place.mkdir(parents=True)
    (place / "scout.md").write_text("---\nmax_turn: 3\n---\nYou scout.")
    async with AgentManager.open(tmp_path, memory=True, runners={"native": ScriptedRunner()}) as manager:
        for _ in range(2):
            await manager.get_result(await manager.spawn("scout", "go"), wait=True)
    assert [message for message in caplog.messages if "max_turn" in message] == [
        f"{place / 'scout.md'}:2: there is no key 'max_turn'; did you mean `max_turns`?"
    ]
