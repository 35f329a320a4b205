"""MCP beside the bare SDK: how soon a client has its first answers, what a call costs on its way through front and
host, and how much memory a host takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import anyio

from subagents import AgentManager
from subagents.places import Project, project_at
from subagents.serve.host.address import announced

ROUNDS = 15
CALLS = 200
RUNS = 100

FRONT = [sys.executable, "-m", "subagents", "mcp"]
BARE = [sys.executable, str(Path(__file__).with_name("bare_mcp.py"))]
SLEEP = f"600.{os.getpid()}"  # seconds; nobody else's command is like that
SCRIPT = (
    f'turns: [{{text: "looking", tool_calls: [{{name: bash, arguments: {{command: "sleep {SLEEP}"}}}}]}}]\n'
)
AGENT = "---\ndescription: Waits.\ntools: bash\n---\nWait.\n"

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


class Server:
    """A server over stdio, spoken to by hand, so that no client's own start is measured."""

    def __init__(self, command: list[str], folder: Path, environ: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=folder, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0

    def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """The result of a request, read past whatever else comes."""
        self._number += 1
        self.tell(method, params, id=self._number)
        assert self._process.stdout is not None
        answer: Any = {}
        while answer.get("id") != self._number or "method" in answer:
            answer = json.loads(self._process.stdout.readline())
        return answer["result"]

    def tell(self, method: str, params: Mapping[str, Any], **more: Any) -> None:
        assert self._process.stdin is not None
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    @property
    def since(self) -> float:
        """Milliseconds since its process was begun."""
        return (time.perf_counter() - self.began) * 1000

    def close(self) -> None:
        self._process.communicate(timeout=30)


@contextmanager
def place() -> Iterator[tuple[Project, dict[str, str]]]:
    """A project with an agent that waits, and the environment of a program that is at home there; no host is left."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "project")
        (folder / ".subagents" / "agents").mkdir(parents=True)
        (folder / ".subagents" / "agents" / "waiter.md").write_text(AGENT)
        (folder / "script.yaml").write_text(SCRIPT)
        own = {"SUBAGENTS_STATE": f"{root}/state", "SUBAGENTS_HOME": f"{root}/home"}
        os.environ.update(own)
        project = project_at(folder)
        try:
            settings = {
                "SUBAGENTS_MAX_CONCURRENT": str(RUNS),
                "SUBAGENTS_MODEL": f"script:{folder}/script.yaml",
            }
            yield project, {**os.environ, **settings}
        finally:
            if (said := announced(project)) is not None:
                subprocess.run(["kill", str(said.pid)], check=False)


def first_answers(command: list[str], folder: Path, environ: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds from the process's start to the answers of `initialize` and of `tools/list`."""
    server = Server(command, folder, environ)
    server.ask("initialize", INITIALIZE)
    greeted = server.since
    server.tell("notifications/initialized", {})
    server.ask("tools/list", {})
    listed = server.since
    server.close()
    return greeted, listed


def through_the_host(folder: Path, environ: Mapping[str, str]) -> list[float]:
    """Milliseconds of calls of `list_subagents`, from writing the request to reading the answer."""
    server = Server(FRONT, folder, environ)
    server.ask("initialize", INITIALIZE)
    server.tell("notifications/initialized", {})
    taken = []
    for number in range(CALLS + 20):
        before = time.perf_counter()
        server.ask("tools/call", {"name": "list_subagents", "arguments": {}})
        if number >= 20:
            taken.append((time.perf_counter() - before) * 1000)
    server.close()
    return taken


async def in_process(folder: Path) -> list[float]:
    async with AgentManager.open(folder) as manager:
        tools, taken = manager.toolset(), []
        for number in range(CALLS + 20):
            before = time.perf_counter()
            await tools.call("list_subagents", {})
            if number >= 20:
                taken.append((time.perf_counter() - before) * 1000)
        return taken


def memory(project: Project, environ: Mapping[str, str]) -> tuple[float, float]:
    """Megabytes that a host holds (resident, less what it shares) with nothing to do, and with a hundred runs that each
    wait for a command."""
    server = Server(FRONT, project.root, environ)
    server.ask("initialize", INITIALIZE)
    server.tell("notifications/initialized", {})
    server.ask("tools/call", {"name": "list_subagents", "arguments": {}})
    idle = _private(project)
    agent = {"subagent_type": "waiter", "prompt": "go"}
    for _ in range(RUNS // 50):
        server.ask("tools/call", {"name": "start_agents", "arguments": {"agents": [agent] * 50}})
    while _commands() < RUNS:
        time.sleep(0.1)
    busy = _private(project)
    server.close()
    return idle, busy


def _commands() -> int:
    """How many of the runs have their command in progress."""
    found = subprocess.run(
        ["pgrep", "-c", "-f", f"^sleep {SLEEP}"], capture_output=True, text=True, check=False
    )
    return int(found.stdout or 0)


def _private(project: Project) -> float:
    said = announced(project)
    assert said is not None
    lines = Path(f"/proc/{said.pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def table() -> list[str]:
    lines = [f"An MCP client's first answers, in ms from the start of the process (medians of {ROUNDS}):", ""]
    lines += ["| Server | initialize | tools/list |", "|---|---|---|"]
    with place() as (project, environ):
        taken: dict[str, list[tuple[float, float]]] = {"subagents mcp": [], "the bare SDK, two tools": []}
        for _ in range(ROUNDS):
            for name, command in zip(taken, (FRONT, BARE), strict=True):
                taken[name].append(first_answers(command, project.root, environ))
        for name, times in taken.items():
            greeted, listed = (median(each) for each in zip(*times, strict=True))
            lines.append(f"| {name} | {greeted:.0f} | {listed:.0f} |")
        through, inside = through_the_host(project.root, environ), anyio.run(in_process, project.root)
        lines += [
            "",
            f"`list_subagents`, from the call to its answer, in ms (median and worst of {CALLS}):",
            "",
        ]
        lines += ["| Way | ms | worst |", "|---|---|---|"]
        lines.append(f"| through front and host | {median(through):.2f} | {max(through):.2f} |")
        lines.append(f"| in the process | {median(inside):.2f} | {max(inside):.2f} |")
        idle, busy = memory(project, environ)
    lines += ["", f"A host's own memory: {idle:.0f} MB idle, {busy:.0f} MB with {RUNS} runs in progress"]
    return [*lines, f"({(busy - idle) * 1024 / RUNS:.0f} KB each)."]
