"""What an error of a provider means: whether asking again may help, and how a person is told. Nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)

from subagents.language import _
from subagents.models.addresses import KEYS
from subagents.models.secrets import veiled

TRANSIENT = frozenset({408, 429})  # and everything from 500 up
MAX_DETAIL = 300  # characters of what a provider said that a sentence repeats


def may_pass(error: ModelAPIError) -> bool:
    """Whether the same request may be answered later: a rate limit, an overload, a failure of the server or of the
    connection. What the provider itself says about asking again counts more than the status."""
    if isinstance(error, ModelQuotaExceededError | ModelRequestRejectedError):
        return False
    if isinstance(error, ModelHTTPError):
        said = error.provider_retry_hint
        return said if said is not None else error.status_code in TRANSIENT or error.status_code >= 500
    return True  # the connection, a time limit, or a stream that broke off with an error of no known kind


def what_happened(error: ModelAPIError, name: str) -> str:
    """The end of "The model … could not answer: ", with what may help. `name` is the model's exact name."""
    what, advice = _kind(error, name)
    said = detail(error)
    status = f"HTTP {error.status_code}" if isinstance(error, ModelHTTPError) else ""
    inside = ": ".join(part for part in (status, said) if part)
    return f"{what} ({inside})" + (f"; {advice}" if advice else "") if inside else what


def _kind(error: ModelAPIError, name: str) -> tuple[str, str]:
    """What happened, and what the reader can do about it, if anything."""
    keys = _(" or ").join(KEYS.get(name.partition(":")[0], ()))
    match error:
        case ModelAuthenticationError() if keys:
            return _("its provider refused the key"), _("check {keys}").format(keys=keys)
        case ModelAuthenticationError():
            return _("its provider refused the key"), ""
        case ModelContextWindowExceededError():
            return _("the conversation is longer than it can read"), _(
                "begin a new run that needs less, or take a model that reads more"
            )
        case ModelNotFoundError():
            return _("its provider knows no such model or address"), ""
        case ModelQuotaExceededError():
            return _("the account with its provider has nothing left"), ""
        case ModelRequestRejectedError():
            return _("its provider refused the request"), ""
        case ModelRateLimitError():
            return _("too many requests"), ""
        case ModelOverloadedError():
            return _("its provider is overloaded"), ""
        case ModelUnavailableError() | ModelServerError():
            return _("its provider failed"), ""
        case ModelTimeoutError() | ModelRequestTimeout():
            return _("its provider took too long"), ""
        case ModelConnectionError(phase="connect" | "pool"):
            return _("its provider cannot be reached"), ""
        case ModelConnectionError():
            return _("the connection to its provider broke"), ""
        case ModelHTTPError(status_code=status):
            return _of_status(status), ""
        case _:
            return _("its provider failed"), ""


def _of_status(status: int) -> str:
    match status:
        case 408:
            return _("its provider took too long")
        case 429:
            return _("too many requests")
        case 529:
            return _("its provider is overloaded")
        case _:
            return _("its provider failed") if status >= 500 else _("its provider refused the request")


def detail(error: ModelAPIError) -> str:
    """What the provider said, in one bounded line without our keys; "" when it said nothing of use."""
    text = _message(error.body)
    if not text and not isinstance(error, ModelHTTPError):
        text = error.message
    line = " ".join(veiled(text).split()).rstrip(".")
    return line if len(line) <= MAX_DETAIL else f"{line[:MAX_DETAIL]}…"


def _message(body: Any) -> str:
    """The message in an error's body, wherever its provider puts it: {error: {message}}, {message}, [..], or text."""
    match body:
        case str():
            return body
        case [first, *_rest]:
            return _message(first)
        case Mapping():
            inner = next((body[key] for key in ("error", "message", "detail") if body.get(key)), "")
            return _message(inner)
        case _:
            return ""
