"""All facts of a session in order, as they come: whoever follows slowly loses none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice

import anyio.to_thread

from subagents.errors import SessionClosed
from subagents.events import Entry
from subagents.sessions.journal import Journal
from subagents.sessions.store import EventStore

AT_A_TIME = 500  # facts read from the store at once


async def follow(journal: Journal, store: EventStore, after: int = 0) -> AsyncIterator[Entry]:
    """The facts with a number above `after`, those of the past first, until the session is closed.

    Nothing is held in memory for a reader: what it has not read yet stands in the store.
    """
    while await _more(journal, after):
        for entry in await anyio.to_thread.run_sync(_some, store, after):
            yield entry
            after = entry.seq


async def _more(journal: Journal, after: int) -> bool:
    """Waits for a later fact; False when none will come."""
    try:
        await journal.until(lambda state: state.seq > after)
    except SessionClosed:
        return False
    return True


def _some(store: EventStore, after: int) -> list[Entry]:
    return list(islice(store.entries(after), AT_A_TIME))
