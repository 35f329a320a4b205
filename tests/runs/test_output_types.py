"""Output schemas given as pydantic classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, field_validator

from subagents.errors import BadAnswer, InvalidSchema
from subagents.runs.output_schema import judge, parse_schema
from subagents.runs.output_types import output_type


class Place(BaseModel):
    path: str
    line: int = Field(ge=1)


class Places(BaseModel):
    files: list[Place]
    nearest: Place | None = None

    @field_validator("files")
    @classmethod
    def at_least_one(cls, files: list[Place]) -> list[Place]:
        assert files, "name at least one"
        return files


@dataclass
class Plain:
    path: str


class Calling(BaseModel):
    call: Callable[[], int]


@pytest.mark.parametrize("asked", [{"type": "object"}, '{"type": "object"}', "", None])
def test_a_schema_is_left_as_it_is(asked: Any):
    assert output_type(asked) is None


def test_a_model_class_gives_its_schema_and_reads_what_fits_it():
    kind = output_type(Places)
    assert kind is not None
    schema = parse_schema(kind.schema)
    assert schema is not None

    verdict = judge('{"files": [{"path": "a.py", "line": 3}]}', schema)
    assert verdict.structured is not None
    assert kind.read(verdict.structured) == Places(files=[Place(path="a.py", line=3)])
    assert judge('{"files": [{"path": "a.py", "line": 0}]}', schema).problems == (
        "/files/0/line: 0 is less than the minimum of 1",
    )


def test_a_rule_that_no_schema_says_is_told_in_words():
    kind = output_type(Places)
    assert kind is not None
    with pytest.raises(BadAnswer, match=r"Places refuses it: (?s:.)*name at least one"):
        kind.read('{"files": []}')


def test_an_adapter_will_do_for_every_other_type():
    kind = output_type(TypeAdapter(list[Plain]))
    assert kind is not None
    assert kind.schema["type"] == "array"
    assert kind.read('[{"path": "a.py"}]') == [Plain("a.py")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Plain, "Plain is no pydantic model; give pydantic.TypeAdapter(Plain)."),
        (dict, "dict is no pydantic model"),
        (Calling, "Calling has no JSON Schema: "),
    ],
)
def test_what_json_schema_cannot_describe_is_refused_before_anything_begins(asked: type, said: str):
    with pytest.raises(InvalidSchema) as caught:
        output_type(asked)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "text", "value"),
    [
        (list[int], "[1]", [1]),
        (Place | None, "null", None),
        (Literal["yes", "no"], '"no"', "no"),
        (Annotated[int, Field(ge=1)], "2", 2),
        (dict[int, Plain], '{"1": {"path": "a.py"}}', {1: Plain("a.py")}),
    ],
)
def test_what_an_adapter_is_made_of_will_do_as_well(asked: Any, text: str, value: Any):
    kind = output_type(asked)
    assert kind is not None
    assert parse_schema(kind.schema) is not None
    assert kind.read(text) == value


class Raising(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def divides(cls, number: int) -> float:
        return 1 / number


class Schemaless(BaseModel):
    @classmethod
    def model_json_schema(cls, *_arguments: Any, **_named: Any) -> dict[str, Any]:
        raise KeyError("boom")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (BaseModel, "BaseModel has no JSON Schema: AttributeError: "),
        (Schemaless, "Schemaless has no JSON Schema: KeyError: 'boom'"),
        (list["Nowhere"], "cannot be used: "),  # type: ignore[name-defined] # noqa: F821
        (Callable[[], int] | None, "has no JSON Schema: "),
    ],
)
def test_whatever_a_type_raises_is_told_as_a_schema_that_cannot_be(asked: Any, said: str):
    with pytest.raises(InvalidSchema) as caught:
        output_type(asked)
    assert said in str(caught.value)


def test_whatever_a_rule_of_a_class_raises_is_told_as_an_answer_that_cannot_be():
    kind = output_type(Raising)
    assert kind is not None
    with pytest.raises(BadAnswer, match="Raising refuses it: ZeroDivisionError: division by zero"):
        kind.read('{"number": 0}')


@pytest.mark.parametrize("asked", [3, [1], object()])
def test_what_is_no_schema_at_all_is_refused(asked: Any):
    with pytest.raises(InvalidSchema, match="give an object, or its JSON text"):
        parse_schema(asked)
