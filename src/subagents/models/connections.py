"""The HTTP client below a model of the library, and what is asked of each reply that comes over it."""

from __future__ import annotations

from typing import Any

import httpx2
from pydantic_ai.models import Model

from subagents.models import error_bodies, open_replies

#: In this order.
HOOKS = (open_replies.note, error_bodies.refuse)


def watch(model: Model[Any]) -> None:
    """Has them asked. Called before each request: a library may make its client anew."""
    client = _client(model)
    hooks = client.event_hooks["response"] if client is not None else None
    if hooks is not None:
        hooks += [hook for hook in HOOKS if hook not in hooks]


def _client(model: Model[Any]) -> httpx2.AsyncClient | None:
    """Where Anthropic's and OpenAI's SDKs keep it, and Google's."""
    sdk = getattr(model, "client", None)
    inner = getattr(sdk, "_client", None) or getattr(
        getattr(sdk, "_api_client", None), "_async_httpx_client", None
    )
    return inner if isinstance(inner, httpx2.AsyncClient) else None
