from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from subagents.clock import Clock, SystemClock
from subagents.own_tasks import own_tasks
from subagents.places import Project, project_at
from subagents.serve.host.process import serve
from subagents.testing.runner import ScriptedRunner

BOUND = 60.0

ANSWERING = """\
---
description: Answers; for stories that need no tool.
tools: read
---
Answer.
"""

#: A host of the project in this process, as long as the block lasts.
Hosted = Callable[..., AbstractAsyncContextManager[Path]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    agents = tmp_path / "project" / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "answerer.md").write_text(ANSWERING, encoding="utf-8")
    return tmp_path / "project"


@pytest.fixture
def project(folder: Path) -> Project:
    return project_at(folder)


@pytest.fixture
def hosted(project: Project) -> Hosted:
    @asynccontextmanager
    async def host(
        runner: ScriptedRunner | None = None, clock: Clock | None = None, *, stays: bool = True
    ) -> AsyncIterator[Path]:
        came, paths = anyio.Event(), list[Path]()

        def ready(path: Path) -> None:
            paths.append(path)
            came.set()

        async def be_host() -> None:
            runners = {"native": runner or ScriptedRunner()}
            await serve(project, clock or SystemClock(), ready=ready, stays=stays, runners=runners)

        with anyio.fail_after(BOUND):
            async with own_tasks() as tasks:
                tasks.start_soon(be_host)
                await came.wait()
                yield paths[0]
                tasks.cancel_scope.cancel()

    return host
