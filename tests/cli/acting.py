"""The command line in the process of a session's owner: it asks over the socket all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
from typer.testing import CliRunner

from subagents import AgentManager
from subagents.cli.app import commands
from subagents.clock import Clock
from subagents.errors import SubagentsError
from subagents.runners.base import Runner
from subagents.serve.control import control

BOUND = 60.0  # seconds after which a story is given up

WORKER = "---\ndescription: Works.\n---\nWork.\n"


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code; an error stands on standard error, as the console script says it."""

    code: int
    out: str
    err: str


def called(*arguments: str) -> Done:
    done = CliRunner().invoke(commands, arguments, prog_name="subagents", terminal_width=100)
    if done.exception is None or isinstance(done.exception, SystemExit):
        return Done(done.exit_code, done.stdout, done.stderr)
    if not isinstance(done.exception, SubagentsError):
        raise done.exception
    return Done(2, done.stdout, f"{done.stderr}Error: {done.exception}\n")


async def cli(*arguments: str) -> Done:
    """The same from another thread, while this one answers."""
    return await anyio.to_thread.run_sync(called, *arguments)


@asynccontextmanager
async def owned(project: Path, runner: Runner, clock: Clock | None = None) -> AsyncIterator[AgentManager]:
    """The owner of a new session of the project, as other processes find it."""
    agents = project / ".subagents" / "agents"
    agents.mkdir(parents=True, exist_ok=True)
    (agents / "worker.md").write_text(WORKER, encoding="utf-8")
    opened = AgentManager.open(project, runners={"native": runner}, clock=clock)
    with anyio.fail_after(BOUND):
        async with opened as manager, control(manager):
            yield manager
