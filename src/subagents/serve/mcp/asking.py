"""Who asks: what a request of the SDK tells of its client, its thread and its place among others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp_types import INVALID_PARAMS, ProgressToken
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from subagents.serve.mcp.conversations import Client
from subagents.serve.mcp.riding import Ride

#: Where a request over HTTP keeps its ride: a key of its ASGI scope.
RIDE = "subagents.ride"
RESOURCE_NOT_FOUND = -32002  # of the protocol before 2026-07-28, which says "invalid parameters"

Asking = ServerRequestContext[Any, Any]


def client_of(asking: Asking) -> Client:
    """The client as it called itself in its handshake, or in the request's envelope."""
    told = asking.session.client_params
    return Client(told.client_info.name, told.client_info.version) if told is not None else Client()


def thread_of(asking: Asking) -> str:
    """The conversation that the client says the request belongs to (Codex does); "" where it says nothing."""
    thread = _meta(asking).get("threadId")
    return thread if isinstance(thread, str) else ""


def progress_token_of(asking: Asking) -> ProgressToken | None:
    """What the client wants to be told of progress by; None where it does not want to."""
    return progress_token_from_params(asking.params)


def ride_of(asking: Asking) -> Ride | None:
    """What carries notices with the answer; None for a notification, and where nobody watches what is written."""
    if isinstance(asking.request, Ride):
        return asking.request
    scope = getattr(asking.request, "scope", None)
    return scope.get(RIDE) if isinstance(scope, dict) else None


def connection_of(asking: Asking) -> str:
    """What tells the connections of one client apart: the session's id over HTTP, "" on a line of its own."""
    headers = getattr(asking.request, "headers", None)
    return headers.get("mcp-session-id", "") if headers is not None else ""


def is_modern(asking: Asking) -> bool:
    """Whether the request is of the era without handshakes."""
    return asking.protocol_version in MODERN_PROTOCOL_VERSIONS


def not_found_code(asking: Asking) -> int:
    """How an unknown resource is refused in the request's era."""
    return INVALID_PARAMS if is_modern(asking) else RESOURCE_NOT_FOUND


def _meta(asking: Asking) -> Mapping[str, Any]:
    meta = (asking.params or {}).get("_meta")
    return meta if isinstance(meta, Mapping) else {}
