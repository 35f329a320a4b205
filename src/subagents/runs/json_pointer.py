"""One part of a structured answer, named by a JSON Pointer (RFC 6901)."""

from __future__ import annotations

import re
from typing import Any

from subagents.errors import BadAnswer
from subagents.texts import quoted

MAX_NAMED = 10  # members that a refusal names
MAX_SHOWN = 60  # characters of a pointer that it repeats

_INDEX = re.compile(r"0|[1-9][0-9]*")


def part_of(value: Any, pointer: str) -> Any:
    """The part that `pointer` names, `/places/0/name`; "" is the whole value.

    Raises `BadAnswer`, which says as far as which place the answer goes and what there is.
    """
    if pointer and not pointer.startswith("/"):
        raise BadAnswer(
            f"{quoted(pointer)} is no JSON Pointer: it begins with a slash, /{pointer[:MAX_SHOWN]} for "
            "example."
        )
    here = ""
    for token in pointer.split("/")[1:]:
        value = _member(value, token.replace("~1", "/").replace("~0", "~"), pointer, here)
        here += f"/{token}"
    return value


def _member(value: Any, name: str, pointer: str, here: str) -> Any:
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
        return value[int(name)]
    where = quoted(here) if here else "the whole of it"
    raise BadAnswer(f"The answer has nothing at {quoted(pointer)}: {where} is {_described(value)}.")


def _described(value: Any) -> str:
    match value:
        case dict():
            names = [*value]
            more = ", …" if len(names) > MAX_NAMED else ""
            return f"an object with {', '.join(names[:MAX_NAMED])}{more}" if names else "an empty object"
        case list():
            return f"a list of {len(value)}, counted from 0"
        case None:
            return "null"
        case _:
            return f"a {'text' if isinstance(value, str) else 'single value'}"
