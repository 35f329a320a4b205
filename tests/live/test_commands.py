"""The real programs, from npm, as the agents that come with subagents: each against a model on this machine.

`make test-live` installs them into a folder of its own and says in `LIVE_PROGRAMS` where they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from tests.wire.server.anthropic import Anthropic
from tests.wire.server.dialect import Dialect
from tests.wire.server.gemini import Gemini
from tests.wire.server.openai_chat import OpenAIChat
from tests.wire.server.openai_responses import OpenAIResponses
from tests.wire.server.script import Call, Hang, Refusal, Reply, Step, Text, Tokens, says
from tests.wire.server.serving import Asked, Play, served

from subagents import AgentManager
from subagents.runs.result import Result
from subagents.runs.state import RunStatus
from subagents.workspaces.processes.groups import members

pytestmark = [pytest.mark.anyio, pytest.mark.live]

BOUND = 100.0  # seconds that a story may take; a guard against hanging
TOKENS = Tokens(input=100, output=20)

CODEX = """\
model = "gpt-5"
model_provider = "here"
[model_providers.here]
name = "here"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""
GEMINI = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
OPENCODE = {
    "provider": {
        "here": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Here",
            "options": {"baseURL": "{url}/v1", "apiKey": "a-key"},
            "models": {"parrot": {"name": "parrot"}},
        }
    },
    "model": "here/parrot",
    "small_model": "here/parrot",
}


@dataclass(frozen=True)
class Program:
    """One of the four: how its model speaks, which model it is told to use, and how it lists a folder."""

    agent: str
    dialect: Dialect
    model: str
    listing: Call
    environment: tuple[tuple[str, str], ...] = ()

    def prepare(self, home: Path, url: str) -> dict[str, str]:
        """Writes what it is configured by; answers its variables."""
        (home / ".codex").mkdir(parents=True, exist_ok=True)
        (home / ".codex" / "config.toml").write_text(CODEX.format(url=url), encoding="utf-8")
        (home / ".gemini").mkdir(exist_ok=True)
        (home / ".gemini" / "settings.json").write_text(json.dumps(GEMINI), encoding="utf-8")
        return {name: value.replace("{url}", url) for name, value in self.environment}


PROGRAMS = {
    program.agent: program
    for program in (
        Program(
            "claude-code",
            Anthropic(),
            "claude-haiku-4-5",
            Call("Bash", {"command": "ls", "description": "list"}),
            (
                ("ANTHROPIC_BASE_URL", "{url}"),
                ("ANTHROPIC_API_KEY", "a-key"),
                ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
                ("DISABLE_AUTOUPDATER", "1"),
            ),
        ),
        Program(
            "codex",
            OpenAIResponses(),
            "gpt-5",
            Call("exec_command", {"cmd": "ls"}),
            (("OPENAI_API_KEY", "a-key"),),
        ),
        Program(
            "gemini",
            Gemini(),
            "gemini-2.5-flash",
            Call("list_directory", {"dir_path": "."}),
            (
                ("GEMINI_API_KEY", "a-key"),
                ("GOOGLE_GEMINI_BASE_URL", "{url}"),
                ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
            ),
        ),
        Program(
            "opencode",
            OpenAIChat(),
            "here/parrot",
            Call("bash", {"command": "ls", "description": "list"}),
            (
                ("OPENCODE_CONFIG_CONTENT", json.dumps(OPENCODE)),
                ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
                ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ),
        ),
    )
}


class ForPrograms(Play):
    """What a program asks beside the conversation, such as a title for it, is answered beside the script."""

    def next(self, asked: Asked) -> Step:
        if not asked.body.get("tools"):
            return says("A title")
        return super().next(asked)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    return PROGRAMS[request.param]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small repository to work in; Codex works in no other."""
    place = tmp_path / "shop"
    (place / ".git").mkdir(parents=True)
    (place / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    for name in ("objects", "refs"):
        (place / ".git" / name).mkdir()
    (place / "price.py").write_text("def price(): return 1\n", encoding="utf-8")
    return place


@pytest.fixture
def stage(program: Program, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model server for the program, which finds it."""

    @contextmanager
    def playing(*steps: Step) -> Iterator[Play]:
        installed = os.environ.get("LIVE_PROGRAMS") or pytest.fail("run `make test-live`")
        with served(program.dialect, steps, ForPrograms) as play:
            monkeypatch.setenv("PATH", os.pathsep.join((installed, os.environ["PATH"])))
            for name, value in program.prepare(Path.home(), play.url).items():
                monkeypatch.setenv(name, value)
            yield play

    return playing


async def lines_of(manager: AgentManager, run: str) -> list[str]:
    return [line.text for line in (await manager.peek(run, lines=200)).lines]


async def ended(manager: AgentManager, run: str) -> Result:
    return await manager.get_result(run, wait=True, timeout=BOUND)


async def test_it_works_with_its_tools_and_answers(program: Program, folder: Path, stage: Any):
    calling = Reply((Text("I look."), program.listing), TOKENS)
    with stage(calling, says("There is price.py.", TOKENS)) as play:
        async with AgentManager.open(folder, memory=True) as manager:
            run = await manager.spawn(program.agent, "what is here?", model=program.model)
            result = await ended(manager, run)
            lines = await lines_of(manager, run)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "There is price.py.")
    assert any(line.startswith("▸") for line in lines)
    assert any("price.py" in line for line in lines[2:-1]) or program.agent == "gemini"
    assert len(play.asked) == 2
    assert (result.run.turns, result.run.tool_uses) == (2, 1)
    total = result.run.usage.total
    assert (total.input, total.output) == (200, 40)


async def test_what_its_provider_refuses_is_a_failure(program: Program, folder: Path, stage: Any):
    with stage(Refusal(400, "the parrot is resting")):
        async with AgentManager.open(folder, memory=True) as manager:
            run = await manager.spawn(program.agent, "what is here?", model=program.model)
            result = await ended(manager, run)
    assert result.run.status is RunStatus.FAILED
    assert result.run.outcome is not None
    assert "the parrot is resting" in result.run.outcome.reason


async def test_it_goes_on_where_it_was(program: Program, folder: Path, stage: Any):
    with stage(says("It is red.", TOKENS), says("Still red.", TOKENS)) as play:
        async with AgentManager.open(folder, memory=True) as manager:
            run = await manager.spawn(program.agent, "which colour is the parrot?", model=program.model)
            first = await ended(manager, run)
            await manager.resume(run, "and now?")
            second = await ended(manager, run)
    assert (first.text, second.text) == ("It is red.", "Still red.")
    asked = json.dumps(play.bodies[-1])
    assert "which colour is the parrot?" in asked
    assert "It is red." in asked
    assert "earlier_conversation" not in asked
    total = second.run.usage.total
    assert (total.input, total.output) == (200, 40)


async def test_it_is_ended_when_it_is_stopped(program: Program, folder: Path, stage: Any):
    with stage(Hang(says("I am thinking about it at some length."))) as play:
        async with AgentManager.open(folder, memory=True) as manager:
            run = await manager.spawn(program.agent, "what is here?", model=program.model)
            assert await anyio.to_thread.run_sync(play.silent.wait, BOUND)
            command = manager.state.run(run).command
            assert command is not None
            with anyio.fail_after(15):
                await manager.stop(run)
                result = await ended(manager, run)
        assert result.run.status is RunStatus.STOPPED
        assert members(command.group) == []
