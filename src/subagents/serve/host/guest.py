"""What a client of the host can ask, over its own connection.

ping, retire                      what the host is; it makes room for another one
http                              it answers MCP clients over HTTP as long as this connection lasts
open, leave                       the session that this connection drives from then on, or no longer
spawn                             in that session; without one, in a new session that goes on by itself
events                            the facts of that session, as notifications `event`
the verbs of `verbs.py`           for a run of any session of the project, whoever owns it
mcp                               from then on the stream speaks MCP
cancel (a notification)           gives up a request that waits
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from anyio.abc import TaskGroup

import subagents
from subagents.errors import NotNow, SessionNotFound
from subagents.events import ClientConnected
from subagents.own_tasks import own_tasks
from subagents.serve import asking
from subagents.serve.host.address import PROTOCOL
from subagents.serve.host.claiming import claimed, place_of
from subagents.serve.host.life import Host
from subagents.serve.host.overlooking import overlooked
from subagents.serve.host.sessions import Hosted
from subagents.serve.rpc import json_rpc, wire
from subagents.serve.rpc.connection import Connection, Manners, TakesOver
from subagents.serve.rpc.forms import told_entry
from subagents.serve.rpc.parameters import MAX_WAIT, any_text, flag, text, whole
from subagents.serve.rpc.wire import Fault
from subagents.serve.verbs import VERBS
from subagents.sessions.folder import SessionFolder, owner_alive
from subagents.sessions.folder import find as find_session
from subagents.sessions.index import find_run

if TYPE_CHECKING:
    from subagents.serve.host.conversations import HostedConversations

#: Requests of one client are carried out side by side; a message may bring a long prompt.
MANNERS = Manners(at_once=64, given_up=frozenset({"wait", "get_result", "events"}), most=16 * 1_048_576)

LEAVING = 5.0  # seconds in which a host that makes room lets go of what nobody needs

_LONG = frozenset({"wait", "get_result"})
_ABOUT_NO_RUN = frozenset({"list", "notices", "acknowledge", "send", "clear"})


class Guest:
    """One client of the host, and the session that it drives."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stack = AsyncExitStack()
        self._tasks: TaskGroup | None = None
        self._driven: Hosted | None = None
        self._own: Mapping[str, Callable[[Connection, Mapping[str, Any]], Awaitable[Any]]] = {
            "ping": self._ping,
            "retire": self._retire,
            "http": self._http,
            "open": self._open,
            "leave": self._leave,
            "spawn": self._spawn,
            "events": self._events,
            "cancel": self._cancel,
        }

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[Guest]:
        """As long as it is connected: then it drives no session any more."""
        async with own_tasks() as tasks, self._stack:
            self._tasks = tasks
            yield self
            tasks.cancel_scope.cancel()

    async def answer(self, connection: Connection, request: wire.Request) -> Any:
        if (own := self._own.get(request.method)) is not None:
            return await own(connection, request.params)
        if request.method not in VERBS:
            known = ", ".join(dict.fromkeys((*self._own, *VERBS, "mcp")))
            raise Fault(json_rpc.UNKNOWN_METHOD, f"there is no method {request.method!r}; there are {known}")
        return await self._verb(request.method, request.params)

    async def takes_over(self, request: wire.Request) -> TakesOver | None:
        if request.method != "mcp":
            return None
        speak, remember_offering = await anyio.to_thread.run_sync(_mcp_server)
        conversations = await self._conversations(request.params)
        assert self._tasks is not None
        self._tasks.start_soon(remember_offering, conversations)
        return partial(speak, conversations=conversations, told=any_text(request.params, "told"))

    async def _conversations(self, params: Mapping[str, Any]) -> HostedConversations:
        from subagents.serve.host.conversations import HostedConversations

        # It reads files of settings.
        return await anyio.to_thread.run_sync(HostedConversations, self._host, params, self._stack)

    # --- the host itself

    async def _ping(self, _connection: Connection, _params: Mapping[str, Any]) -> dict[str, Any]:
        hosting = self._host.hosting
        return {
            "version": subagents.__version__,
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "project": str(self._host.project.root),
            "sessions": list(hosting.sessions),
            "at_work": hosting.at_work,
        }

    async def _retire(self, _connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """With `if_idle` only when nothing is in progress. `retired` tells whether another may be the host now."""
        if not (flag(params, "if_idle", False) and self._host.hosting.at_work):
            self._host.retire()
            # Who asks is about to be the host, and to look for the sessions that its clients had here.
            await self._host.hosting.leave(LEAVING)
        return {"retired": self._host.retired}

    async def _http(self, _connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """On `port` of this machine, 0 for the last one or any. Raises `SessionError` for one that is taken."""
        door = await anyio.to_thread.run_sync(_http_door)
        assert self._tasks is not None
        conversations = await self._conversations(params)
        opened = await door(
            self._host.project, lambda _client: conversations, whole(params, "port", 0, 65_535)
        )
        self._tasks.start_soon(opened.serve)
        return {"url": opened.url, "port": opened.port, "token": opened.token}

    async def _cancel(self, connection: Connection, params: Mapping[str, Any]) -> None:
        if isinstance(request := params.get("id"), str | int):
            connection.cancel(request)

    # --- sessions

    async def _open(self, _connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """`session` goes on with one (id, unique prefix or title); `client` with the newest that a client of this name
        began here and nobody has; else it is a new one. `folder` is where work is done, `environment` its settings."""
        if self._driven is not None:
            raise NotNow(f"This connection drives session {self._driven.session} already.")
        async with self._host.claiming:
            hosted = self._driven = await self._wanted(params)
            manager = await self._stack.enter_async_context(hosted.driven())
        if client := any_text(params, "client"):
            await manager.note(ClientConnected(client=client, program_version=any_text(params, "version")))
        return {"session": hosted.session, "set_aside": manager.set_aside}

    async def _leave(self, _connection: Connection, _params: Mapping[str, Any]) -> dict[str, Any]:
        """Another client may drive the session when this is answered; the end of the connection is noticed later."""
        self._driven = None
        await self._stack.aclose()
        return {}

    async def _wanted(self, params: Mapping[str, Any]) -> Hosted:
        session, host = any_text(params, "session"), self._host
        if session:
            found = await anyio.to_thread.run_sync(find_session, host.project, session)
            session = found.id
        elif client := any_text(params, "client"):
            session = await claimed(host, client, "")
        return await host.hosting.session(session or None, *place_of(host, params))

    async def _spawn(self, _connection: Connection, params: Mapping[str, Any]) -> Any:
        asked = {name: value for name, value in params.items() if name not in ("folder", "environment")}
        if self._driven is not None:
            return await VERBS["spawn"](self._driven.manager, asked)
        place = place_of(self._host, params)
        hosted = await self._host.hosting.session(None, *place)
        asked.setdefault("cwd", str(place[1]))
        with hosted.asked() as manager:
            return {"session": hosted.session, **await VERBS["spawn"](manager, asked)}

    async def _events(self, connection: Connection, params: Mapping[str, Any]) -> dict[str, Any]:
        """Those with a number above `after`; the answer comes when the session is over, with the last number."""
        manager, seq = self._session().manager, whole(params, "after", 0)
        async for entry in manager.events(seq):
            if not await connection.notify("event", told_entry(entry)):
                break
            seq = entry.seq
        return {"seq": seq}

    def _session(self) -> Hosted:
        if self._driven is None:
            raise NotNow("This connection drives no session: call open first.")
        return self._driven

    # --- runs, wherever they are

    async def _verb(self, name: str, params: Mapping[str, Any]) -> Any:
        if name in _ABOUT_NO_RUN:
            return await VERBS[name](self._session().manager, params)
        run = text(params, "run")
        if self._driven is not None and run in _named(self._driven):
            return await VERBS[name](self._driven.manager, params)
        folder, run_id = await anyio.to_thread.run_sync(find_run, self._host.project, run)
        return await self._elsewhere(folder, name, {**params, "run": run_id})

    async def _elsewhere(self, folder: SessionFolder, name: str, params: Mapping[str, Any]) -> Any:
        """In another session: of this host, of nobody, or of another process, which is asked."""
        if folder.id not in self._host.hosting.sessions and owner_alive(folder) is not None:
            timeout = asking.TIMEOUT + (MAX_WAIT if name in _LONG else 0.0)
            try:
                return await anyio.to_thread.run_sync(
                    partial(asking.call, folder.path, name, dict(params), timeout=timeout)
                )
            except SessionNotFound:
                # Its owner left a moment ago, or answers nobody.
                if owner_alive(folder) is not None:
                    return await overlooked(folder, name, params, self._host.clock)
        hosted = await self._host.hosting.session(folder.id, *place_of(self._host, {}))
        with hosted.asked() as manager:
            return await VERBS[name](manager, params)


# A library that takes its time to be imported, and that no other client needs: for a thread.


def _mcp_server() -> tuple[Any, Any]:
    from subagents.serve.host.remembering import remember_offering
    from subagents.serve.mcp.speak import speak

    return speak, remember_offering


def _http_door() -> Any:
    from subagents.serve.host.http_door import door

    return door


def _named(hosted: Hosted) -> frozenset[str]:
    """What runs of the session are called."""
    state = hosted.manager.state
    return frozenset((*state.runs, *state.handles))
