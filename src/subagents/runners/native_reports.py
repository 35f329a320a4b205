"""The tool calls of a native run, each reported before it acts."""

from __future__ import annotations

import json
from typing import Any

from subagents.definitions.tool_names import FETCH
from subagents.runners.base import Called, Report
from subagents.texts import storable
from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS


def may_change(tool: str) -> bool:
    """Whether a tool may change something outside the run; of one that is not ours we don't know, so it may."""
    return tool in CHANGING_TOOLS or tool not in (*CODING_TOOLS, FETCH)


class CallReports:
    """Reports each tool call of a conversation once, before the tool acts.

    `ending` says that the conversation is being cancelled, and its tools with it.
    """

    def __init__(self, report: Report) -> None:
        self.ending = False
        self._report = report
        self._called: set[str] = set()

    async def called(self, call: str, tool: str, arguments: dict[str, Any]) -> None:
        self._called.add(call)
        text = storable(json.dumps(arguments, ensure_ascii=False, default=str))
        await self._report(Called(call, tool, text, changes=may_change(tool)))

    async def called_if_not(self, call: str, tool: str) -> None:
        """For a call that never reached its tool, because there is none or the arguments don't fit."""
        if call not in self._called:
            self._called.add(call)
            await self._report(Called(call, tool, "{}", changes=False))
