"""An output schema that is given as a pydantic class: the JSON Schema it stands for, and the instance an answer is.

pydantic is not imported here: whoever hands over a class of it has done so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from subagents.errors import BadAnswer, InvalidSchema


@dataclass(frozen=True, slots=True)
class OutputType:
    """What an answer is to be. `read` makes an instance of an answer's JSON, and raises `BadAnswer`."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any]


def output_type(asked: object) -> OutputType | None:
    """Of a pydantic model class or `TypeAdapter`; None for what may be a schema itself.

    Raises `InvalidSchema` for another class, and for one that JSON Schema cannot describe.
    """
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


def _made(
    name: str, schema_of: Callable[[], Mapping[str, Any]], validate: Callable[[str], Any]
) -> OutputType:
    def read(text: str) -> Any:
        try:
            return validate(text)
        except ValueError as error:  # pydantic's ValidationError is one
            raise BadAnswer(
                f"The answer fits the JSON Schema of {name}, but {name} refuses it: {error}"
            ) from error

    try:
        return OutputType(schema_of(), read)
    except (NameError, RuntimeError, TypeError, ValueError) as error:  # pydantic's own errors are these
        said = str(error).partition("\n")[0]
        raise InvalidSchema(f"The output schema cannot be used: {name} has no JSON Schema: {said}") from error
