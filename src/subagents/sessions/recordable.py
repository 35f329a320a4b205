"""What can be recorded: a fact that can be read again. Looked at before anything follows from it."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from subagents.events import Event, decode, encode

_Fact = TypeVar("_Fact", bound=Event)


def recordable(event: _Fact) -> _Fact:
    """The fact itself; with question marks for half character pairs in its texts, which UTF-8 cannot hold.

    Those come from file names and from models, and must not cost a run its ending. Raises `ValueError` for
    anything else that would not come back: a value that is not JSON, a number that is none.
    """
    try:
        payload = encode(event)
    except UnicodeEncodeError:
        return msgspec.convert(_mended(msgspec.to_builtins(event)), type(event))
    except (TypeError, OverflowError, msgspec.EncodeError) as error:
        raise ValueError(f"a {type(event).__name__} that cannot be written: {error}") from error
    try:
        decode(type(event).__name__, payload)
    except msgspec.MsgspecError as error:
        raise ValueError(f"a {type(event).__name__} that could not be read again: {error}") from error
    return event


def mended(text: str) -> str:
    """The text with half character pairs written as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _mended(value: Any) -> Any:
    match value:
        case str():
            return mended(value)
        case dict():
            return {_mended(name): _mended(one) for name, one in value.items()}
        case list() | tuple():
            return [_mended(one) for one in value]
        case _:
            return value
