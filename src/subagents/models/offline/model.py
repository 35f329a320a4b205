"""The offline model as a model of the library, which is imported when it is asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.models import Model


@cache
def offline_model() -> Model[Any]:
    """The model, built once a process and shared by all runs."""
    from subagents.models.local import LocalModel
    from subagents.models.offline.replying import reply

    return LocalModel(reply, system="offline", model_name="offline")
