"""Agents in worktrees that write what a test says, as the stories of the radar need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from tests.workspaces.repositories import write

from subagents import AgentManager
from subagents.conflict import ConflictKind
from subagents.ids import RunId
from subagents.runners.base import FileWritten, RunContext
from subagents.settings.model import Settings
from subagents.spec import RunSpec
from subagents.testing.clock import FakeClock

BOUND = 60.0  # seconds that a story may wait
TEN = "".join(f"line {number}\n" for number in range(1, 11))


class Writers:
    """A runner whose agents write what a test says, and end when it lets them."""

    def __init__(self) -> None:
        self.contexts: dict[RunId, RunContext] = {}
        self.ends: dict[RunId, anyio.Event] = {}

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Writers]:
        self.contexts[context.run] = context
        yield self

    async def prompt(self, text: str | None) -> str:
        run = next(reversed(self.contexts))
        self.ends[run] = anyio.Event()
        await self.ends[run].wait()
        return "done"

    def steer(self, steer: str, text: str) -> bool:
        return False

    async def write(self, run: RunId, path: str, text: str) -> None:
        write(self.contexts[run].folder / path, text)
        await self.contexts[run].report(FileWritten(path, "0" * 64, "1" * 64, 1, 1))


class Story:
    def __init__(self, manager: AgentManager, runner: Writers) -> None:
        self.manager = manager
        self.runner = runner

    async def agent(self, name: str, isolation: str = "worktree", base: str = "") -> RunId:
        run = await self.manager.spawn("general-purpose", "x", name=name, isolation=isolation, base=base)
        await until(lambda: run in self.runner.ends)
        return run

    async def end(self, run: RunId) -> None:
        self.runner.ends[run].set()
        await self.manager.get_result(run, wait=True, timeout=BOUND)
        await until(lambda: self.manager.state.run(run).kept is not None)

    def found(self) -> list[tuple[tuple[RunId, ...], ConflictKind]]:
        return [(each.runs, each.kind) for each in self.manager.state.conflicts.open]


@asynccontextmanager
async def story(repo: Path, clock: FakeClock | None = None) -> AsyncIterator[Story]:
    runner = Writers()
    opened = AgentManager.open(repo, runners={"native": runner}, settings=Settings(), clock=clock)
    async with opened as manager:
        yield Story(manager, runner)


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def until_with(clock: FakeClock, holds: Callable[[], object], step: float = 2) -> None:
    """Time passes until it is so, as often as a story may need it to."""
    with anyio.fail_after(BOUND):
        while not holds():
            await clock.advance(step)
