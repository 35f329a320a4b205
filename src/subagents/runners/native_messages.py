"""The model library's messages as stored rows, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from subagents.sessions.messages import MessageKind, NewMessage, StoredMessage
from subagents.texts import mend_texts

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_ai.messages import ModelMessage, ModelRequestPart, ModelResponse

INTERRUPTED = (
    "Interrupted before it returned; it may or may not have taken effect. Look before you repeat it."
)


class _Compaction(msgspec.Struct, frozen=True, kw_only=True):
    """A row after which the conversation is these messages."""

    messages: msgspec.Raw
    summary: str = ""


def stored_prompt(text: str) -> NewMessage:
    from pydantic_ai.messages import UserPromptPart

    return stored_part(UserPromptPart(text))


def stored_part(part: ModelRequestPart) -> NewMessage:
    """The part as it is kept; its texts are mended in place, for it is sent to the model as well."""
    mend_texts(part)
    return NewMessage(MessageKind.PART, _part_adapter().dump_json(part))


def stored_reply(response: ModelResponse) -> NewMessage:
    mend_texts(response)
    return NewMessage(MessageKind.REPLY, _reply_adapter().dump_json(response))


def stored_compaction(messages: Sequence[ModelMessage], summary: str) -> NewMessage:
    """All that the conversation is from now on."""
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    written = ModelMessagesTypeAdapter.dump_json(list(messages))
    return NewMessage(
        MessageKind.COMPACTED,
        msgspec.json.encode(_Compaction(messages=msgspec.Raw(written), summary=summary)),
    )


def restored(rows: Sequence[StoredMessage]) -> list[ModelMessage]:
    """The messages of a history, since its last compaction, with each tool call answered: the library would carry out
    what was left open."""
    from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelRequest

    messages: list[ModelMessage] = []
    for row in rows:
        if row.kind is MessageKind.COMPACTED:
            kept = msgspec.json.decode(row.json, type=_Compaction)
            messages = ModelMessagesTypeAdapter.validate_json(bytes(kept.messages))
            continue
        if row.kind is MessageKind.REPLY:
            _answer_open_calls(messages)
            messages.append(_reply_adapter().validate_json(row.json))
            continue
        part = _part_adapter().validate_json(row.json)
        if messages and isinstance(last := messages[-1], ModelRequest):
            last.parts = [*last.parts, part]
        else:
            messages.append(ModelRequest(parts=[part]))
    _answer_open_calls(messages)
    return messages


def stands_in(messages: Sequence[ModelMessage], text: str) -> bool:
    """Whether the last request says this."""
    last = messages[-1].parts if messages and messages[-1].kind == "request" else ()
    return any(part.part_kind == "user-prompt" and part.content == text for part in last)


def _answer_open_calls(messages: list[ModelMessage]) -> None:
    """Answers the calls of the last reply that no part of the request after it answers, before anything else in it."""
    from pydantic_ai.messages import ModelRequest, ModelResponse, ToolReturnPart

    at = next((n for n in range(len(messages) - 1, -1, -1) if isinstance(messages[n], ModelResponse)), None)
    if at is None:
        return
    reply = messages[at]
    assert isinstance(reply, ModelResponse)
    request = messages[at + 1] if at + 1 < len(messages) else None
    parts = list(request.parts) if isinstance(request, ModelRequest) else []
    seen = {getattr(part, "tool_call_id", None) for part in parts}
    missing = [
        ToolReturnPart(call.tool_name, INTERRUPTED, call.tool_call_id, outcome="interrupted")
        for call in reply.tool_calls
        if call.tool_call_id not in seen
    ]
    if missing:
        messages[at + 1 :] = [ModelRequest(parts=[*missing, *parts])]


@cache
def _part_adapter() -> TypeAdapter[ModelRequestPart]:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic_ai.messages import ModelRequestPart

    config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    return TypeAdapter(ModelRequestPart, config=config)


@cache
def _reply_adapter() -> TypeAdapter[ModelResponse]:
    from pydantic import TypeAdapter
    from pydantic_ai.messages import ModelResponse

    return TypeAdapter(ModelResponse)
