"""A host with one manager, and clients that speak to it: lines by hand, or the official client over a socket."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import ByteStream, SocketStream, TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.client import Client as OfficialClient
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import AgentDefinition
from subagents.events import Entry, NoticeAcknowledged
from subagents.models.served import Served
from subagents.models.shelves import shelves_of
from subagents.own_tasks import own_tasks
from subagents.places import Project
from subagents.runtime.manager import AgentManager
from subagents.serve.mcp.conversations import Client
from subagents.serve.mcp.speak import speak
from subagents.settings.model import Settings
from subagents.testing.builders import PLAIN, open_manager
from subagents.testing.clock import FakeClock, settled
from subagents.testing.runner import Say, ScriptedRunner, Step, Tool, Wait

MODERN = "2026-07-28"
TASKS = "io.modelcontextprotocol/tasks"


class Host:
    """`Conversations` with one session for everybody, unless `others` has one for the thread."""

    def __init__(self, manager: AgentManager) -> None:
        self.main = manager
        self.others: dict[str, AgentManager] = {}
        self.asked: list[tuple[Client, str]] = []
        self.error: Exception | None = None
        self.broken: Exception | None = None
        self.edited: AgentCatalog | None = None
        self.project = Project(root=manager.project, state=manager.project)

    @property
    def settings(self) -> Settings:
        return self.main.settings

    def catalog(self) -> AgentCatalog:
        if self.broken is not None:
            raise self.broken
        return self.edited or self.main.agents

    async def manager(self, client: Client, thread: str) -> AgentManager:
        self.asked.append((client, thread))
        if self.error is not None:
            raise self.error
        return self.others.get(thread, self.main)


class MemoryByteStream(ByteStream):
    """One end of a line that exists in memory only; `room` is how many writes the other end may be behind."""

    def __init__(
        self, receive: MemoryObjectReceiveStream[bytes], send: MemoryObjectSendStream[bytes]
    ) -> None:
        self._receive, self._send = receive, send

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        return await self._receive.receive()

    async def send(self, item: bytes) -> None:
        await self._send.send(item)

    async def send_eof(self) -> None:
        await self._send.aclose()

    async def aclose(self) -> None:
        self._send.close()
        self._receive.close()


def line(room: float = 1_000) -> tuple[MemoryByteStream, MemoryByteStream]:
    there, here = (
        anyio.create_memory_object_stream[bytes](room),
        anyio.create_memory_object_stream[bytes](room),
    )
    return MemoryByteStream(here[1], there[0]), MemoryByteStream(there[1], here[0])


class ByHand:
    """A client that writes its own lines and keeps all that it reads."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.heard: list[Any] = []
        self._next = 100
        self._came = anyio.Event()

    async def listen(self) -> None:
        buffer = b""
        try:
            while True:
                buffer += await self.stream.receive()
                *whole, buffer = buffer.split(b"\n")
                self.heard += [json.loads(each) for each in whole]
                self._came.set()
                self._came = anyio.Event()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return
        finally:
            await self.stream.aclose()

    async def send(self, message: Any) -> None:
        await self.send_bytes(json.dumps(message).encode() + b"\n")

    async def send_bytes(self, data: bytes) -> None:
        await self.stream.send(data)

    async def request(self, method: str, params: Any = None, id: int | str | None = None) -> int | str:
        """Sends it and gives its id; the answer comes when it comes."""
        if id is None:
            self._next += 1
            id = self._next
        given = {"params": params} if params is not None else {}
        await self.send({"jsonrpc": "2.0", "id": id, "method": method, **given})
        return id

    async def notify(self, method: str, **params: Any) -> None:
        await self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def answer_to(self, id: int | str | None) -> Any:
        while not (found := self.answers(id)):
            await self._came.wait()
        return found[-1]

    async def ask(self, method: str, params: Any = None) -> Any:
        """The result, or the error's object."""
        answer = await self.answer_to(await self.request(method, params))
        return answer["result"] if "result" in answer else answer["error"]

    async def call(self, tool: str, meta: Any = None, **arguments: Any) -> Any:
        return await self.ask("tools/call", called(tool, meta, **arguments))

    def answers(self, id: int | str | None) -> list[Any]:
        flat = [each for one in self.heard for each in (one if isinstance(one, list) else [one])]
        return [each for each in flat if "method" not in each and each.get("id") == id]

    def told(self, method: str) -> list[Any]:
        """The parameters of all notifications of this kind."""
        return [
            each.get("params", {})
            for each in self.heard
            if isinstance(each, dict) and each.get("method") == method
        ]

    async def shake_hands(self, name: str = "stranger", version: str = "2025-11-25") -> Any:
        client = {"name": name, "version": "1"}
        result = await self.ask(
            "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
        )
        await self.notify("notifications/initialized")
        return result


def called(tool: str, meta: Any = None, **arguments: Any) -> dict[str, Any]:
    given = {"_meta": meta} if meta is not None else {}
    return {"name": tool, "arguments": arguments, **given}


def envelope(name: str = "claude-code", *extensions: str, **more: Any) -> dict[str, Any]:
    """`_meta` of a request of the modern era."""
    prefix = "io.modelcontextprotocol"
    return {
        f"{prefix}/protocolVersion": MODERN,
        f"{prefix}/clientInfo": {"name": name, "version": "1"},
        f"{prefix}/clientCapabilities": {"extensions": {each: {} for each in extensions}}
        if extensions
        else {},
        **more,
    }


class Story:
    """A host, its clock, and clients as they come. `gates` let the agents with their names as prompts go on."""

    def __init__(
        self,
        host: Host,
        clock: FakeClock,
        runner: ScriptedRunner,
        gates: Mapping[str, anyio.Event],
        tasks: TaskGroup,
    ) -> None:
        self.host, self.clock, self.runner, self.gates = host, clock, runner, gates
        self.manager = host.main
        self.tasks = tasks
        #: The notices that have arrived at an MCP client.
        self.acknowledged: list[str] = []
        self.manager.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        match entry.event:
            case NoticeAcknowledged(notice=notice, to="mcp"):
                self.acknowledged.append(notice)
            case _:
                pass

    async def by_hand(self, told: str = "", room: float = 1_000) -> ByHand:
        ours, theirs = line(room)
        client = ByHand(theirs)
        self.tasks.start_soon(partial(speak, ours, self.host, told=told))
        self.tasks.start_soon(client.listen)
        return client

    async def shaken(self, name: str = "stranger", version: str = "2025-11-25", **more: Any) -> ByHand:
        client = await self.by_hand(**more)
        await client.shake_hands(name, version)
        return client

    @asynccontextmanager
    async def official(self, mode: str, **more: Any) -> AsyncIterator[OfficialClient]:
        """The SDK's client, over a pair of sockets."""
        ours, theirs = socket.socketpair()
        stream = await SocketStream.from_socket(ours)
        self.tasks.start_soon(speak, stream, self.host)
        async with OfficialClient(Lines(await SocketStream.from_socket(theirs)), mode=mode, **more) as client:
            yield client


class Lines:
    """A transport of the official client over a stream of bytes."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._opened = self._open()

    async def __aenter__(self) -> Any:
        return await self._opened.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await self._opened.__aexit__(*error)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Any]:
        into, read = anyio.create_memory_object_stream[SessionMessage | Exception](100)
        write, out = anyio.create_memory_object_stream[SessionMessage](100)

        async def receive() -> None:
            buffer = b""
            async with into:
                try:
                    while True:
                        buffer += await self._stream.receive()
                        *whole, buffer = buffer.split(b"\n")
                        for each in whole:
                            await into.send(SessionMessage(jsonrpc_message_adapter.validate_json(each)))
                except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                    return

        async def send() -> None:
            async with out:
                async for each in out:
                    dumped = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                    await self._stream.send(dumped.encode() + b"\n")

        async with self._stream, read, write, own_tasks() as tasks:
            tasks.start_soon(receive)
            tasks.start_soon(send)
            yield read, write
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def story(
    scripts: Mapping[str, Sequence[Step]] | None = None,
    agents: tuple[AgentDefinition, ...] = (PLAIN,),
    project: Path | None = None,
    **settings: Any,
) -> AsyncIterator[Story]:
    gates = {name: anyio.Event() for name in ("a", "b", "c")}
    played: dict[str, Sequence[Step]] = {
        name: [Tool("grep", '{"pattern": "x"}', text="I look."), Wait(gate, "half"), Say(f"{name} is done")]
        for name, gate in gates.items()
    }
    set_so = Settings(**settings)
    clock, runner = FakeClock(), ScriptedRunner({**played, **(scripts or {})})
    async with (
        open_manager(
            runner,
            clock=clock,
            settings=set_so,
            agents=agents,
            project=project,
            look_at_models=partial(shelves_of, settings=set_so, served=Served(clock)),
        ) as manager,
        own_tasks() as tasks,
    ):
        yield Story(Host(manager), clock, runner, gates, tasks)
        tasks.cancel_scope.cancel()


__all__ = ["ByHand", "Host", "Story", "called", "envelope", "settled", "story"]
