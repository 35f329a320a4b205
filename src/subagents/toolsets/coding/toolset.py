"""Puts the tools together: each schema is made once, which costs milliseconds, and shared by all runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

from pydantic_ai import Tool
from pydantic_ai.toolsets import FunctionToolset

from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS
from subagents.toolsets.coding.bash import bash
from subagents.toolsets.coding.deps import HasCoding
from subagents.toolsets.coding.edit import edit
from subagents.toolsets.coding.find import find
from subagents.toolsets.coding.grep import grep
from subagents.toolsets.coding.ls import ls
from subagents.toolsets.coding.read import read
from subagents.toolsets.coding.write import write

_FUNCTIONS: dict[str, Callable[..., Awaitable[str]]] = {
    "read": read,
    "write": write,
    "edit": edit,
    "bash": bash,
    "grep": grep,
    "find": find,
    "ls": ls,
}


@cache
def built(selection: frozenset[str]) -> FunctionToolset[HasCoding]:
    if unknown := sorted(selection - set(CODING_TOOLS)):
        raise KeyError(f"no coding tools: {', '.join(unknown)}; there are {', '.join(CODING_TOOLS)}")
    return FunctionToolset([_tool(name) for name in CODING_TOOLS if name in selection], id="coding")


@cache
def _tool(name: str) -> Tool[HasCoding]:
    # Of several calls in one turn those that change something run alone and in their order: two edits of
    # one file would each begin from the same text, and a `cd` would come before or after by chance.
    return Tool(
        _FUNCTIONS[name],
        name=name,
        takes_ctx=True,
        sequential=name in CHANGING_TOOLS,
        docstring_format="google",
        require_parameter_descriptions=True,
    )
