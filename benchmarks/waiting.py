"""How soon a wait is over after the ending it waited for, and what a thousand waits at once cost, beside polling."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from statistics import median
from typing import Any

import anyio

from subagents.clock import SystemClock
from subagents.events import Ending, Entry
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.settings.model import Settings
from subagents.testing.builders import open_manager
from subagents.testing.runner import Say, ScriptedRunner, Wait

POLLED_EVERY = 0.05  # seconds; what ancestors of this program looked every 50 to 1,000 ms for
ROUNDS = 40
WAITS = 1_000

#: One way to wait for a run's end.
Way = Callable[[AgentManager, RunId], Coroutine[Any, Any, None]]


async def woken(manager: AgentManager, run: RunId) -> None:
    await manager.waits.wait([run], seconds=60)


async def polling(manager: AgentManager, run: RunId) -> None:
    with anyio.move_on_after(60):
        while not manager.state.run(run).status.ended:  # noqa: ASYNC110 this is the plain approach
            await anyio.sleep(POLLED_EVERY)


WAYS: dict[str, Way] = {"wait": woken, "polling": polling}


async def latency(way: Way) -> list[float]:
    """Milliseconds from the ending, as it is recorded, to the return of a wait."""
    measured = []
    for number in range(ROUNDS):
        gate, ended = anyio.Event(), _Ended()
        async with _manager(gate) as manager:
            run = await manager.spawn("plain", "go")
            manager.listen(ended.heard)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(way, manager, run)
                # Not in step with the polling, so that it is met at any point of its nap.
                await anyio.sleep(0.1 + number * 0.0031)
                gate.set()
            measured.append((time.perf_counter() - ended.at) * 1000)
    return measured


class _Ended:
    """When the ending was told of."""

    at = 0.0

    def heard(self, entry: Entry) -> None:
        if isinstance(entry.event, Ending):
            self.at = time.perf_counter()


async def together(way: Way) -> tuple[float, float]:
    """CPU milliseconds of a second in which a thousand wait for runs that do not end, and those of their ending."""
    gate = anyio.Event()
    async with _manager(gate) as manager:
        runs = [await manager.spawn("plain", "go") for _ in range(WAITS)]
        async with anyio.create_task_group() as tasks:
            for run in runs:
                tasks.start_soon(way, manager, run)
            await anyio.sleep(0.5)
            before = time.process_time()
            await anyio.sleep(1)
            idle = time.process_time() - before
            before = time.process_time()
            gate.set()
        return idle * 1000, (time.process_time() - before) * 1000


def _manager(gate: anyio.Event) -> AbstractAsyncContextManager[AgentManager]:
    runner = ScriptedRunner(default=[Wait(gate), Say("done")])
    settings = Settings(max_concurrent=1_024)
    return open_manager(runner, settings=settings, clock=SystemClock(), bound=600)


def table() -> list[str]:
    lines = [
        "From an ending to the end of a wait for it (median and worst of 40), and 1,000 waits at once:",
        "",
    ]
    lines += [
        "| Way | ms | worst | CPU ms a second while nothing ends | CPU ms of 1,000 endings |",
        "|---|---|---|---|---|",
    ]
    for name, way in WAYS.items():
        seen = anyio.run(latency, way)
        idle, ending = anyio.run(together, way)
        lines.append(f"| {name} | {median(seen):.2f} | {max(seen):.2f} | {idle:.0f} | {ending:.0f} |")
    return lines
