"""One MCP server while it is used: started, asked for its tools, called, started again when it died, and ended.

Whose runs it serves is not known here. What it may see and say is bounded: it is somebody else's program.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from subagents.definitions.servers import ServerConfig
from subagents.errors import SubagentsError
from subagents.foreign import ForeignFailed, foreign, said
from subagents.own_tasks import own_tasks
from subagents.toolsets.mcp.expanding import Unset, expanded, veiled
from subagents.toolsets.mcp.program import SEEN, Program

if TYPE_CHECKING:
    from anyio.abc import TaskGroup, TaskStatus
    from mcp.client import Client
    from mcp_types import CallToolResult, Tool

log = logging.getLogger("subagents")

MOST_PAGES = 50  # of a list of tools
MOST_TOOLS = 1_000
HEARD_WITHIN = 3.0  # seconds that a server has to agree to tell of other tools
MOST_SAID = 1_500  # characters of a sentence about one that failed

T = TypeVar("T")


class ServerFailed(SubagentsError):
    """A server could not be used; the text is a whole sentence without its full stop."""


@dataclass
class _Line:
    """An open line to a server. `changed` says that it may have other tools by now, which one that `tells_aside` says
    over another stream, and so perhaps only after it answered the call that changed them; `over` ends it."""

    client: Client
    program: Program | None
    over: anyio.Event = field(default_factory=anyio.Event)
    changed: bool = False
    tells_aside: bool = False
    broken: bool = False

    @property
    def alive(self) -> bool:
        return not (self.broken or self.over.is_set()) and (self.program is None or self.program.alive)


class Server:
    """A server of a session or of a run. What it is asked may fail with `ServerFailed`, and waits are bounded.

    `tasks` hold its line open; whoever has them ends it with them, or with `end`. Variables are looked up in `environ`;
    a program of a run sees `of_run` as the run's commands do.
    """

    def __init__(
        self,
        config: ServerConfig,
        folder: Path,
        tasks: TaskGroup,
        environ: Mapping[str, str],
        of_run: Mapping[str, str] | None = None,
    ) -> None:
        self.config = config
        self._of_run = of_run or {}
        self._folder = folder
        self._tasks = tasks
        self._environ = environ
        self._starting = anyio.Lock()
        self._line: _Line | None = None
        self._tools: tuple[Tool, ...] = ()
        self._unusable: dict[str, str] = {}  # tools, and what is wrong with them
        self._ended = False

    @property
    def left_out(self) -> str:
        """A sentence on the tools that it describes and that cannot be used; "" where there are none."""
        if not self._unusable:
            return ""
        which = "; ".join(f"{name} ({why})" for name, why in self._unusable.items())
        text = f"Of the MCP server {self.config.name!r} tools are left out that are not described as MCP has them"
        return veiled(f"{text}: {which}"[:MOST_SAID], self.config, self._environ) + "."

    async def start(self) -> None:
        """Starts it, or again where it died, and asks which tools there are."""
        async with self._starting:
            if self._line is None or not self._line.alive:
                if self._line is not None:
                    self._line.over.set()
                await self._tasks.start(self._hold)

    async def tools(self) -> tuple[Tool, ...]:
        """Those there are now; of one that died, or does not say, those that there were."""
        line = self._line
        if line is not None and line.alive and line.changed:
            line.changed = False
            try:
                with anyio.move_on_after(self.config.startup_timeout):
                    await self._reached(line, self._listed(line))
            except ServerFailed as error:
                log.debug("%s, when it was asked which tools it has by now", error)
        return self._tools

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """What it answers. One that died is started again first, once a call."""
        await self.start()
        line = self._line
        assert line is not None
        with anyio.move_on_after(self.config.timeout) as bound:

            async def goes_on(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
                bound.deadline = anyio.current_time() + self.config.timeout

            call = line.client.call_tool(tool, arguments, progress_callback=goes_on)
            answer = await self._reached(line, call)
            line.changed = line.changed or line.tells_aside
            return answer
        raise self._failed(f"did not answer within {self.config.timeout:g} seconds")

    def end(self) -> None:
        """Has it ended, for good; that takes a few seconds at most, and nobody needs to wait for it."""
        self._ended = True
        if self._line is not None:
            self._line.over.set()

    # --- the line

    async def _hold(self, *, task_status: TaskStatus[None]) -> None:
        """Opens the line and holds it until it is over. Fails where it cannot be opened, and never afterwards."""
        line: _Line | None = None
        program = self._started()
        with anyio.CancelScope(deadline=anyio.current_time() + self.config.startup_timeout) as scope:
            try:
                with foreign(anyio.get_cancelled_exc_class()):
                    async with self._opened(program) as opened, own_tasks() as tasks:
                        tasks.start_soon(self._hear, opened, heard := anyio.Event())
                        with anyio.move_on_after(HEARD_WITHIN):
                            await heard.wait()
                        self._line = line = opened
                        scope.deadline = math.inf
                        task_status.started()
                        await line.over.wait()
                        tasks.cancel_scope.cancel()
            except ForeignFailed as error:
                if line is None:
                    raise self._failed("could not be started", error, program) from error
                log.debug("The line to the MCP server %r broke: %s", self.config.name, error)
            finally:
                if line is not None:
                    line.over.set()
        if line is None and scope.cancelled_caught:
            bound = f"{self.config.startup_timeout:g}"
            raise self._failed(
                f"could not be started, for it did not answer within {bound} seconds", program=program
            )

    def _started(self) -> Program | None:
        """The server's process; None where it is reached at an address. Raises `ServerFailed`."""
        if self._ended:
            raise self._failed("is not started any more")
        config = self._expanded()
        if config.url:
            return None
        seen = {name: self._environ[name] for name in SEEN if name in self._environ}
        folder = self._folder / config.folder
        try:
            return Program((config.command, *config.args), folder, {**seen, **self._of_run, **config.env})
        except (OSError, ValueError) as error:
            why = "there is no such program or folder" if isinstance(error, FileNotFoundError) else str(error)
            raise self._failed(f"could not be started ({config.command!r} in {folder}: {why})") from error

    @asynccontextmanager
    async def _opened(self, program: Program | None) -> AsyncIterator[_Line]:
        from mcp.client import Client
        from mcp_types import Implementation

        from subagents.toolsets.mcp.sorting_out import sorted_out

        line: list[_Line] = []

        async def heard(message: Any) -> None:
            if line and getattr(message, "method", "") == "notifications/tools/list_changed":
                line[0].changed = True

        async with self._transport(program) as transport:
            client = Client(
                sorted_out(
                    transport,
                    lambda: line[0].client.protocol_version if line else "",
                    self._unusable.__setitem__,
                ),
                message_handler=heard,
                client_info=Implementation(name="subagents", version=version("subagents")),
                cache=None,
            )
            async with client:
                line.append(_Line(client, program))
                await self._listed(line[0])
                yield line[0]

    @asynccontextmanager
    async def _transport(self, program: Program | None) -> AsyncIterator[Any]:
        if program is not None:
            yield program.streams()
            return
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        config = self._expanded()
        # A call's own bound is above; a stream on which nothing happens is no failure.
        bounds = httpx2.Timeout(self.config.startup_timeout, read=None)
        async with httpx2.AsyncClient(headers=dict(config.headers), timeout=bounds) as http:
            yield streamable_http_client(config.url, http_client=http)

    async def _hear(self, line: _Line, heard: anyio.Event) -> None:
        """Hears of other tools from servers that must be asked to tell it; older ones do by themselves. `heard` is set
        when it does, or cannot."""
        from mcp_types.version import MODERN_PROTOCOL_VERSIONS

        capability = line.client.server_capabilities.tools
        asked = line.client.protocol_version in MODERN_PROTOCOL_VERSIONS
        try:
            if asked and capability and capability.list_changed:
                with foreign(anyio.get_cancelled_exc_class()):
                    async with line.client.listen(tools_list_changed=True) as events:
                        line.tells_aside = True
                        heard.set()
                        async for _event in events:
                            line.changed = True
        except ForeignFailed as error:
            log.debug("The MCP server %r tells nothing of new tools: %s", self.config.name, error)
        finally:
            heard.set()

    async def _listed(self, line: _Line) -> None:
        self._unusable.clear()
        tools: list[Tool] = []
        cursor: str | None = None
        for _page in range(MOST_PAGES):
            page = await line.client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if not cursor or len(tools) > MOST_TOOLS:
                break
        self._tools = tuple(tool for tool in tools[:MOST_TOOLS] if self.config.offers(tool.name))

    # --- what goes wrong

    async def _reached(self, line: _Line, asked: Awaitable[T]) -> T:
        try:
            with foreign(anyio.get_cancelled_exc_class()):
                return await asked
        except ForeignFailed as error:
            line.broken = line.broken or (line.program is None and _breaks(error))
            if line.program is not None:
                await line.program.settled()
            again = "" if line.alive else " It is started again at the next call"
            failed = self._failed("failed", error, line.program)
            raise ServerFailed(f"{failed}.{again}" if again else str(failed)) from error

    def _failed(
        self, what: str, error: ForeignFailed | None = None, program: Program | None = None
    ) -> ServerFailed:
        why = "; ".join(filter(None, (_leaf_said(error), program.last_words if program else "")))
        text = f"the MCP server {self.config.name!r} {what}" + (f": {why}" if why else "")
        return ServerFailed(veiled(text, self.config, self._environ)[:MOST_SAID])

    def _expanded(self) -> ServerConfig:
        try:
            return expanded(self.config, self._environ)
        except Unset as error:
            raise self._failed(f"could not be started: it {error}") from error


def _leaf(error: BaseException | None) -> BaseException | None:
    """What was raised at first: task groups wrap it."""
    if isinstance(error, ForeignFailed):
        error = error.__cause__
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _leaf_said(error: ForeignFailed | None) -> str:
    from pydantic import ValidationError

    leaf = _leaf(error)
    if isinstance(leaf, ValidationError):
        from subagents.toolsets.mcp.sorting_out import wrong

        return f"its answer is not as MCP has it ({wrong(leaf)})"
    return said(leaf) if leaf is not None else ""


def _breaks(error: ForeignFailed) -> bool:
    """Whether an address is to be reached anew: it could not be, or knows us no more. An error that a server answered
    is none of the line's."""
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST

    leaf = _leaf(error)
    if isinstance(leaf, MCPError):
        return leaf.code in (CONNECTION_CLOSED, INVALID_REQUEST)
    return not isinstance(leaf, RuntimeError | ValueError)
