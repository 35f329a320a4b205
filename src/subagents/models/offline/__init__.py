"""`offline`: answers without a language model, by rules that drive the tools it is offered.

It reads the question out of the prompt, searches in stages (`searches`), ranks what it found (`ranking`) and
answers with files, lines and excerpts, or fills an output schema from them. It keeps nothing between replies:
everything is read from the messages, so one model serves any number of runs, and a resumed one goes on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.models import Model

LABEL = "offline (no language model)"
"""What every answer of it begins with."""


@cache
def offline_model() -> Model[Any]:
    """The model, built once a process."""
    from subagents.models.local import LocalModel
    from subagents.models.offline.replying import reply

    return LocalModel(reply, system="offline", model_name="offline")
