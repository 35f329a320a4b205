"""Whether an answer is what an output schema asks for. Who asks, and what follows from a no, is not known here.

The library for JSON Schema is loaded when the first schema is in play (75 ms).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from subagents.errors import InvalidSchema
from subagents.events import OutputFault
from subagents.runs import json_text
from subagents.runs.json_text import NotJson

if TYPE_CHECKING:
    from jsonschema import ValidationError

MAX_SCHEMA = 100_000  # characters as JSON
MAX_DEPTH = 50
MAX_PROBLEMS = 20
SHORT = 1_000  # characters of an answer's JSON that no usable schema takes too many steps for

TOO_COSTLY = (
    "it cannot be checked, because this schema takes too many steps even for a short answer: its references multiply, "
    "or refer to themselves; give a simpler one"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is under a schema: its value as JSON, or what is wrong with it, at most 20 things. Where not even
    a short answer can be checked against the schema, it is not `checkable`, and no other answer would fare better."""

    structured: str | None
    found: tuple[OutputFault, ...] = ()
    checkable: bool = True

    @property
    def fits(self) -> bool:
        return not self.found

    @property
    def problems(self) -> tuple[str, ...]:
        """As sentences; none when the answer fits."""
        return tuple(str(problem) for problem in self.found)


def parse_schema(asked: Mapping[str, Any] | str) -> dict[str, Any] | None:
    """The schema that was asked for, as an object or as its JSON text; None for "", which asks for free text.

    Raises `InvalidSchema` with what is wrong, before anything was begun.
    """
    if isinstance(asked, str) and not asked.strip():
        return None
    if not isinstance(asked, str | Mapping):
        raise _invalid(f"it is {asked!r}; give an object, or its JSON text")
    text = asked if isinstance(asked, str) else _as_json(asked)
    if len(text) > MAX_SCHEMA:
        raise _invalid(f"it is longer than {MAX_SCHEMA:,} characters")
    try:
        schema = json_text.loads(text, depth=MAX_DEPTH)
    except NotJson as error:
        raise _invalid(str(error)) from None
    if not isinstance(schema, dict):
        raise _invalid('it must be an object, such as {"type": "object"}')
    _check(json.dumps(schema))
    return schema


def extract(text: str, schema: Mapping[str, Any] | None = None) -> Any:
    """The JSON value that an answer is or ends with, preferably of the schema's type. Raises `NotJson`."""
    return json_text.last_value(text, _types(schema or {}))


def judge(text: str, schema: Mapping[str, Any], *, assert_format: bool = False) -> Judgement:
    """Whether the answer fits a schema that `parse_schema` let pass. Linear in the answer, bounded, never waits.

    `format` is a hint unless `assert_format` makes it a rule.
    """
    from subagents.runs import json_schema
    from subagents.runs.json_keywords import TooMuch

    value: Any = None
    try:
        value = extract(text, schema)
        errors = json_schema.errors(schema, value, MAX_PROBLEMS, assert_format=assert_format)
    except TooMuch as error:
        costly = len(json.dumps(value)) <= SHORT
        said = TOO_COSTLY if costly else str(error)
        return Judgement(None, (OutputFault("", said),), checkable=not costly)
    except NotJson as error:
        return Judgement(None, (OutputFault("", str(error)),))
    if not errors:
        return Judgement(json.dumps(value, ensure_ascii=False))
    return Judgement(None, tuple(_problem(error) for error in errors))


def problems(text: str, schema: Mapping[str, Any]) -> list[OutputFault]:
    """What is wrong with an answer, at most 20 things; none when it fits."""
    return list(judge(text, schema).found)


def correction(faults: Sequence[OutputFault], left: int) -> str:
    """What an agent is told whose answer does not fit, when it may answer again: `left` times, this one included."""
    wrong = "\n".join(f"- {fault}" for fault in faults)
    last = "This is the last time." if left == 1 else f"You can answer {left} more times."
    return (
        f"Your answer does not fit the JSON Schema that was asked for:\n{wrong}\n\n"
        f"Answer again, with one JSON value that fits and nothing else: no fence around it, no words before or after "
        f"it.\n{last}"
    )


def _problem(error: ValidationError) -> OutputFault:
    from subagents.runs.json_schema import pointer, shortened

    return OutputFault(
        pointer(error.absolute_path), shortened(error.message), pointer(error.absolute_schema_path)
    )


def _types(schema: Mapping[str, Any]) -> Set[str]:
    """The JSON types that the top of a schema allows by name; none when it does not say."""
    match schema.get("type"):
        case str(name):
            return {name}
        case list(names):
            return {name for name in names if isinstance(name, str)}
        case _:
            return frozenset()


def _as_json(schema: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(schema), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise _invalid(f"it is not JSON: {error}") from None


# Checking a schema takes milliseconds, and the same few are asked for again and again.
@lru_cache(maxsize=64)
def _check(text: str) -> None:
    from subagents.runs import json_schema

    try:
        json_schema.check(json.loads(text))
    except (json_schema.BadSchema, RecursionError) as error:
        raise _invalid(str(error)) from None


def _invalid(reason: str) -> InvalidSchema:
    return InvalidSchema(f"The output schema cannot be used: {reason}.")
