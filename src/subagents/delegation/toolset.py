"""The delegation tools as a toolset of the model library, for runs: each finds its own agents only."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any, Protocol

from pydantic_ai import RunContext, Tool
from pydantic_ai.toolsets import FunctionToolset

from subagents.delegation.describing import Place, described, place_of
from subagents.delegation.door import CONVERSATION
from subagents.delegation.registry import TOOLS, parameters_of
from subagents.delegation.stash import Stash
from subagents.delegation.tool import DelegationTool, Parent
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager

log = logging.getLogger("subagents")


class HasRun(Protocol):
    """What the dependencies of a run must offer for its model to delegate."""

    @property
    def run(self) -> RunId: ...


def delegation_toolset(
    manager: AgentManager, selection: Collection[str], types: Collection[str] | None = None, depth: int = 1
) -> FunctionToolset[HasRun]:
    """The selected tools, with the agents of these `types` listed, None for all. One toolset serves all runs of a
    manager that stand at this `depth` and may start the same agents."""
    stash = Stash(manager.clock.monotonic)
    place = place_of(manager, depth, types, CONVERSATION)
    tools = [_as_tool(tool, place, manager, types, stash) for tool in TOOLS if tool.name in selection]
    return FunctionToolset(tools, id="delegation")


def _as_tool(
    tool: DelegationTool[Any],
    place: Place,
    manager: AgentManager,
    types: Collection[str] | None,
    stash: Stash,
) -> Tool[HasRun]:
    async def call(ctx: RunContext[HasRun], **arguments: Any) -> str:
        parent = Parent(manager, ctx.deps.run, stash, types, CONVERSATION)
        return (await tool.call(parent, arguments)).text

    description = described(tool.name, place)
    for warning in description.warnings:
        log.warning("%s", warning)
    return Tool.from_schema(
        call,
        name=tool.name,
        description=description.text,
        json_schema=parameters_of(tool, manager.settings.wait_timeout_seconds, worktrees=place.worktrees),
        takes_ctx=True,
    )
