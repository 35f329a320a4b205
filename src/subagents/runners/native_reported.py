"""A toolset that reports each call and then passes it on. Imports the model library, so it is imported when needed."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic_ai import RunContext
from pydantic_ai.toolsets import ToolsetTool, WrapperToolset

from subagents.runners.native_tools import CallReports


class HasCalls(Protocol):
    """What a run's dependencies must offer for its calls to be reported."""

    @property
    def calls(self) -> CallReports: ...


class Reported(WrapperToolset[Any]):
    """See `native_tools.reported`."""

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[HasCalls], tool: ToolsetTool[Any]
    ) -> Any:
        assert ctx.tool_call_id is not None
        await ctx.deps.calls.called(ctx.tool_call_id, name, tool_args)
        return await super().call_tool(name, tool_args, ctx, tool)
