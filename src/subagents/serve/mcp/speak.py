"""One client's line: which of its messages go to which era of the protocol, and what of its requests becomes.

A client may speak both: it probes the modern era and shakes hands as well when the answer takes its time. The SDK
serves one era a connection, so that each gets a connection of its own, made when it is first spoken.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.dispatcher import coerce_request_id
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from subagents.foreign import ForeignFailed, foreign
from subagents.own_tasks import own_tasks
from subagents.serve.mcp import batch
from subagents.serve.mcp.batch import Batch
from subagents.serve.mcp.conversations import Conversations
from subagents.serve.mcp.lines import MAX_LINE, LineWriter, NotJson, lines, parsed
from subagents.serve.mcp.peer import Peer
from subagents.serve.mcp.riding import Ride
from subagents.serve.mcp.server import SubagentsServer, mcp_server
from subagents.serve.rpc import json_rpc
from subagents.serve.rpc.too_long import TooLong

log = logging.getLogger("subagents")

LEAVING_BOUND = 2.0  # seconds for the answers under way to a client that has said all it had to say
MAX_ASKED = 500  # requests of one client without an answer
AHEAD = 16  # messages that an era may be behind in either direction

LISTEN = "subscriptions/listen"  # is answered by the end of the line, if at all

BROKEN = "The server broke while this was answered."
NO_MESSAGE = "This is no message of JSON-RPC 2.0."
WHICH_ERA = (
    "A request needs the handshake (initialize) before it on this connection, or in params._meta the key "
    f"{PROTOCOL_VERSION_META_KEY!r} of the protocol without one."
)


class Era(StrEnum):
    """The two ways to speak MCP."""

    LEGACY = "legacy"  # begins with a handshake
    MODERN = "modern"  # each request says all that is to be known


async def speak(stream: ByteStream, conversations: Conversations, *, told: str = "") -> None:
    """Serves a client on a line of its own until the stream ends, which is closed then.

    `told` is the digest of the tools that somebody already listed to the client; it is told when there are others now.
    Nothing that the client sends ends this, and nothing is raised but what cancels it.
    """
    try:
        async with stream:
            # The host has other clients and runs to look after, whatever breaks here.
            with foreign(anyio.get_cancelled_exc_class()):
                await _spoken(stream, conversations, told)
    except ForeignFailed as error:
        log.warning("the line of an MCP client broke: %s", error)


async def _spoken(stream: ByteStream, conversations: Conversations, told: str) -> None:
    async with own_tasks() as tasks:
        peer = Peer(conversations, tasks, told)
        line = Line(stream, mcp_server(lambda _asking: peer), tasks)
        await line.listen()
        peer.leaving.set()
        await line.answered()
        tasks.cancel_scope.cancel()


@dataclass(eq=False)
class _Asked:
    """A request that has no answer yet."""

    method: str
    batch: Batch | None = None
    ride: Ride = field(default_factory=Ride)


_Key = tuple[Era, RequestId]


class Line:
    """The messages of one client. Each era runs as a task of its own; neither waits for the other."""

    def __init__(self, stream: ByteStream, server: SubagentsServer, tasks: TaskGroup) -> None:
        self._lines, self._writer = lines(stream), LineWriter(stream)
        self._server = server
        self._tasks = tasks
        self._eras: dict[Era, MemoryObjectSendStream[SessionMessage | Exception]] = {}
        self._asked: dict[_Key, _Asked] = {}
        self._handshakes: set[RequestId] = set()
        self._version = ""
        self._answered = anyio.Event()

    async def listen(self) -> None:
        """Takes every line, until there are no more."""
        async for line in self._lines:
            await self._take(line)

    async def answered(self) -> None:
        """Lets the answers under way reach a client that has said all it had to say, for a moment."""
        with anyio.move_on_after(LEAVING_BOUND):
            while any(asked.method != LISTEN for asked in self._asked.values()):
                self._answered = anyio.Event()
                await self._answered.wait()

    # --- what comes

    async def _take(self, line: bytes | TooLong) -> None:
        if isinstance(line, TooLong):
            await self._refuse(
                INVALID_REQUEST, f"A message may have {MAX_LINE:,} bytes at most.", line.request
            )
            return
        if not line.strip():
            return
        try:
            given = parsed(line)
        except NotJson as error:
            await self._refuse(PARSE_ERROR, str(error))
            return
        await (self._take_batch(given) if isinstance(given, list) else self._take_one(given, None))

    async def _take_batch(self, given: list[Any]) -> None:
        if self._version != batch.VERSION:
            spoken = f", which is {self._version} here" if self._version else ""
            await self._refuse(
                INVALID_REQUEST,
                f"Only the protocol version {batch.VERSION} has several messages in an array{spoken}; "
                "send each on a line of its own.",
            )
        elif not given:
            await self._refuse(INVALID_REQUEST, "An array of messages must not be empty.")
        else:
            together = Batch()
            for each in given:
                await self._take_one(each, together)
            await self._answer_batch(together)

    async def _take_one(self, given: Any, together: Batch | None) -> None:
        if (message := _message(given)) is None:
            await self._refuse(INVALID_REQUEST, NO_MESSAGE, _id_of(given), together)
            return
        match message:
            case JSONRPCRequest():
                await self._ask(message, together)
            case JSONRPCNotification(method="notifications/cancelled"):
                await self._cancel(message)
            case JSONRPCNotification():
                era = Era.MODERN if _is_modern(message) else self._opened
                await self._pass_on(era, message)
            case JSONRPCResponse() | JSONRPCError():
                await self._pass_on(Era.LEGACY, message)

    async def _ask(self, request: JSONRPCRequest, together: Batch | None) -> None:
        era = self._era_of(request)
        if (why := self._why_not(request, era, together)) or era is None:
            await self._refuse(INVALID_REQUEST, why, request.id, together)
            return
        key = (era, coerce_request_id(request.id))
        asked = self._asked[key] = _Asked(request.method, together)
        if together is not None:
            together.expect(key)
        if request.method == "initialize":
            self._handshakes.add(key[1])
        metadata = ServerMessageMetadata(request_context=asked.ride)
        if not await self._feed(era, SessionMessage(request, metadata)):
            await self._give_up(era)

    def _why_not(self, request: JSONRPCRequest, era: Era | None, together: Batch | None) -> str:
        """Why a request cannot be taken; "" when it can."""
        if era is None:
            return WHICH_ERA
        if together is not None and request.method == "initialize":
            return "A handshake cannot stand in an array with other messages."
        if len(self._asked) >= MAX_ASKED:
            return f"{MAX_ASKED} requests have no answer yet; wait for some of them."
        return ""

    def _era_of(self, request: JSONRPCRequest) -> Era | None:
        if request.method == "initialize":
            return Era.LEGACY
        if _is_modern(request):
            return Era.MODERN
        # A client may see whether we live before it shakes hands.
        return Era.LEGACY if Era.LEGACY in self._eras or request.method == "ping" else None

    @property
    def _opened(self) -> Era:
        return Era.LEGACY if Era.LEGACY in self._eras else Era.MODERN

    async def _cancel(self, message: JSONRPCNotification) -> None:
        """Too late for what was answered, and then no news: clients send it for every call that they are done with."""
        request = cancelled_request_id_from_params(message.params)
        for era in Era:
            key = (era, coerce_request_id(request) if request is not None else "")
            if request is not None and (asked := self._asked.pop(key, None)) is not None:
                asked.ride.lost()
                await self._pass_on(era, message)
                if asked.batch is not None:
                    asked.batch.give_up(key)
                    await self._answer_batch(asked.batch)
                return

    async def _pass_on(self, era: Era, message: JSONRPCMessage) -> None:
        """To an era that is spoken; for another one it means nothing."""
        if era in self._eras:
            await self._feed(era, SessionMessage(message))

    async def _feed(self, era: Era, message: SessionMessage) -> bool:
        """False where the era is breaking at this moment."""
        try:
            await self._era(era).send(message)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return False
        return True

    # --- what goes

    async def _answer(self, era: Era, message: JSONRPCMessage) -> None:
        told = message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if not isinstance(message, JSONRPCResponse | JSONRPCError):
            await self._write(told)
            return
        key = (era, coerce_request_id(message.id) if message.id is not None else "")
        asked = self._asked.get(key)
        self._note_handshake(key[1], message)
        if asked is not None and asked.batch is not None:
            asked.batch.add(told, key, asked.ride)
            await self._answer_batch(asked.batch)
        else:
            await self._write(told)
            if asked is not None:
                asked.ride.written()
        if asked is not None:
            self._settle(key, asked)

    def _settle(self, key: _Key, asked: _Asked) -> None:
        # The client may have read the answer already, and asked something else under the same id.
        if self._asked.get(key) is asked:
            del self._asked[key]
        self._answered.set()

    async def _give_up(self, era: Era) -> None:
        """Nobody will answer what the era was asked: it broke."""
        for key in [key for key in self._asked if key[0] is era]:
            asked = self._asked.pop(key)
            asked.ride.lost()
            await self._refuse(INTERNAL_ERROR, BROKEN, key[1], asked.batch)

    def _note_handshake(self, request: RequestId, message: JSONRPCMessage) -> None:
        """Which version the client and the server agreed on."""
        if request in self._handshakes and isinstance(message, JSONRPCResponse):
            self._version = str(message.result.get("protocolVersion", ""))
        self._handshakes.discard(request)

    async def _answer_batch(self, together: Batch) -> None:
        if answers := together.take():
            await self._write(answers)
            for ride in together.rides:
                ride.written()

    async def _refuse(
        self, code: int, why: str, request: RequestId | None = None, together: Batch | None = None
    ) -> None:
        answer = json_rpc.error(request, code, why)
        if together is not None:
            together.add(answer)
        else:
            await self._write(answer)

    async def _write(self, message: Any) -> None:
        if not await self._writer.write(message):
            self._tasks.cancel_scope.cancel()

    # --- the eras

    def _era(self, era: Era) -> MemoryObjectSendStream[SessionMessage | Exception]:
        if era not in self._eras:
            send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](AHEAD)
            self._eras[era] = send
            self._tasks.start_soon(self._serve, era, send, receive)
        return self._eras[era]

    async def _serve(
        self,
        era: Era,
        send: MemoryObjectSendStream[SessionMessage | Exception],
        receive: MemoryObjectReceiveStream[SessionMessage | Exception],
    ) -> None:
        """The SDK's server for one era, until the line ends. One that breaks is made anew when it is next spoken to."""
        try:
            async with send, receive, _outgoing(self, era) as answers:
                with foreign(anyio.get_cancelled_exc_class()):
                    await self._server.run(receive, answers, self._server.create_initialization_options())
        except ForeignFailed as error:
            log.warning("an MCP connection broke: %s", error)
            self._eras.pop(era, None)
            await self._give_up(era)


@asynccontextmanager
async def _outgoing(line: Line, era: Era) -> AsyncIterator[MemoryObjectSendStream[SessionMessage]]:
    """Where an era's messages to the client are put; each is written before the next is taken."""
    send, receive = anyio.create_memory_object_stream[SessionMessage](AHEAD)

    async def write() -> None:
        async with receive:
            async for answer in receive:
                await line._answer(era, answer.message)

    async with own_tasks() as tasks, send:
        tasks.start_soon(write)
        yield send


def _is_modern(message: JSONRPCRequest | JSONRPCNotification) -> bool:
    meta = (message.params or {}).get("_meta")
    return isinstance(meta, dict) and PROTOCOL_VERSION_META_KEY in meta


def _message(given: Any) -> JSONRPCMessage | None:
    """None for what is no message; a notification has no id, so that one with a bad id is none."""
    try:
        message = jsonrpc_message_adapter.validate_python(given, by_name=False)
    except ValidationError:
        return None
    return None if isinstance(message, JSONRPCNotification) and "id" in given else message


def _id_of(given: Any) -> RequestId | None:
    """The id of what wants to be a request; what wants to be an answer has one of ours."""
    if not isinstance(given, dict) or not isinstance(given.get("method"), str):
        return None
    return json_rpc.id_of(given)
