"""Looking at a run's lines while everything else goes on: in a thread, and for about a second at most."""

from __future__ import annotations

import anyio.from_thread
import anyio.to_thread

from subagents.clock import Clock
from subagents.ids import RunId
from subagents.runs.peek import Peek, PeekQuery
from subagents.sessions.looking import SEARCH_SECONDS, look
from subagents.sessions.store import LineStore


async def peek(store: LineStore, run_id: RunId, query: PeekQuery, clock: Clock) -> Peek:
    """The lines that the query asks for. Raises `SessionError` for what cannot be read.

    A cancellation is heeded within a tenth of a second or two: the thread is never left alone with the store.
    """

    def looked() -> Peek:
        until = clock.monotonic() + SEARCH_SECONDS

        def in_time() -> bool:
            anyio.from_thread.check_cancelled()
            return clock.monotonic() < until

        return look(store, run_id, query, in_time)

    return await anyio.to_thread.run_sync(looked)
