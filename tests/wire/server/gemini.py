"""`streamGenerateContent` of Gemini."""

from __future__ import annotations

import base64
from typing import Any

from tests.wire.server.dialect import frame, pieces
from tests.wire.server.script import Call, Refusal, Reply, Text, Thought

STATES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


class Gemini:
    def frames(self, reply: Reply) -> list[str]:
        parts = [each for part in reply.parts for each in _parts(part)]
        chunks = [_chunk([part]) for part in parts]
        ending = _chunk([{"text": ""}]) | {"usageMetadata": _usage(reply)}
        ending["candidates"][0]["finishReason"] = "STOP"
        return [frame(chunk) for chunk in [*chunks, ending]]

    def overloaded(self) -> str:
        return frame({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})

    def refusal(self, refusal: Refusal) -> dict[str, Any]:
        status = refusal.kind or STATES.get(refusal.status, "INTERNAL")
        return {"error": {"code": refusal.status, "message": refusal.message, "status": status}}


def _parts(part: Text | Call | Thought) -> list[dict[str, Any]]:
    match part:
        case Text(text=text):
            return [{"text": piece} for piece in pieces(text)]
        case Call(tool=tool, arguments=arguments):
            return [{"functionCall": {"name": tool, "args": dict(arguments)}}]
        case Thought(text=text, seal=seal):
            sealed = base64.b64encode(seal.encode()).decode()
            return [{"text": text, "thought": True, "thoughtSignature": sealed}]


def _chunk(parts: list[dict[str, Any]]) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r1"}


def _usage(reply: Reply) -> dict[str, Any]:
    prompt = reply.tokens.input + reply.tokens.cache_read
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": reply.tokens.output,
        "totalTokenCount": prompt + reply.tokens.output,
        "cachedContentTokenCount": reply.tokens.cache_read,
    }
