"""The parameters of a request, read one by one: each is what it must be, or a `Fault` names it, its value and what
would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from subagents.serve.rpc.json_rpc import INVALID_PARAMS
from subagents.serve.rpc.wire import Fault
from subagents.texts import quoted

MAX_WAIT = 60.0  # seconds that one question may take

Parameters: TypeAlias = Mapping[str, Any]
Shape = TypeVar("Shape", bound=msgspec.Struct)


def text(params: Parameters, name: str, default: str | None = None) -> str:
    """A text with something in it; without a default it must be there."""
    value = params.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise _bad(name, "a text with something in it", value)
    return value


def any_text(params: Parameters, name: str) -> str:
    """A text, "" where there is none."""
    value = params.get(name)
    if not isinstance(value, str | None):
        raise _bad(name, "a text", value)
    return value or ""


def texts(params: Parameters, name: str) -> list[str]:
    values = params.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _bad(name, "a list of texts", values)
    return values


def named_texts(params: Parameters, name: str) -> Mapping[str, str]:
    """Texts by name; none where there are none."""
    values = params.get(name)
    if values is None:
        return {}
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        raise Fault(INVALID_PARAMS, f"{name!r} must be an object of texts")  # its values may be secret
    return values


def shaped(params: Parameters, name: str, kind: type[Shape]) -> Shape:
    """An object with the fields of a class of facts."""
    try:
        return msgspec.convert(params.get(name), kind)
    except msgspec.ValidationError as error:
        raise Fault(INVALID_PARAMS, f"{name!r} must have the shape of {kind.__name__}: {error}") from error


def flag(params: Parameters, name: str, default: bool) -> bool:
    value = params.get(name, default)
    if not isinstance(value, bool):
        raise _bad(name, "true or false", value)
    return value


def whole(params: Parameters, name: str, low: int, high: int | None = None) -> int:
    """A whole number within the bounds, both included; `low` where there is none."""
    value = params.get(name, low)
    fits = isinstance(value, int) and not isinstance(value, bool) and low <= value
    if not fits or (high is not None and value > high):
        raise _bad(name, f"a whole number from {low}" + ("" if high is None else f" to {high}"), value)
    return int(value)


def seconds(params: Parameters, name: str) -> float:
    """Of a wait, a minute at most: whoever wants to wait for longer asks again. 0 where there are none."""
    value = params.get(name, 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_WAIT:
        raise _bad(name, f"a number from 0 to {MAX_WAIT:g}", value)
    return float(value)


def _bad(name: str, what: str, value: object) -> Fault:
    return Fault(INVALID_PARAMS, f"{name!r} must be {what}, not {quoted(value)}")
