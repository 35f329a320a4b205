"""A runner whose runs have the tools of MCP servers: those are there before a conversation opens, and go with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subagents.runners.base import Conversation, RunContext, Runner, ToolsMissing
from subagents.spec import RunSpec
from subagents.toolsets.mcp.servers import Servers


class WithServers:
    """Opens what `runner` opens, once the run's servers have started or failed to."""

    def __init__(self, runner: Runner, servers: Servers) -> None:
        self._runner = runner
        self._servers = servers

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Conversation]:
        of_run = self._servers.of_run(context.run, spec, context.folder, context.environment)
        async with of_run as left_out:
            for text in left_out:
                await context.report(ToolsMissing(text))
            async with self._runner.open(spec, context) as conversation:
                yield conversation
