"""A toolset that reports each call and then passes it on. Imports the model library, so it is imported when needed."""

from __future__ import annotations

import math
from typing import Any, Protocol

import anyio
from pydantic_ai import RunContext
from pydantic_ai.toolsets import ToolsetTool, WrapperToolset

from subagents.runners.native_reports import CallReports
from subagents.toolsets.coding import FAILED


class HasCalls(Protocol):
    """What a run's dependencies must offer for its calls to be reported."""

    @property
    def calls(self) -> CallReports: ...


class Reported(WrapperToolset[Any]):
    """The same tools, each call reported through `ctx.deps.calls` and kept before it is passed on.

    Holds nothing of a run, so one serves all of them.
    """

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[HasCalls], tool: ToolsetTool[Any]
    ) -> Any:
        assert ctx.tool_call_id is not None
        await ctx.deps.calls.called(ctx.tool_call_id, name, tool_args)
        try:
            return await super().call_tool(name, tool_args, ctx, tool)
        except anyio.get_cancelled_exc_class():
            # A tool may raise this as well as any other error, and only ours ends more than the call.
            if ctx.deps.calls.ending or anyio.current_effective_deadline() == -math.inf:
                raise
            return f"{FAILED}the tool {name!r} was cancelled from inside before it answered."
