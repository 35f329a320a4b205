"""The replies that a request to a model opens, closed when nobody reads any further.

The libraries close what they read to its end. What is left before, because of an error in it or because its reader is
cancelled, would keep its connection until the garbage collector comes by: the request would go on, and be paid for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import httpx2

BOUND = 5.0  # seconds that closing them may take

_opened: ContextVar[list[httpx2.Response]] = ContextVar("the replies of the request in progress")


@asynccontextmanager
async def closed_at_last() -> AsyncIterator[None]:
    """Closes all that are opened inside, of connections that `note` listens to."""
    replies: list[httpx2.Response] = []
    _opened.set(replies)
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(BOUND):
            for reply in replies:
                await reply.aclose()


async def note(response: httpx2.Response) -> None:
    """For the hooks of a client: called as soon as a reply's head is there."""
    if (replies := _opened.get(None)) is not None:
        replies.append(response)
