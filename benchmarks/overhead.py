"""CPU and memory of a run beside bare `agent.iter` with the same streaming, in the same process."""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from pydantic_ai import Agent
from pydantic_ai.toolsets import AbstractToolset
from pydantic_ai.usage import UsageLimits

from benchmarks import two_turns
from subagents.bootstrap import AgentManager
from subagents.prompts.role import Role
from subagents.runners.base import RunContext
from subagents.runners.native import NativeRunner
from subagents.runners.native_tools import reported
from subagents.settings.model import Settings
from subagents.spec import RunSpec

RUNS = 1_000
ROUNDS = 5


async def bare(runs: int, tools: AbstractToolset[Any]) -> None:
    """The model library alone, all at once."""
    agent = Agent(output_type=str)

    async def one() -> None:
        async with agent.iter(
            two_turns.PROMPT,
            model=two_turns.MODEL,
            instructions=two_turns.ROLE,
            toolsets=[tools],
            usage_limits=UsageLimits(request_limit=None),
        ) as run:
            async for node in run:
                if Agent.is_model_request_node(node) or Agent.is_call_tools_node(node):
                    async with node.stream(run.ctx) as events:
                        async for _ in events:
                            pass

    async with anyio.create_task_group() as tasks:
        for _ in range(runs):
            tasks.start_soon(one)


async def managed(runs: int, tools: AbstractToolset[Any], folder: Path) -> None:
    """The same through the manager: every fact, message and line stored in a session on disk."""
    shared = [reported(tools)]
    runner = NativeRunner(lambda _: two_turns.MODEL, lambda *_: shared, _role)
    settings = Settings(max_concurrent=1_024)
    async with AgentManager.open(folder, settings=settings, runners={"native": runner}) as manager:
        ids: list[str] = []

        async def spawn() -> None:
            ids.append(await manager.spawn("Explore", two_turns.PROMPT))

        async with anyio.create_task_group() as tasks:
            for _ in range(runs):
                tasks.start_soon(spawn)
        for run in ids:
            result = await manager.get_result(run, wait=True, timeout=None)
            assert result.run.status == "completed", result.run.outcome


async def _role(spec: RunSpec, context: RunContext) -> Role:
    return Role(two_turns.ROLE)


def cpu() -> dict[str, list[float]]:
    """CPU seconds (user and system, all threads) a run, in alternating rounds; one round first, not counted."""
    measured: dict[str, list[float]] = {"bare": [], "managed": []}
    for number in range(ROUNDS + 1):
        for name, work in _works(two_turns.toolset(two_turns.at_once)).items():
            gc.collect()
            before = time.process_time()
            anyio.run(work)
            if number:
                measured[name].append((time.process_time() - before) / RUNS)
    return measured


def memory(name: str) -> float:
    """Kilobytes a run holds while all are in the tool, by the growth of the process."""
    grown: list[float] = []

    async def measure() -> None:
        waiting, everybody, go = 0, anyio.Event(), anyio.Event()

        async def hold() -> None:
            nonlocal waiting
            waiting += 1
            if waiting == RUNS:
                everybody.set()
            await go.wait()

        async with anyio.create_task_group() as tasks:
            before = _resident()
            tasks.start_soon(_works(two_turns.toolset(hold))[name])
            await everybody.wait()
            gc.collect()
            grown.append((_resident() - before) / RUNS)
            go.set()

    # What is loaded and built once is not a run's.
    anyio.run(_works(two_turns.toolset(two_turns.at_once), runs=20)[name])
    gc.collect()
    anyio.run(measure)
    return grown[0]


def _works(tools: AbstractToolset[Any], runs: int = RUNS) -> dict[str, Callable[[], Awaitable[None]]]:
    async def through_the_manager() -> None:
        with tempfile.TemporaryDirectory() as folder:
            await managed(runs, tools, Path(folder))

    return {"bare": lambda: bare(runs, tools), "managed": through_the_manager}


def _resident() -> float:
    """Kilobytes of this process in memory now; where the system does not tell, the most there were."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1024


def memory_in_a_process_of_its_own(name: str) -> float:
    command = [sys.executable, "-m", "benchmarks.overhead", name]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def table() -> list[str]:
    times = cpu()
    bare_ms, managed_ms = (median(times[name]) * 1e3 for name in ("bare", "managed"))
    bare_kb, managed_kb = (median(memory_in_a_process_of_its_own(name) for _ in range(3)) for name in times)
    return [
        f"{RUNS} runs at once, two turns and one tool call each, zero latency; medians of {ROUNDS} and 3 rounds",
        "",
        f"{'':24}{'bare agent.iter':>18}{'subagents':>14}{'':>6}",
        f"{'CPU a run':24}{bare_ms:>15.2f} ms{managed_ms:>11.2f} ms   {managed_ms / bare_ms:.2f} times (aim 1.5)",
        f"{'memory a live run':24}{bare_kb:>15.0f} KB{managed_kb:>11.0f} KB   {managed_kb - bare_kb:+.0f} KB (aim +40)",
    ]


if __name__ == "__main__":
    print(json.dumps(memory(sys.argv[1])))
