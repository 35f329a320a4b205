"""A project whose agents have tools of MCP servers, and what a story about them has to tell."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from subagents.bootstrap import AgentManager
from subagents.definitions import trust
from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.spec import SpawnRequest

FAKE = Path(__file__).parents[2] / "fakes" / "mcp_server.py"


def fake(*words: str, **more: Any) -> dict[str, Any]:
    """The configuration of a server that behaves as the words say."""
    return {"command": sys.executable, "args": [str(FAKE), *words], **more}


def calls(*tools: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments} for tool in tools]}


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that nobody waited for does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Told:
    run: RunState
    text: str
    lines: list[str]

    @property
    def why(self) -> str:
        """The reason of its ending."""
        return self.run.outcome.reason if self.run.outcome is not None else ""

    @property
    def said(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Story:
    """A project; `log` has the number of each process of the fake server that was started with `log`."""

    root: Path
    log: Path
    manager: AgentManager = field(init=False)

    def agent(self, name: str = "asker", body: str = "Ask.", **keys: Any) -> Path:
        file = self.root / ".subagents" / "agents" / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
        file.write_text(f"---\ndescription: asks\n{lines}---\n{body}\n")
        return file

    def project_servers(self, **servers: Any) -> Path:
        file = self.root / ".mcp.json"
        file.write_text(json.dumps({"mcpServers": servers}))
        return file

    def user_servers(self, **servers: Any) -> None:
        file = Path(os.environ["SUBAGENTS_HOME"]) / "mcp.json"
        file.write_text(json.dumps({"mcpServers": servers}))

    def trusts(self, file: Path) -> None:
        trust.trust([trust.as_it_is(file, self.root)])

    def logged(self, **more: Any) -> dict[str, Any]:
        return fake(f"log={self.log}", **more)

    @property
    def started(self) -> list[int]:
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []

    @property
    def left_behind(self) -> list[int]:
        return [pid for pid in self.started if is_alive(pid)]

    @asynccontextmanager
    async def open(self, *turns: dict[str, object]) -> AsyncIterator[AgentManager]:
        file = self.root / "turns.yaml"
        file.write_text(json.dumps({"turns": [*turns, *[{"text": "done"}] * 3]}))
        with anyio.fail_after(90):
            async with AgentManager.open(self.root, memory=True, model=f"script:{file}") as self.manager:
                yield self.manager

    async def told(self, run: RunId) -> Told:
        result = await self.manager.get_result(run, wait=True)
        lines = [line.text for line in (await self.manager.peek(run, lines=200)).lines]
        return Told(self.manager.state.run(run), result.text, lines)

    async def run(self, *turns: dict[str, object], agent: str = "asker", **wishes: Any) -> Told:
        async with self.open(*turns) as manager:
            return await self.told(await manager.spawn(agent, "ask", **wishes))

    async def spec_of(self, agent: str = "asker", **wishes: Any) -> Any:
        async with self.open() as manager:
            return manager.state.run(
                await manager.spawn(SpawnRequest(agent=agent, prompt="ask", **wishes))
            ).spec


@pytest.fixture
def story(tmp_path: Path) -> Story:
    root = tmp_path / "project"
    (root / ".subagents").mkdir(parents=True)
    return Story(root, tmp_path / "log")


async def until(seen: Callable[[], bool]) -> None:
    """Waits until something is so, which it becomes by itself; bounded."""
    with anyio.fail_after(30):
        while not seen():  # noqa: ASYNC110 processes tell nobody
            await anyio.sleep(0.02)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
