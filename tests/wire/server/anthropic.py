"""The Messages API of Anthropic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.wire.server.dialect import frame, pieces
from tests.wire.server.script import Call, Refusal, Reply, Text, Thought, Tokens

KINDS = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 500: "api_error"}


_NUMBERS = count(1)


class Anthropic:
    def frames(self, reply: Reply) -> list[str]:
        return [frame(data, data["type"]) for data in _events(reply)]

    def overloaded(self) -> str:
        error = {"type": "overloaded_error", "message": "Overloaded"}
        return frame({"type": "error", "error": error}, "error")

    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        kind = refusal.kind or KINDS.get(refusal.status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}


def _events(reply: Reply) -> Iterator[dict[str, Any]]:
    # Programs put the messages of one id together, and the results of a call's.
    number = next(_NUMBERS)
    yield {"type": "message_start", "message": _message(number, reply.tokens)}
    for index, part in enumerate(reply.parts):
        block, deltas = _block(f"{number}_{index}", part)
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    why = "tool_use" if any(isinstance(part, Call) for part in reply.parts) else "end_turn"
    delta = {"stop_reason": why, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": reply.tokens.output}}
    yield {"type": "message_stop"}


def _message(number: int, tokens: Tokens) -> dict[str, Any]:
    usage = {
        "input_tokens": tokens.input,
        "output_tokens": 1,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_write,
    }
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _block(place: str, part: Text | Call | Thought) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": p} for p in pieces(text)]
        case Call(tool=tool, arguments=arguments):
            block = {"type": "tool_use", "id": f"toolu_{place}", "name": tool, "input": {}}
            written = pieces(json.dumps(arguments))
            return block, [{"type": "input_json_delta", "partial_json": p} for p in written]
        case Thought(text=text, seal=seal):
            deltas = [{"type": "thinking_delta", "thinking": p} for p in pieces(text)]
            deltas.append({"type": "signature_delta", "signature": seal})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
