"""Chat completions, as OpenAI and everybody compatible writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.server.dialect import frame, pieces
from tests.wire.server.script import Call, Refusal, Reply, Text, Thought


class OpenAIChat:
    def frames(self, reply: Reply) -> list[str]:
        chunks = [_chunk([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in _deltas(reply)]
        why = "tool_calls" if any(isinstance(part, Call) for part in reply.parts) else "stop"
        chunks.append(_chunk([{"index": 0, "delta": {}, "finish_reason": why}]))
        chunks.append(_chunk([], usage=_usage(reply)))
        return [*map(frame, chunks), frame("[DONE]")]

    def overloaded(self) -> str:
        error = {"message": "Overloaded", "type": "server_error", "code": "server_is_overloaded"}
        return frame({"error": error})

    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        return {"error": {"message": refusal.message, "type": "error", "code": refusal.kind or None}}


def _chunk(choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    known = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini"}
    return known | {"choices": choices} | more


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    called = 0
    for part in reply.parts:
        match part:
            case Text(text=text):
                yield from ({"content": piece} for piece in pieces(text))
            case Thought(text=text):
                yield from ({"reasoning_content": piece} for piece in pieces(text))
            case Call(tool=tool, arguments=arguments):
                function = {"name": tool, "arguments": ""}
                call = {"index": called, "id": f"call_{called}", "type": "function", "function": function}
                yield {"tool_calls": [call]}
                for piece in pieces(json.dumps(arguments)):
                    yield {"tool_calls": [{"index": called, "function": {"arguments": piece}}]}
                called += 1


def _usage(reply: Reply) -> dict[str, Any]:
    prompt = reply.tokens.input + reply.tokens.cache_read
    return {
        "prompt_tokens": prompt,
        "completion_tokens": reply.tokens.output,
        "total_tokens": prompt + reply.tokens.output,
        "prompt_tokens_details": {"cached_tokens": reply.tokens.cache_read},
    }
