"""A line to a JSON-RPC message, or to the answer that says what is wrong with it; and messages to lines.

Knows nothing of MCP. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subagents.serve.rpc.json_rpc import INVALID_REQUEST, PARSE_ERROR, Id, error, id_of, result
from subagents.serve.rpc.too_long import TooLong

MAX_LINE = 64 * 1024 * 1024 + 1024  # bytes; a message of 64 MB and what is around it

Message = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A line that is no message; `answer` is what its sender is told."""

    answer: bytes


def read(line: bytes | TooLong) -> Message | list[Any] | Fault:
    """A message, a batch of what may be messages, or a `Fault`. A message has a method, or is an answer."""
    if isinstance(line, TooLong):
        return _fault(PARSE_ERROR, f"a message may have {MAX_LINE:,} bytes at most", line.request)
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError) as why:
        return _fault(PARSE_ERROR, f"this is not JSON: {why}")
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        return _fault(INVALID_REQUEST, "a message is a JSON object")
    if is_answer(found) or isinstance(found.get("method"), str):
        return found
    return _fault(INVALID_REQUEST, "this is neither a request nor an answer", id_of(found))


def is_answer(message: Mapping[str, Any]) -> bool:
    return "method" not in message and "id" in message and ("result" in message or "error" in message)


def is_request(message: Mapping[str, Any]) -> bool:
    """Whether it can be answered: what else has a method is a notification."""
    return isinstance(message.get("method"), str) and id_of(message) is not None


def key_of(identity: object) -> str:
    """The id in a form that tells 1 and "1" apart."""
    return json.dumps(identity)


def line_of(message: Mapping[str, Any]) -> bytes:
    # ASCII: half a surrogate pair, which JSON may name, is no UTF-8.
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def result_line(identity: Id, value: Mapping[str, Any]) -> bytes:
    return line_of(result(identity, value))


def error_line(identity: Id, code: int, message: str) -> bytes:
    return line_of(error(identity, code, message))


def _fault(code: int, message: str, identity: Id = None) -> Fault:
    return Fault(error_line(identity, code, message))
