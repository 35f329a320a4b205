"""`offline`: answers without a language model, by rules that drive the tools it is offered.

It reads the question out of the prompt, searches in stages (`searches`), ranks what it found (`ranking`) and
answers with files, lines and excerpts, or fills an output schema from them. It keeps nothing between replies:
everything is read from the messages, so one model serves any number of runs, and a resumed one goes on.
"""

from __future__ import annotations

from subagents.models.offline.model import offline_model

# What every answer of it begins with.
from subagents.models.selection import OFFLINE_LABEL as LABEL

__all__ = ["LABEL", "offline_model"]
