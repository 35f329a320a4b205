"""The Responses API of OpenAI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.server.dialect import frame, pieces
from tests.wire.server.script import Call, Refusal, Reply, Text, Thought


class OpenAIResponses:
    def frames(self, reply: Reply) -> list[str]:
        numbered = enumerate(_events(reply))
        return [frame(data | {"sequence_number": number}, data["type"]) for number, data in numbered]

    def overloaded(self) -> str:
        error = {"type": "error", "code": "server_is_overloaded", "message": "Overloaded", "param": None}
        return frame(error | {"sequence_number": 99}, "error")

    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        return {"error": {"message": refusal.message, "type": "error", "code": refusal.kind or None}}


def _events(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": _response("in_progress", [])}
    items = []
    for index, part in enumerate(reply.parts):
        begun, deltas, item = _item(index, part)
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
        yield from deltas
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
        items.append(item)
    prompt, written = reply.tokens.input + reply.tokens.cache_read, reply.tokens.output
    usage = {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": reply.tokens.cache_read},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + written,
    }
    yield {"type": "response.completed", "response": _response("completed", items) | {"usage": usage}}


def _response(status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5-mini",
        "status": status,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


Item = tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]


def _item(index: int, part: Text | Call | Thought) -> Item:
    """An item as it begins, what then arrives of it, and the whole."""
    match part:
        case Text(text=text):
            return _text(index, text)
        case Call(tool=tool, arguments=arguments):
            return _call(index, tool, json.dumps(arguments))
        case Thought(text=text, seal=seal):
            return _thought(index, text, seal)


def _text(index: int, text: str) -> Item:
    known = {"id": f"msg_{index}", "type": "message", "role": "assistant"}
    at = {"item_id": known["id"], "output_index": index, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    whole = part | {"text": text}
    deltas: list[dict[str, Any]] = [{"type": "response.content_part.added", "part": part, **at}]
    deltas += [
        {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **at} for piece in pieces(text)
    ]
    deltas += [{"type": "response.content_part.done", "part": whole, **at}]
    begun = known | {"status": "in_progress", "content": []}
    return begun, deltas, known | {"status": "completed", "content": [whole]}


def _call(index: int, tool: str, arguments: str) -> Item:
    known = {"id": f"fc_{index}", "type": "function_call", "call_id": f"call_{index}", "name": tool}
    at = {"item_id": known["id"], "output_index": index}
    deltas: list[dict[str, Any]] = [
        {"type": "response.function_call_arguments.delta", "delta": piece, **at}
        for piece in pieces(arguments)
    ]
    done = {"type": "response.function_call_arguments.done", "arguments": arguments, "name": tool}
    deltas.append(done | at)
    begun = known | {"status": "in_progress", "arguments": ""}
    return begun, deltas, known | {"status": "completed", "arguments": arguments}


def _thought(index: int, text: str, seal: str) -> Item:
    known = {"id": f"rs_{index}", "type": "reasoning"}
    at = {"item_id": known["id"], "output_index": index, "summary_index": 0}
    part = {"type": "summary_text", "text": ""}
    deltas: list[dict[str, Any]] = [{"type": "response.reasoning_summary_part.added", "part": part, **at}]
    deltas += [
        {"type": "response.reasoning_summary_text.delta", "delta": piece, **at} for piece in pieces(text)
    ]
    begun: dict[str, Any] = known | {"summary": []}
    return begun, deltas, known | {"summary": [part | {"text": text}], "encrypted_content": seal}
