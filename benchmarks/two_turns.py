"""One workload for everybody: two turns with one tool call, streamed, on a model of zero latency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.toolsets import FunctionToolset
from pydantic_ai.usage import RequestUsage

from subagents.models.local import LocalModel

PROMPT = "Where are retries handled, and what bounds them?"
ROLE = "You find things in code and say where they are."


async def _reply(messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
    usage = RequestUsage(input_tokens=900, output_tokens=30)
    if any(message.kind == "response" for message in messages):
        return ModelResponse([TextPart("In retry.py, by max_attempts.")], usage=usage)
    return ModelResponse([TextPart("Let me look."), ToolCallPart("look", {"path": "retry.py"})], usage=usage)


MODEL = LocalModel(_reply, system="bench", model_name="bench")


def toolset(before_answering: Callable[[], Awaitable[None]]) -> FunctionToolset[object]:
    """The tool `look`, which awaits `before_answering`: where a measure of memory can hold everybody."""

    async def look(path: str) -> str:
        """Look at a file.

        Args:
            path: Which.
        """
        await before_answering()
        return f"{path}: max_attempts = 5"

    return FunctionToolset([look])


async def at_once() -> None:
    """Answers without waiting."""
