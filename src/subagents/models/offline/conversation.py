"""What a run's messages say to the offline model: the prompt that counts, what was added to it, what tools returned.

A prompt is what comes after a finished answer, or first; a message that comes before that is answered, or while
tools are being used, adds to it. Knows the model library's messages by their kinds only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subagents.models.offline.intent import asks_to_wrap_up, goes_on
from subagents.sessions.messages import INHERITED_SO_FAR, WAS_TOO_LONG

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse

_NOT_RUN = re.compile(r"\W*(?:the tool call was |was )?interrupted\b", re.I)


@dataclass(frozen=True)
class Exchange:
    """A tool call and the text it returned; an error begins with `Error:`."""

    tool: str
    arguments: Mapping[str, Any]
    result: str


@dataclass
class Conversation:
    """`replies` counts those with tool calls since the prompt, or since what was added last."""

    prompt: str = ""
    additions: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    replies: int = 0
    wrap_up: bool = False
    using_tools: bool = False


def read_conversation(messages: Iterable[ModelMessage]) -> Conversation:
    """The part of `messages` that the next reply has to deal with."""
    said = Conversation()
    calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for message in messages:
        if message.kind == "response":
            _respond(said, message, calls)
            continue
        _take_results(said, message, calls)
        texts = _user_texts(message)
        if (end := _end_of_inherited(texts)) is not None:
            said, texts = Conversation(), texts[end + 1 :]
        for number, text in enumerate(texts):
            # Several in one message: the others were said before the first could be answered.
            _hear(said, text, adds=said.using_tools or number > 0)
    return said


def _end_of_inherited(texts: Sequence[str]) -> int | None:
    """Where it is said that what comes before was said to another agent; None where nothing was inherited."""
    ends = [at for at, text in enumerate(texts) if text.startswith(INHERITED_SO_FAR)]
    return ends[-1] if ends else None


def instructions_of(messages: Sequence[ModelMessage]) -> str:
    """The role that the newest request carries, with the system prompt that the conversation began with before it."""
    first = messages[0].parts if messages and messages[0].kind == "request" else ()
    texts = [part.content for part in first if part.part_kind == "system-prompt"]
    for message in reversed(messages):
        if message.kind == "request" and message.instructions:
            texts.append(message.instructions)
            break
    return "\n\n".join(texts)


def _hear(said: Conversation, text: str, *, adds: bool) -> None:
    if adds:
        if asks_to_wrap_up(text):
            said.wrap_up = True
        elif not goes_on(text):
            said.additions.append(text)
            said.replies = 0
    elif not (said.prompt and goes_on(text)):
        said.prompt, said.additions, said.exchanges = text, [], []
        said.replies, said.wrap_up = 0, False


def _respond(
    said: Conversation, response: ModelResponse, calls: dict[str, tuple[str, Mapping[str, Any]]]
) -> None:
    said.using_tools = False
    for part in response.parts:
        if part.part_kind == "tool-call":
            said.using_tools = True
            calls[part.tool_call_id] = part.tool_name, part.args_as_dict()
    said.replies += said.using_tools


def _take_results(
    said: Conversation, request: ModelRequest, calls: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> None:
    for part in request.parts:
        if part.part_kind != "tool-return" or part.tool_call_id not in calls:
            continue
        text = part.model_response_str(wrap_if_error=False)
        if part.outcome == "interrupted" or _NOT_RUN.match(text):
            continue  # it was never answered, so it is asked again
        if part.outcome != "success" and not text.startswith("Error:"):
            text = f"Error: {text}"
        tool, arguments = calls[part.tool_call_id]
        said.exchanges.append(Exchange(tool, arguments, text))


def _user_texts(request: ModelRequest) -> list[str]:
    texts = []
    for part in request.parts:
        if part.part_kind == "user-prompt":
            content = [part.content] if isinstance(part.content, str) else part.content
            texts.append("\n".join(piece for piece in content if isinstance(piece, str)))
    return [text for text in texts if not text.startswith(WAS_TOO_LONG)]
