"""What may be told of the server before it runs: the answers to a client's first questions, recorded from the server.

`python -m subagents.serve.mcp.offering` prints what is true of the built-in agents and the default settings.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import load
from subagents.definitions.folders import folders
from subagents.definitions.installed import program_of
from subagents.definitions.model import Parsed, Scope
from subagents.errors import SessionError
from subagents.own_tasks import own_tasks
from subagents.places import Project
from subagents.runtime.manager import AgentManager
from subagents.serve.mcp import tools
from subagents.serve.mcp.conversations import Client
from subagents.serve.mcp.peer import Peer
from subagents.serve.mcp.server import NAME, mcp_server
from subagents.settings.model import Settings

RECORDER = {"name": "recorder", "version": "1"}
#: Where there is no project: nothing is read there.
NOWHERE = Project(root=Path("/nonexistent"), state=Path("/nonexistent"))


async def offering(project: Project | None, settings: Settings, catalog: AgentCatalog) -> dict[str, Any]:
    """The results of `initialize` and `tools/list` by the version of a handshake, those of `server/discover` and
    `tools/list` by the version without one, the package's version, and the digest of the tools.

    They are the same for every client. In place of a list that is the same as that of an earlier version stands this
    version. Opens no session.
    """
    shown = _Shown(project or NOWHERE, settings, catalog)
    return {
        "version": version(NAME),
        "digest": tools.digest(tools.listed(shown)),
        "handshake": _once({each: await _shaken(shown, each) for each in HANDSHAKE_PROTOCOL_VERSIONS}),
        "modern": {each: await _asked(shown, each) for each in MODERN_PROTOCOL_VERSIONS},
    }


def _once(handshakes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    lists: list[tuple[str, Any]] = []
    for spoken, told in handshakes.items():
        tools_told = told["tools/list"]
        same = next((earlier for earlier, known in lists if known == tools_told), None)
        lists.append((spoken, tools_told))
        if same is not None:
            told["tools/list"] = same
    return handshakes


def default_catalog() -> AgentCatalog:
    """The built-in agents that are of use everywhere: not those that run a program, which may be missing."""
    found = load(place for place in folders(NOWHERE) if place.scope is Scope.PACKAGED)
    own = [agent for agent in found if not program_of(agent)]
    return AgentCatalog(
        Parsed(agent, (), agent.source, agent.name) for agent in own if agent.source is not None
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """`Conversations` in which nobody works."""

    project: Project
    settings: Settings
    agents: AgentCatalog

    def catalog(self) -> AgentCatalog:
        return self.agents

    async def manager(self, client: Client, thread: str) -> AgentManager:
        raise SessionError("The tools are only listed here.")


async def _shaken(shown: _Shown, spoken: str) -> dict[str, Any]:
    hello = {"protocolVersion": spoken, "capabilities": {}, "clientInfo": RECORDER}
    async with _server(shown) as asking:
        hello_back = await asking.ask("initialize", hello)
        await asking.tell("notifications/initialized")
        return {"initialize": hello_back, "tools/list": await asking.ask("tools/list", {})}


async def _asked(shown: _Shown, spoken: str) -> dict[str, Any]:
    meta = {
        PROTOCOL_VERSION_META_KEY: spoken,
        CLIENT_INFO_META_KEY: RECORDER,
        CLIENT_CAPABILITIES_META_KEY: {},
    }
    async with _server(shown) as asking:
        methods = ("server/discover", "tools/list")
        return {method: await asking.ask(method, {"_meta": meta}) for method in methods}


class _Asking:
    """A client that asks one question after the other, and is told nothing else."""

    def __init__(self, read: Any, write: Any) -> None:
        self._read, self._write = read, write
        self._asked = 0

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        request = JSONRPCRequest(jsonrpc="2.0", id=self._asked, method=method, params=params)
        await self._write.send(SessionMessage(request))
        answer = (await self._read.receive()).message
        if not isinstance(answer, JSONRPCResponse):
            raise TypeError(f"{method} was answered by {answer!r}")
        return answer.result

    async def tell(self, method: str) -> None:
        await self._write.send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method)))


@asynccontextmanager
async def _server(shown: _Shown) -> AsyncIterator[_Asking]:
    """The server of a new connection."""
    async with create_client_server_memory_streams() as (ours, theirs), own_tasks() as tasks:
        peer = Peer(shown, tasks)
        server = mcp_server(lambda _asking: peer)
        tasks.start_soon(server.run, *theirs, server.create_initialization_options())
        yield _Asking(*ours)
        tasks.cancel_scope.cancel()


def written(offered: dict[str, Any]) -> str:
    """As it is kept in a file."""
    return json.dumps(offered, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(anyio.run(offering, None, Settings(), default_catalog())))
