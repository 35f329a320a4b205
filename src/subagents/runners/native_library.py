"""The model library, imported once a process, when the first run begins: that alone costs over a second."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from subagents.models import remote

if TYPE_CHECKING:
    from pydantic_ai import Agent

INVALID_CALLS = 10  # times in a row that a model may call a tool wrongly before the run fails


@cache
def shared_agent() -> Agent[Any, str]:
    """One agent object for all runs: building one costs milliseconds, and all that differs is given to `iter`."""
    import pydantic_ai

    # It would print a banner on the first use of a process, into whatever the terminal shows.
    pydantic_ai.BANNER_ENABLED = False
    return pydantic_ai.Agent(output_type=str, retries=INVALID_CALLS)


def silence() -> None:
    """Figures that a server made up are counted as unknown, and people are told so in our words."""
    from pydantic_ai import UsageExtractionFailedWarning

    warnings.filterwarnings("ignore", category=UsageExtractionFailedWarning)


def load(model: str) -> None:
    """For a thread. Raises `ModelUnavailable`."""
    shared_agent()
    import subagents.models.retrying  # noqa: F401 it imports more of the library

    remote.load(model)
