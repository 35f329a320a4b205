"""The seven coding tools: read, write, edit, bash, grep, find, ls.

This module knows their names; the model library is imported when a toolset is first asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_ai.toolsets import FunctionToolset

    from subagents.toolsets.coding.deps import HasCoding

CODING_TOOLS = ("read", "write", "edit", "bash", "grep", "find", "ls")

CHANGING_TOOLS = frozenset({"write", "edit", "bash"})
"""Those that may change something outside the conversation."""

FAILED = "Error: "
"""What the answer of a tool begins with when it could not do what was asked."""


def coding_toolset(selection: Collection[str]) -> FunctionToolset[HasCoding]:
    """The toolset with the selected tools, the same object for the same selection, for any number of runs.

    It holds nothing of a run: what a call works on is in the run's dependencies (`deps.py`). Names that
    are no coding tools are a mistake of the program and raise KeyError.
    """
    from subagents.toolsets.coding.toolset import built

    return built(frozenset(selection))
