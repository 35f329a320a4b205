"""The owner's end of a session's socket: it answers other processes while the manager is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import anyio.to_thread

from subagents.bootstrap import AgentManager
from subagents.serve.address import announce, new_socket, withdraw
from subagents.serve.rpc import json_rpc, wire
from subagents.serve.rpc.connection import Connection, Manners
from subagents.serve.rpc.listening import listening
from subagents.serve.rpc.wire import Fault
from subagents.serve.verbs import VERBS, Verb

MAX_CLIENTS = 32


@asynccontextmanager
async def control(manager: AgentManager, verbs: Mapping[str, Verb] = VERBS) -> AsyncIterator[Path | None]:
    """Answers on the session's socket, whose path it yields; None for a session in memory, which nobody can find.

    To be used inside the opened manager: the session's lock is what makes the socket ours to replace. Each client is
    answered in the order it asks. Raises `SessionError` when there is no safe place for a socket.
    """
    if manager.folder is None:
        yield None
        return
    folder = manager.folder.path
    path = await anyio.to_thread.run_sync(new_socket, manager.folder.id)
    try:
        async with listening(path, lambda: nullcontext(_Owner(manager, verbs)), Manners(), MAX_CLIENTS):
            announce(folder, path)
            yield path
    finally:
        withdraw(folder, path)


class _Owner:
    """What any client can ask of a session's owner."""

    def __init__(self, manager: AgentManager, verbs: Mapping[str, Verb]) -> None:
        self._manager = manager
        self._verbs = verbs

    async def answer(self, _connection: Connection, request: wire.Request) -> Any:
        if (verb := self._verbs.get(request.method)) is None:
            known = ", ".join(self._verbs)
            raise Fault(json_rpc.UNKNOWN_METHOD, f"there is no method {request.method!r}; there are {known}")
        return await verb(self._manager, request.params)

    async def takes_over(self, _request: wire.Request) -> None:
        return None
