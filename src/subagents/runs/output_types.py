"""An output schema that is given as a Python type: the JSON Schema it stands for, and the instance an answer is.

pydantic is imported only for a type that is not one of its classes: whoever hands over a class of it has done so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_origin

from subagents.errors import BadAnswer, InvalidSchema
from subagents.foreign import ForeignFailed, foreign


@dataclass(frozen=True, slots=True)
class OutputType:
    """What an answer is to be. `read` makes an instance of an answer's JSON, and raises `BadAnswer`."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any]


def output_type(asked: object) -> OutputType | None:
    """Of a pydantic model class, a `TypeAdapter`, or what one is made of, such as `list[int]` and `Place | None`; None
    for what may be a schema itself.

    Raises `InvalidSchema` for another class, and for a type that JSON Schema cannot describe.
    """
    if get_origin(asked) is not None:
        adapter = _adapter(asked)
        return _made(repr(asked), adapter.json_schema, adapter.validate_json)
    if isinstance(asked, type):
        if not hasattr(asked, "model_json_schema"):
            raise InvalidSchema(
                f"The output schema cannot be used: {asked.__name__} is no pydantic model; "
                f"give pydantic.TypeAdapter({asked.__name__})."
            )
        return _made(asked.__name__, asked.model_json_schema, asked.model_validate_json)  # type: ignore[attr-defined]
    if hasattr(asked, "json_schema") and hasattr(asked, "validate_json"):
        return _made(repr(asked), asked.json_schema, asked.validate_json)
    return None


def _adapter(asked: Any) -> Any:
    from pydantic import TypeAdapter

    try:
        with foreign():
            return TypeAdapter(asked)
    except ForeignFailed as error:
        raise InvalidSchema(
            f"The output schema cannot be used: {asked!r} is no type for it: {error}"
        ) from error


def _made(
    name: str, schema_of: Callable[[], Mapping[str, Any]], validate: Callable[[str], Any]
) -> OutputType:
    def read(text: str) -> Any:
        try:
            with foreign():
                return validate(text)
        except ForeignFailed as error:
            raise BadAnswer(
                f"The answer fits the JSON Schema of {name}, but {name} refuses it: {error}"
            ) from error.__cause__

    try:
        with foreign():
            return OutputType(schema_of(), read)
    except ForeignFailed as error:
        raise InvalidSchema(
            f"The output schema cannot be used: {name} has no JSON Schema: {error}"
        ) from error.__cause__
