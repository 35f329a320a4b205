"""Which replies of a model are no answers, however they arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subagents.errors import RunnerError

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse


def refuse_broken(response: ModelResponse, model: str) -> None:
    """An answer that was cut off, or refused, is a failure; what there is of it is partial work. Where the reply calls
    tools the conversation goes on, so the model can go on as well."""
    if response.finish_reason == "error":
        raise RunnerError(f"the model {model!r} broke off its reply with an error")
    if response.finish_reason in ("length", "content_filter") and not response.tool_calls:
        why = "its length limit" if response.finish_reason == "length" else "its content filter"
        when = "" if response.text else " before it said anything"
        raise RunnerError(f"the reply of the model {model!r} was cut off by {why}{when}")
