"""An output schema is filled from what was found and from nothing else, or the answer says that it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator
from tests.models.conftest import AskOf

from subagents.models.offline.files import FileKind
from subagents.models.offline.findings import Finding
from subagents.models.offline.output_request import requested_schema
from subagents.models.offline.schema_filling import fill as filling
from subagents.models.offline.schema_limits import Unfillable

pytestmark = pytest.mark.anyio

CLIENT = Finding(
    path="src/client.py",
    line=12,
    name="retry",
    title="def retry(self) -> None",
    excerpt=((12, "    def retry(self) -> None:"), (13, "        self.send()")),
    words=("retries", "handled"),
    seen=("retries", "handled"),
    kind=FileKind.CODE,
    share=1.0,
    also=(40,),
    defines=True,
)
TESTS = Finding(
    path="tests/test_client.py",
    line=3,
    name=None,
    title="",
    excerpt=((3, "retry()"),),
    words=("retries",),
    seen=("retries",),
    kind=FileKind.TEST,
    share=0.61,
)


def fill(schema: dict[str, Any], *found: Finding) -> Any:
    value = filling(schema, "Where are retries handled?", found)
    Draft202012Validator(schema).validate(value)
    return value


def filled(schema: dict[str, Any]) -> Any:
    return fill(schema, CLIENT, TESTS)


def places(**more: Any) -> dict[str, Any]:
    """A list of places."""
    properties = {"path": {"type": "string"}, "line": {"type": "integer"}}
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": ["path", "line"]},
    } | more


INSTRUCTIONS = """You search.

**Your final answer must be** one JSON value that fits this JSON Schema:

```json
{schema}
```

No prose."""


async def test_a_whole_run_ends_with_json_that_fits(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    schema = {
        "type": "object",
        "required": ["question", "places"],
        "additionalProperties": False,
        "properties": {
            "question": {"type": "string"},
            "places": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/place"},
            },
            "found": {"type": "boolean"},
            "advice": {"type": "string"},
        },
        "$defs": {
            "place": {
                "type": "object",
                "required": ["file", "line", "reason"],
                "properties": {
                    "file": {"type": "string"},
                    "line": {"type": "integer", "minimum": 1},
                    "reason": {"type": "string", "maxLength": 60},
                    "symbol": {"type": ["string", "null"]},
                    "confidence": {"enum": ["high", "medium", "low"]},
                },
            }
        },
    }
    root = repository({"client.py": "def retry() -> None:\n    '''Tries again.'''\n"})
    agent = agent_in(root, instructions=INSTRUCTIONS.format(schema=json.dumps(schema)).replace("**", ""))

    answer = (await agent.run("Where is retry defined?")).output

    assert answer == snapshot("""\
{
  "question": "Where is retry defined?",
  "places": [
    {
      "file": "client.py",
      "line": 1,
      "reason": "Defines `retry`, with: retry.",
      "symbol": "retry",
      "confidence": "high"
    }
  ],
  "found": true
}\
""")
    Draft202012Validator(schema).validate(json.loads(answer))


async def test_what_cannot_be_filled_is_said_and_not_made_up(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    schema = {"type": "object", "required": ["price"], "properties": {"price": {"type": "number"}}}
    root = repository({"client.py": "def retry() -> None: ...\n"})
    agent = agent_in(root, instructions=INSTRUCTIONS.format(schema=json.dumps(schema)).replace("**", ""))

    assert (await agent.run("Where is retry defined?")).output == snapshot(
        "offline (no language model): the output schema cannot be filled from what was found: nothing "
        "that was found is a number for `price`. Nothing was made up; it takes a language model."
    )


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "`retry` (src/client.py:12) fits the words of the question best."),
        ({"type": "boolean"}, True),
        (places(), [{"path": "src/client.py", "line": 12}, {"path": "tests/test_client.py", "line": 3}]),
        (places(maxItems=1), [{"path": "src/client.py", "line": 12}]),
        ({"type": "array", "items": {"type": "string"}}, ["src/client.py:12", "tests/test_client.py:3"]),
        ({"properties": {"files": {"type": "array", "items": {"type": "string"}}}},
         {"files": ["src/client.py", "tests/test_client.py"]}),
        ({"properties": {"test_files": {"type": "array", "items": {"type": "string"}}}},
         {"test_files": ["tests/test_client.py"]}),
        ({"properties": {"tests": places()}}, {"tests": [{"path": "tests/test_client.py", "line": 3}]}),
        ({"properties": {"location": {"type": "string"}}}, {"location": "src/client.py:12"}),
        ({"properties": {"file_path": {"type": "string"}, "line_number": {"type": "integer"}}},
         {"file_path": "src/client.py", "line_number": 12}),
        ({"properties": {"startLine": {"type": "integer"}, "endLine": {"type": "integer"}}},
         {"startLine": 12, "endLine": 13}),
        ({"properties": {"snippet": {"type": "string"}}},
         {"snippet": "    def retry(self) -> None:\n        self.send()"}),
        ({"properties": {"function_name": {"type": "string"}}}, {"function_name": "retry"}),
        ({"properties": {"summary": {"type": "string"}}},
         {"summary": "`retry` (src/client.py:12) fits the words of the question best."}),
        ({"properties": {"total": {"type": "integer"}}}, {"total": 2}),
        ({"properties": {"confidence": {"type": "number"}}}, {"confidence": 1.0}),
        ({"properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}}}, {"score": 5}),
        ({"properties": {"kind": {"enum": ["test", "code"]}}}, {"kind": "code"}),
        ({"properties": {"version": {"const": 2}}}, {"version": 2}),
        ({"properties": {"keywords": {"type": "array", "items": {"type": "string"}}}},
         {"keywords": ["retries", "handled"]}),
        ({"properties": {"path": {"anyOf": [{"type": "null"}, {"type": "string"}]}}}, {"path": "src/client.py"}),
        ({"properties": {"path": {"type": "string", "pattern": r"^tests/"}}}, {}),
        ({"properties": {"path": {"type": "string", "pattern": r"\.py$"}}}, {"path": "src/client.py"}),
        ({"properties": {"path": {"type": "string", "format": "uri"}}}, {}),
        ({"properties": {"answer": {"type": "string", "maxLength": 10}}}, {"answer": "`retry` (…"}),
        ({"properties": {"best": {"properties": {"path": {"type": "string"}}}}}, {"best": {"path": "src/client.py"}}),
        ({"properties": {"path": {"type": "string"}, "inner": {"type": "array", "items": {"$ref": "#"}}}},
         {"path": "src/client.py", "inner": [{"path": "src/client.py", "inner": []},
                                             {"path": "tests/test_client.py", "inner": []}]}),
        ({"allOf": [{"properties": {"path": {"type": "string"}}, "required": ["path"]}], "type": "object"},
         {"path": "src/client.py"}),
        ({"properties": {"open_questions": {"type": "array", "items": {"type": "string"}}}}, {"open_questions": []}),
        ({"properties": {"price": {"type": "number"}, "path": {"type": "string"}}}, {"path": "src/client.py"}),
    ],
)  # fmt: skip
def test_names_of_properties_say_what_goes_where(schema: dict[str, Any], value: Any):
    assert filled(schema) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["price"]},
        {"type": "object", "required": ["price"], "properties": {"price": {"type": "number"}}},
        {"type": "object", "required": ["risks"], "properties": {"risks": {"type": "array", "minItems": 1}}},
        places(minItems=3),
        {
            "type": "object",
            "required": ["severity"],
            "properties": {"severity": {"enum": ["major", "minor"]}},
        },
        {
            "type": "object",
            "required": ["date"],
            "properties": {"date": {"type": "string", "format": "date"}},
        },
        {"type": "object", "required": ["is_safe"], "properties": {"is_safe": {"type": "boolean"}}},
        {"type": "object", "required": ["x"], "properties": {"x": False}},
        {"$ref": "#"},
        {"type": "integer"},
    ],
)
def test_what_is_required_and_was_not_found_is_not_made_up(schema: dict[str, Any]):
    with pytest.raises(Unfillable):
        filled(schema)


def test_without_findings_lists_are_empty_and_nothing_is_claimed():
    schema = {"properties": {"places": places(), "found": {"type": "boolean"}, "path": {"type": "string"}}}
    assert fill(schema) == {"places": [], "found": False}


NAMES = st.sampled_from(
    ["path", "line", "reason", "places", "score", "found", "name", "count", "price", "tests"]
)
SCALARS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"maxLength": st.integers(0, 40), "minLength": st.integers(0, 30)},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-5, 20), "maximum": st.integers(0, 50)},
    ),
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"]}),
    st.just({"enum": ["code", "test", "unknown"]}),
    st.just({}),
)


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, inner, max_size=4).flatmap(
        lambda properties: st.lists(st.sampled_from([*properties, "path"]), unique=True, max_size=3).map(
            lambda required: {"type": "object", "properties": properties, "required": required}
        )
    )


SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        _objects(inner),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={
                "minItems": st.integers(0, 3),
                "maxItems": st.integers(0, 3),
                "uniqueItems": st.booleans(),
            },
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    ),
    max_leaves=12,
)


@given(SCHEMAS, st.sampled_from([(), (CLIENT,), (CLIENT, TESTS)]))
def test_a_filled_schema_always_fits(schema: dict[str, Any], found: tuple[Finding, ...]):
    try:
        value = filling(schema, "Where?", found)
    except Unfillable:
        return
    assert not list(Draft202012Validator(schema).iter_errors(value))


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ('Your final answer must be JSON:\n```json\n{"type": "object"}\n```', {"type": "object"}),
        ('> your final answer must be JSON\n\n~~~\n{"type": "array"}\n~~~\n', {"type": "array"}),
        ('- Your final answer must be:\n````json\n{"type": "null"}\n````', {"type": "null"}),
        ("Your final answer must be short.", None),
        ("Your final answer must be JSON:\n```json\nnot json\n```", None),
        ('An example:\n```json\n{"type": "object"}\n```', None),
        ("", None),
    ],
)
def test_the_schema_is_found_in_the_instructions(text: str, schema: Any):
    assert requested_schema(text) == schema
