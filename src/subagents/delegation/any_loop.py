"""The delegation tools for a loop of one's own: as schemas for its model, and one function that carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from subagents.delegation.describing import described, instructions, place_of
from subagents.delegation.door import LIBRARY, Door
from subagents.delegation.registry import BY_NAME, TOOLS, parameters_of
from subagents.delegation.stash import Stash
from subagents.delegation.tool import Answer, DelegationTool, Parent, refused
from subagents.errors import SessionClosed
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager
from subagents.texts import quoted

if TYPE_CHECKING:
    from pydantic_ai.toolsets import FunctionToolset


class ParentTools:
    """The tools of one parent: the run `owner`, or None for whoever drives the session.

    Its model is told that it must fetch what it wants to know, unless `door` says that its loop passes notices on.
    """

    def __init__(self, manager: AgentManager, owner: RunId | None = None, door: Door = LIBRARY) -> None:
        self._manager = manager
        self._parent = Parent(manager, owner, Stash(manager.clock.monotonic), None, door)
        self._depth = manager.state.run(owner).depth if owner is not None else 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in TOOLS)

    def hint(self) -> str:
        """A paragraph for the parent's own prompt."""
        return instructions(self._parent.door)

    def anthropic(self) -> list[dict[str, Any]]:
        """For `tools` of Anthropic's messages."""
        return [
            {"name": tool.name, "description": self._text(tool), "input_schema": self._schema(tool)}
            for tool in TOOLS
        ]

    def openai(self) -> list[dict[str, Any]]:
        """For `tools` of OpenAI's chat completions."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": self._text(tool),
                    "parameters": self._schema(tool),
                },
            }
            for tool in TOOLS
        ]

    def pydantic_ai(self) -> FunctionToolset[Any]:
        """For `toolsets` of an agent of the model library."""
        from pydantic_ai import Tool
        from pydantic_ai.toolsets import FunctionToolset

        def as_tool(tool: DelegationTool[Any]) -> Tool[Any]:
            async def call(**arguments: Any) -> str:
                return (await self.call(tool.name, arguments)).text

            return Tool.from_schema(
                call, name=tool.name, description=self._text(tool), json_schema=self._schema(tool)
            )

        return FunctionToolset([as_tool(tool) for tool in TOOLS], id="subagents")

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | str | None = None,
        *,
        cancelled: anyio.Event | None = None,
    ) -> Answer:
        """Carries out a call of the model: `arguments` as an object, or as the JSON text that came; None is none.

        What the model did wrong is the answer, and raises nothing. When `cancelled` is set a wait is over, and nothing
        else; cancelling the calling task is passed on. Raises `SessionError` when the session is over, whichever tool
        is called.
        """
        if (over := self._manager.broken) is not None:
            raise SessionClosed(f"the session is over, and {quoted(name)} can do nothing any more: {over}")
        if (tool := BY_NAME.get(name)) is None:
            return refused(f"There is no tool {quoted(name)}; there are {', '.join(self.names)}.")
        return await tool.call(replace(self._parent, cancelled=cancelled), arguments)

    def interrupt(self) -> None:
        """A message waits for this parent: its wait is over, or its next one."""
        self._manager.waits.interrupt(self._parent.owner)

    def _text(self, tool: DelegationTool[Any]) -> str:
        place = place_of(self._manager, self._depth, self._parent.types, self._parent.door)
        return described(tool.name, place).text

    def _schema(self, tool: DelegationTool[Any]) -> dict[str, Any]:
        settings = self._manager.settings
        return parameters_of(tool, settings.wait_timeout_seconds, worktrees=settings.worktree_isolation)
