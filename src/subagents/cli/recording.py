"""Recording what a person decided about a session: by its owner, and where nobody owns it, here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from subagents.cli.streams import say
from subagents.errors import SessionNotFound
from subagents.sessions.folder import SessionFolder, lock
from subagents.sessions.lock import was_abandoned

if TYPE_CHECKING:
    from subagents.sessions.journal import Decide


def ask_or_record(folder: SessionFolder, method: str, params: Mapping[str, Any], decide: Decide) -> None:
    """Asks the session's owner, who does with `method` what `decide` does here where there is none.

    Raises `OwnerRefused` with the owner's sentence, `SessionError` for one that does not answer, and what `decide`
    raises.
    """
    from subagents.serve import asking

    try:
        asking.call(folder.path, method, dict(params))
    except SessionNotFound:
        record(folder, decide)


def record(folder: SessionFolder, decide: Decide) -> None:
    """Records what `decide` answers. Raises `SessionLocked` where there is an owner, and what `decide` raises."""
    import anyio

    from subagents.clock import SystemClock
    from subagents.sessions.journal import Journal
    from subagents.sessions.sqlite import SqliteStore

    async def recorded() -> None:
        store = SqliteStore(folder.log)
        try:
            journal = Journal.load(store, SystemClock())
            if journal.set_aside:
                say(journal.set_aside)
            await journal.record(decide)
        finally:
            store.close()

    abandoned = was_abandoned(folder.lock_file)
    with lock(folder) as held:
        # One that could not be recovered is still for the next to recover.
        held.unfinished = abandoned
        anyio.run(recorded)
