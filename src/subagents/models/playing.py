"""Plays a script: which turns a run has had is read from its own messages, so many runs share one model.

Each reply is marked with its turn, and with the errors that were played before it. Only an error after the
last reply leaves nothing in the messages; it is remembered here, by conversation, until the next reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.usage import RequestUsage

from subagents.models.local import LocalModel
from subagents.models.scripted import Script, ScriptedError, ScriptedTurn, ScriptedUsage, ended, next_turn

REMEMBERED = 10_000
"""Conversations whose last turn was an error that are remembered at most; the oldest is forgotten first."""


def scripted_model(script: Script) -> Model[Any]:
    """The model that plays `script`; one serves any number of runs at once, each from its own first turn."""
    return LocalModel(_Player(script).reply, system="script", model_name=script.name)


@dataclass
class _Player:
    script: Script
    errors: dict[str, list[int]] = field(default_factory=dict)
    """The turns that raised since the last reply, by conversation."""

    async def reply(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
        conversation = _conversation(messages)
        raised = self.errors.get(conversation, [])
        history = [*_played(messages, self.script.name), *raised]
        index = _index(self.script, history, messages)
        turn = self.script.turns[index]
        if turn.delay:
            await anyio.sleep(turn.delay)
        if turn.error is not None:
            self._remember(conversation, [*raised, index])
            raise _http_error(turn.error, self.script.name)
        self.errors.pop(conversation, None)
        return _response(turn, {"script": self.script.name, "turn": index, "errors": raised}, len(history))

    def _remember(self, conversation: str, raised: list[int]) -> None:
        self.errors[conversation] = raised
        if len(self.errors) > REMEMBERED:
            del self.errors[next(iter(self.errors))]


def _conversation(messages: list[ModelMessage]) -> str:
    """What tells this run from others: the newest message's name for it, else when it began.

    A message to which another was added, as by steering, has lost its names.
    """
    for message in reversed(messages):
        if name := message.conversation_id or message.run_id:
            return name
    return next((str(part.timestamp) for part in messages[0].parts if isinstance(part, UserPromptPart)), "")


def _index(script: Script, history: Iterable[int], messages: list[ModelMessage]) -> int:
    """The turn to play next; a script that repeats starts again where nothing is left."""
    played: set[int] = set()
    for turn in history:
        if turn in played:  # it had started again
            played.clear()
        played.add(turn)
    last = text_of(messages[-1]) if script.reads_messages else ""
    following = next_turn(script, played, last)
    if following is None and script.repeat:
        following = next_turn(script, frozenset(), last)
    if following is None:
        raise ended(script, played)
    return following


def _played(messages: Iterable[ModelMessage], name: str) -> Iterator[int]:
    """The turns of the script called `name` that these messages hold, in the order they were played."""
    for message in messages:
        if isinstance(message, ModelResponse) and message.provider_details:
            mark = message.provider_details
            if mark.get("script") == name:
                yield from mark["errors"]
                yield mark["turn"]


def text_of(message: ModelMessage) -> str:
    """What the message says: the prompt or steering message, and the results of tools."""
    if not isinstance(message, ModelRequest):
        return ""
    texts: list[str] = []
    for part in message.parts:
        match part:
            case UserPromptPart(content=str(content)):
                texts.append(content)
            case UserPromptPart(content=contents):
                texts.extend(content for content in contents if isinstance(content, str))
            case ToolReturnPart():
                texts.append(part.model_response_str())
            case _:
                pass
    return "\n".join(texts)


def _response(turn: ScriptedTurn, mark: dict[str, object], played: int) -> ModelResponse:
    parts: list[ModelResponsePart] = []
    if turn.text is not None:
        parts.append(TextPart(turn.text))
    for n, call in enumerate(turn.tool_calls, 1):
        parts.append(ToolCallPart(call.name, dict(call.arguments), tool_call_id=f"script-{played + 1}-{n}"))
    return ModelResponse(parts=parts, usage=_request_usage(turn.usage), provider_details=mark)


def _request_usage(usage: ScriptedUsage | None) -> RequestUsage:
    if usage is None:
        return RequestUsage()
    return RequestUsage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cost=usage.cost)


def _http_error(error: ScriptedError, name: str) -> ModelHTTPError:
    return ModelHTTPError(error.status, name, {"message": error.message}, retry_after=error.retry_after)
