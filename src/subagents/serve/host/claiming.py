"""Which session a client goes on with, the newest that it began here within a day and that nobody has now; and where a
new one works."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread

from subagents.errors import SessionError
from subagents.ids import SessionId, new_session_id
from subagents.language import _
from subagents.places import Project
from subagents.serve.host.life import Host
from subagents.serve.rpc import json_rpc
from subagents.serve.rpc.parameters import named_texts, text
from subagents.serve.rpc.wire import Fault
from subagents.sessions.folder import SessionFolder, owner_alive, sessions
from subagents.sessions.reader import read_session
from subagents.sessions.state import Header

WITHIN = 86_400.0  # seconds; what a client began before is found by its id only
MOST_READ = 200  # sessions that are looked at


async def claimed(host: Host, client: str, thread: str) -> str:
    """The session that a client of this name goes on with, "" for a new one."""
    taken = [session for session, hosted in host.hosting.sessions.items() if hosted.has_client]
    found = partial(
        of_client,
        host.project,
        client,
        thread,
        host.clock.now(),
        hosted=tuple(host.hosting.sessions),
        taken=taken,
    )
    return await anyio.to_thread.run_sync(found) or ""


def place_of(host: Host, params: Mapping[str, Any]) -> tuple[Mapping[str, str], Path]:
    """The environment whose settings hold, and the folder that is worked in: the project's where none is given."""
    environment = named_texts(params, "environment")
    folder = text(params, "folder", str(host.project.root))
    if "\0" in folder or not Path(folder).is_absolute():
        said = _("'folder' must be an absolute path, not {path!r}").format(path=folder)
        raise Fault(json_rpc.INVALID_PARAMS, said)
    return environment, Path(folder)


def of_client(
    project: Project,
    client: str,
    thread: str,
    now: float,
    *,
    hosted: Collection[SessionId],
    taken: Collection[SessionId],
) -> SessionId | None:
    """The session, None when there is none; of several threads only the one that is named.

    `hosted` are sessions of this process, `taken` those of them that a client has. Reads logs: for a thread.
    """
    for folder in _recent(project, now)[:MOST_READ]:
        free = folder.id not in taken if folder.id in hosted else owner_alive(folder) is None
        if free and _began(_header(folder), client, thread):
            return folder.id
    return None


def _recent(project: Project, now: float) -> list[SessionFolder]:
    # Ids begin with the time, and sort by it.
    oldest = new_session_id(now - WITHIN)
    return [folder for folder in sessions(project) if folder.id >= oldest]


def _began(header: Header, client: str, thread: str) -> bool:
    return header.client == client and (not thread or header.thread == thread) and not header.archived


def _header(folder: SessionFolder) -> Header:
    """An empty one for a session that cannot be read, which is nobody's."""
    with suppress(SessionError):
        return read_session(folder.log).header
    return Header()
