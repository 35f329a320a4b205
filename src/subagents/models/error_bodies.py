"""Errors that a server sends as if they were replies: with status 200, and a body that says what is wrong.

Some proxies do. The libraries look for events in it, find none, and what the server said is lost.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
from pydantic_ai.exceptions import ModelAPIError, ModelServerError

MOST = 1_000_000  # bytes of a body that is looked at


class ErrorBody(httpx2.RemoteProtocolError):
    """What a server said in a reply that is none; to the libraries, a connection that broke."""

    def __init__(self, body: Any) -> None:
        super().__init__("an error with status 200")
        self.body = body


def told(error: ModelAPIError, model: str) -> ModelAPIError:
    """The error, or in its place what the server had said."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ErrorBody):
            return ModelServerError(model, str(cause), body=cause.body)
        cause = cause.__cause__
    return error


async def refuse(response: httpx2.Response) -> None:
    """For the hooks of a client. Raises `ErrorBody` for a reply that is an error."""
    kind = response.headers.get("content-type", "")
    if response.status_code != 200 or not kind.startswith("application/json"):
        return
    body = _parsed(await response.aread())
    if isinstance(body, dict) and body.get("error"):
        raise ErrorBody(body)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content, strict=False) if len(content) <= MOST else None
    except (ValueError, RecursionError):
        return None
