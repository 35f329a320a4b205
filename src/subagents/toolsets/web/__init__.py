"""The tool `fetch`: a page of the web as text, from addresses that anybody may reach. Only who names it has it.

The libraries for it are imported when a run first has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.toolsets import FunctionToolset


def web_toolset(*, private: bool) -> FunctionToolset[Any]:
    """The toolset, for any number of runs. With `private` it reaches this machine and private networks too."""
    from subagents.toolsets.web.fetch import built

    return built(private)
