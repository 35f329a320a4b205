"""Claude Code from npm as a parent, against a model on this machine: entered by `mcp install`, it starts three agents,
waits, reads a structured result, and finds them again when it comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.live.test_commands import ForPrograms
from tests.wire.server.anthropic import Anthropic
from tests.wire.server.script import Call, Hang, Reply, Step, Text, says
from tests.wire.server.serving import Asked, Play, served

from subagents.places import project_at
from subagents.serve.host.address import announced

pytestmark = [pytest.mark.live]

BOUND = 120.0
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def tool(name: str, **arguments: Any) -> Call:
    return Call(f"mcp__subagents__{name}", arguments)


def agent(number: int, **more: Any) -> Call:
    return tool("Agent", prompt=f"number {number}", subagent_type="general-purpose", **more)


class Patient(ForPrograms):
    """It does not wait for its servers before it first asks its model: until it has our tools, it is sent to sleep."""

    def next(self, asked: Asked) -> Step:
        tools = [each.get("name", "") for each in asked.body.get("tools", ())]
        if tools and "mcp__subagents__Agent" not in tools:
            return Reply((Call("Bash", {"command": "sleep 1", "description": "wait"}),))
        return super().next(asked)


class Claude:
    """The program, in an empty repository of its own, where our server is entered."""

    def __init__(self, place: Path) -> None:
        self.folder, home = place / "repository", place / "home"
        self.folder.mkdir(parents=True)
        home.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)
        script = place / "script.yaml"
        answers = [{"match": "number 1", "text": '{"n": 7}'}, {"text": "counted"}]
        script.write_text(json.dumps({"turns": answers, "repeat": True}))
        installed = os.environ.get("LIVE_PROGRAMS") or pytest.fail("run `make test-live`")
        path = os.pathsep.join((str(Path(sys.executable).parent), installed, os.environ["PATH"]))
        self.environ = {
            **os.environ,
            "HOME": str(home),
            "PATH": path,
            "ANTHROPIC_API_KEY": "a-key",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "SUBAGENTS_MODEL": f"script:{script}",
        }
        self.call("subagents", "mcp", "install", "claude-code")

    def call(self, *words: str) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=BOUND
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def asked(self, play: Play) -> list[str]:
        self.environ["ANTHROPIC_BASE_URL"] = play.url
        options = (
            "--model",
            "claude-haiku-4-5",
            "--mcp-config",
            ".mcp.json",
            "--allowedTools",
            "mcp__subagents,Bash",
        )
        return ["claude", "-p", "go", *options]


@pytest.fixture
def claude(tmp_path: Path) -> Iterator[Claude]:
    program = Claude(tmp_path)
    yield program
    if (said := announced(project_at(program.folder))) is not None:
        with suppress(ProcessLookupError):
            os.kill(said.pid, signal.SIGTERM)


def conversation(*steps: Step) -> Any:
    return served(Anthropic(), steps, Patient)


def results(play: Play) -> list[Any]:
    """What our tools answered, in order, as its model read it."""
    ours = {
        part["id"]
        for message in play.bodies[-1]["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part.get("type") == "tool_use" and part["name"].startswith("mcp__")
    }
    found = [
        part
        for message in play.bodies[-1]["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part.get("type") == "tool_result" and part["tool_use_id"] in ours
    ]
    return [_read(part["content"]) for part in found]


def _read(content: Any) -> Any:
    text = content if isinstance(content, str) else content[0]["text"]
    with suppress(ValueError):
        return json.JSONDecoder().raw_decode(text)[0]  # a reminder of the program's own may follow
    return text


def test_three_agents_a_wait_and_a_structured_result(claude: Claude):
    steps = (
        Reply((Text("I start three."), agent(1, output_schema=SCHEMA), agent(2), agent(3))),
        Reply((tool("get_subagent_result", wait="all"),)),
        Reply((tool("get_subagent_result", agent_id="general-purpose", pointer="/n"),)),
        says("Three agents answered."),
    )
    with conversation(*steps) as play:
        assert claude.call(*claude.asked(play)) == "Three agents answered.\n"
        *begun, waited, part = results(play)
    assert [each["handle"] for each in begun] == ["general-purpose", "general-purpose-2", "general-purpose-3"]
    assert sorted(each["text"] for each in waited["agents"]) == ["counted", "counted", '{"n": 7}']
    assert part["part"] == 7
    # Both ends of the same runs: the terminal sees what Claude Code started.
    assert len(json.loads(claude.call("subagents", "ps", "--json"))) == 3


def test_killed_and_started_again_it_finds_them(claude: Claude):
    steps = (Reply((agent(1), agent(2))), Hang(says("I am thinking.")))
    with conversation(*steps) as play:
        program = subprocess.Popen(
            claude.asked(play),
            cwd=claude.folder,
            env=claude.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert play.silent.wait(BOUND)
        finally:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait(BOUND)
    again = (Reply((tool("list_subagents", all=True),)), says("There they are."))
    with conversation(*again) as play:
        assert claude.call(*claude.asked(play)) == "There they are.\n"
        (listed,) = results(play)
    assert [each["handle"] for each in listed["agents"]] == ["general-purpose-2", "general-purpose"]
    assert listed["notices"], "nobody was told of their endings before"
