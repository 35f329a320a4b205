"""The words between an owner and who asks it: JSON-RPC 2.0, one message a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from subagents.serve.rpc import json_rpc
from subagents.serve.rpc.json_rpc import INVALID_REQUEST, PARSE_ERROR, Id, id_of

PROTOCOL = 1


class Request(msgspec.Struct, frozen=True):
    """What is asked. Without an `id` it is a notification, and nothing is answered."""

    method: str
    jsonrpc: str = ""
    params: dict[str, Any] = {}
    id: Id | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_notification(self) -> bool:
        return self.id is msgspec.UNSET

    @property
    def answer_to(self) -> Id:
        """The id that the answer carries."""
        return None if isinstance(self.id, msgspec.UnsetType) else self.id


class Fault(Exception):
    """A request that cannot be carried out; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str, kind: str = "", request: Id = None) -> None:
        super().__init__(message)
        self.code, self.message, self.kind, self.request = code, message, kind, request


def read_request(line: bytes) -> Request:
    """Raises `Fault` for anything that is not one, with the request's id where it can be made out."""
    try:
        asked = msgspec.json.decode(line)
    # ValueError: bytes inside of a text that are not UTF-8, and numbers of more digits than Python reads.
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Fault(PARSE_ERROR, f"this is not JSON: {error}") from None
    try:
        request = msgspec.convert(asked, Request)
    except msgspec.ValidationError as error:
        raise Fault(INVALID_REQUEST, f"this is not a request: {error}", request=id_of(asked)) from None
    if request.jsonrpc != "2.0":
        raise Fault(INVALID_REQUEST, "only JSON-RPC 2.0 is spoken here", request=id_of(asked))
    return request


def result(request: Id, value: Any) -> bytes:
    """The answer to a request that was carried out."""
    return _line(json_rpc.result(request, value))


def refusal(request: Id, fault: Fault) -> bytes:
    """The answer to one that was not."""
    return _line(json_rpc.error(request, fault.code, fault.message, fault.kind))


def notification(method: str, params: Mapping[str, Any]) -> bytes:
    """News that nobody asked for at this moment; it gets no answer."""
    return _line(json_rpc.notification(method, dict(params)))


def _line(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message) + b"\n"
