"""A task group out of which an error comes as itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup


@asynccontextmanager
async def own_tasks() -> AsyncIterator[TaskGroup]:
    """Like `anyio.create_task_group`, but a lone error of the body or of a task is raised bare, so that callers can
    name it in an `except`. Several errors at once remain a group."""
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
