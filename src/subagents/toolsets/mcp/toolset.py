"""The tools of the MCP servers that a run may see, as a toolset of the model library. Imported when a run needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from subagents.ids import RunId
from subagents.spec import ToolSelection
from subagents.toolsets.coding import FAILED
from subagents.toolsets.mcp.answers import answer_of
from subagents.toolsets.mcp.server import Server, ServerFailed
from subagents.toolsets.providers.toolset import Opened, Provided

MOST_DESCRIBED = 10_000  # characters of what a server says of a tool, which goes along with each request

#: Arguments are for the server to look at: its schemas are its own.
_ANY_OBJECT = SchemaValidator(core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema()))


@dataclass(frozen=True)
class Reached:
    """The servers that a run may see, and a sentence on each that could not be started."""

    servers: tuple[Server, ...]
    selection: ToolSelection
    failed: tuple[str, ...] = ()


class ServersOfRuns(AbstractToolset[Any]):
    """For each run the tools of its own servers; `reached` knows which. Holds nothing of a run itself."""

    def __init__(self, reached: Callable[[RunId], Reached | None], reserved: Collection[str]) -> None:
        self._reached = reached
        self._reserved = reserved

    @property
    def id(self) -> str | None:
        return "mcp"

    async def for_run(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        found = self._reached(ctx.deps.run) or Reached((), ToolSelection())
        opened = [Opened(server.config.provider, ServerTools(server)) for server in found.servers]
        return _Told(opened, found.selection, self._reserved, found.failed)

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        return {}  # asked of what `for_run` made

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        raise KeyError(name)


class _Told(Provided):
    """With what the model should know of those that are not there."""

    def __init__(
        self,
        providers: Collection[Opened],
        selection: ToolSelection,
        reserved: Collection[str],
        failed: Collection[str],
    ) -> None:
        super().__init__(tuple(providers), selection, reserved)
        self._not_there = "\n".join(f"Its tools are not there: {text}." for text in failed)

    async def for_run(self, ctx: RunContext[Any]) -> AbstractToolset[Any]:
        return self

    async def get_instructions(self, ctx: RunContext[Any]) -> Any:
        return self._not_there or None


class ServerTools(AbstractToolset[Any]):
    """All tools of one server, as they are now, under their own names."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def id(self) -> str | None:
        return self._server.config.provider

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        return {tool.name: self._described(tool) for tool in await self._server.tools()}

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        try:
            return answer_of(await self._server.call(name, tool_args))
        except ServerFailed as error:
            return f"{FAILED}{error}. Do without it, or try it differently."

    def _described(self, tool: Any) -> ToolsetTool[Any]:
        definition = ToolDefinition(
            name=tool.name,
            description=(tool.description or tool.title or "")[:MOST_DESCRIBED] or None,
            parameters_json_schema=tool.input_schema,
        )
        return ToolsetTool(toolset=self, tool_def=definition, max_retries=1, args_validator=_ANY_OBJECT)
