"""A run of a model that answers on this machine, from the manager down to the wire, and what is known of it after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from tests.wire.server.providers import Provider
from tests.wire.server.script import Step
from tests.wire.server.serving import Play, served

from subagents import AgentManager
from subagents.events import Entry, ModelRequestFailed
from subagents.ids import RunId
from subagents.runs.result import Result
from subagents.settings.model import Settings
from subagents.testing.clock import FakeClock

BOUND = 20.0  # seconds; a guard against hanging, not a measure


@dataclass
class Story:
    """One run in progress. Its clock stands still; only waits for a repetition pass, each as soon as it is told of."""

    manager: AgentManager
    run: RunId
    play: Play
    clock: FakeClock
    failed: list[ModelRequestFailed] = field(default_factory=list)
    retried: anyio.Event = field(default_factory=anyio.Event)

    def heard(self, entry: Entry) -> None:
        if isinstance(entry.event, ModelRequestFailed):
            self.failed.append(entry.event)
            self.retried.set()

    async def result(self) -> Result:
        """When it has ended; what it waits for before it asks again is made to pass."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._let_waits_pass)
            result = await self.manager.get_result(self.run, wait=True)
            tasks.cancel_scope.cancel()
        return result

    async def silence(self) -> None:
        """When the server has said half and no more."""
        assert await anyio.to_thread.run_sync(self.play.silent.wait, BOUND)

    async def left(self) -> bool:
        """Whether the server sees its client gone, within the bound."""
        return await anyio.to_thread.run_sync(self.play.left.wait, BOUND)

    async def transcript(self) -> list[str]:
        return [line.text for line in (await self.manager.peek(self.run)).lines]

    async def _let_waits_pass(self) -> None:
        while True:
            await self.retried.wait()
            self.retried = anyio.Event()
            await self.clock.advance(self.failed[-1].wait or 0.0)


#: Tells a story: its steps, and wishes for the run.
Tell = Callable[..., AbstractAsyncContextManager[Story]]


@asynccontextmanager
async def story(
    provider: Provider,
    steps: Sequence[Step],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    settings: Settings | None = None,
    prompt: str = "where are retries?",
    **wishes: Any,
) -> AsyncIterator[Story]:
    clock = FakeClock()
    settings = settings or Settings(model_retries=2)
    with served(provider.dialect, steps) as play, anyio.fail_after(BOUND):
        for name, value in provider.environment(play.url).items():
            monkeypatch.setenv(name, value)
        async with AgentManager.open(project, memory=True, clock=clock, settings=settings) as manager:
            told = Story(manager, RunId(""), play, clock)
            manager.listen(told.heard)
            told.run = await manager.spawn("Explore", prompt, model=provider.model, **wishes)
            yield told
