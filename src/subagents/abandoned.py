"""What an owner that died left of a session: put in order by whoever opens it, or works in its project next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.clock import Clock, SystemClock
from subagents.errors import SessionError
from subagents.places import Project, project_at
from subagents.run_worktrees import worktree_place
from subagents.runtime.closing import put_away_all
from subagents.sessions import folder as folders
from subagents.sessions import recovery
from subagents.sessions.folder import SessionFolder
from subagents.sessions.journal import Journal
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import EventStore
from subagents.settings.layers import layered
from subagents.workspaces.processes.groups import end_group_if_same
from subagents.workspaces.worktrees.placing import Place


async def recover_abandoned(path: Path, clock: Clock | None = None) -> list[str]:
    """Whoever works in a project next tidies up after those who died in it: their runs get an honest ending and
    their commands end, whether or not anybody opens those sessions again.

    Answers a sentence for each log that was damaged, on what became of it.
    """
    said = []
    project = project_at(path)
    for place in await anyio.to_thread.run_sync(folders.abandoned, project):
        # One that somebody took meanwhile is in good hands; one that is broken says so when it is opened.
        with suppress(SessionError), folders.lock(place) as lock:
            lock.unfinished = True
            said.append(await _recover_session(project, place, clock or SystemClock()))
            lock.unfinished = False
    return list(filter(None, said))


async def _recover_session(project: Project, place: SessionFolder, clock: Clock) -> str:
    at = worktree_place(project, layered(project).settings, clock, place)
    async with recovered(SqliteStore(place.log), clock, at) as journal:
        return journal.set_aside


@asynccontextmanager
async def recovered(store: EventStore, clock: Clock, at: Place) -> AsyncIterator[Journal]:
    """The session's journal, with what a dead owner left in order; afterwards the store is closed."""
    try:
        journal = Journal.load(store, clock)
        await _recover(journal, store)
        await put_away_all(journal, at)
        yield journal
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(store.close)


async def _recover(journal: Journal, store: EventStore) -> None:
    """After an owner that died: ends what it left running, then says so of each run."""
    commands = recovery.leftover_commands(journal.state)
    for command in commands:
        await end_group_if_same(command.group, command.started)
    drafts = {run.id: store.draft(run.id) for run in journal.state.runs.values() if not run.status.ended}
    await journal.record(lambda head: recovery.on_open(head, drafts, journal.set_aside))
