"""The words of JSON-RPC 2.0 that every end here has in common: codes, ids, messages. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

MAX_LINE = 1_048_576  # bytes of one message between an owner and who asks it

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR = -32603
REFUSED = -32000  # the request was understood; `message` is the sentence why it was not done

Id: TypeAlias = str | int | None


def request(identity: Id, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be answered under this id."""
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def notification(method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What gets no answer; it has no `params` where None are given."""
    message = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def result(identity: Id, value: Any) -> dict[str, Any]:
    """The answer to a request that was carried out."""
    return {"jsonrpc": "2.0", "id": identity, "result": value}


def error(identity: Id, code: int, message: str, kind: str = "") -> dict[str, Any]:
    """The answer to one that was not; `kind` names the error for programs, "" where it has no name."""
    why: dict[str, Any] = {"code": code, "message": message}
    if kind:
        why["data"] = {"kind": kind}
    return {"jsonrpc": "2.0", "id": identity, "error": why}


def id_of(message: object) -> Id:
    """The id that an answer to the message carries; None where it has none that can be used."""
    found = message.get("id") if isinstance(message, Mapping) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
