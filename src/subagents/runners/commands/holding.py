"""Holds a program still while its run rests; it goes on where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio

from subagents.own_tasks import own_tasks
from subagents.workspaces.processes.groups import members, without_mark

# Seconds that the end of a turn may take to be recorded; what takes longer is a rest.
PATIENCE = 1.0


@asynccontextmanager
async def held_still(group: int, started: str) -> AsyncIterator[None]:
    """While the body takes longer than a second the command (`group`, `started`) stands still. Then it goes on."""
    mark = without_mark(started)[1]
    held: set[int] = set()

    async def hold() -> None:
        await anyio.sleep(PATIENCE)
        held.update(_signalled(group, mark, signal.SIGSTOP))

    try:
        async with own_tasks() as tasks:
            tasks.start_soon(hold)
            yield
            tasks.cancel_scope.cancel()
    finally:
        for pid in held:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGCONT)


def _signalled(group: int, mark: str, number: signal.Signals) -> list[int]:
    told = members(group, mark)
    for pid in told:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return told
