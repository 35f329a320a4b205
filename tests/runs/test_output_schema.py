"""An answer is found in what a model wrote, and held to a JSON Schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

import subagents
from subagents.errors import InvalidSchema
from subagents.events import OutputFault
from subagents.runs.json_text import NotJson
from subagents.runs.output_schema import TOO_COSTLY, extract, judge, parse_schema, problems

Q: dict[str, Any] = {
    "type": "object",
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["path"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["files"],
    "additionalProperties": False,
}
EMPTY: dict[str, Any] = {"files": []}
REFERENCE = {"$ref": "#/definitions/a"}
DRAFT7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
GOOD = {"files": [{"path": "a", "reason": "b"}]}


def value(text: str, schema: dict[str, Any] | None = None) -> Any:
    judged = judge(text, Q if schema is None else schema)
    assert judged.problems == ()
    assert judged.structured is not None
    return json.loads(judged.structured)


def wrong(text: str, schema: dict[str, Any] | None = None) -> tuple[str, ...]:
    judged = judge(text, Q if schema is None else schema)
    assert judged.structured is None
    return judged.problems


# --- finding the answer


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"files": []}', EMPTY),
        (' \n{"files": []}\n', EMPTY),
        ('```\r\n{"files": []}\r\n```', EMPTY),
        ('Here you are:\n```json\n{"files": []}\n```\nBye.', EMPTY),
        ('```json\n{"files": []}', EMPTY),
        ('~~~\n{"files": []}\n~~~', EMPTY),
        ('{"files": []}\nHope that helps.', EMPTY),
        ('{"files": []}\nSee [1] and {curly} and [brackets].', EMPTY),
        ('I think {"files": [{"path": "x"}]} no: {"files": [{"path": "a", "reason": "b"}]}', GOOD),
        ('{"files": [{"path": "a", "reason": "b"}]}', GOOD),
        ('The {a} of [x] is {"files": [{"path": "}]\\"{"}]}', {"files": [{"path": '}]"{'}]}),
        ('{{"files": []}}', EMPTY),
        ('def f(): return {"a": b}\n{"files": []}', EMPTY),
        ('```python\nprint({"x": 1})\n```\n```json\n{"files": []}\n```\n```sh\nls\n```', EMPTY),
    ],
)  # fmt: skip
def test_the_answer_is_the_whole_text_or_the_last_block_or_the_last_object(text, found):
    assert value(text) == found


@pytest.mark.parametrize(
    ("text", "schema", "found"),
    [
        ("[1, 2]", {"type": "array"}, [1, 2]),
        ('I found {"a": 1}: [1, 2].', {"type": "array"}, [1, 2]),
        ("42", {"type": "integer"}, 42),
        ('"yes"', {"type": ["string", "null"]}, "yes"),
        ("Well:\n```\nnull\n```\n[1]", {"type": "null"}, None),
        ('[1] {"a": 1}', {}, {"a": 1}),
        ('{"a": 1} [1]', {}, [1]),
        ("1.0", {"type": "integer"}, 1.0),
    ],
)
def test_other_values_than_objects_are_found_where_the_schema_wants_them(text, schema, found):
    assert value(text, schema) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the answer: it is empty"),
        (" \n", "the answer: it is empty"),
        ("I found nothing.", "the answer: it holds no JSON object or array"),
        ('{"files": [NaN]}', "the answer: NaN is not JSON"),
        ('{"files": [-Infinity]}', "the answer: -Infinity is not JSON"),
        ('{"files": [1e999]}', "the answer: the number 1e999 is too large"),
        ('{"files": [' + "9" * 5000 + "]}", "the answer: a number has more than 300 digits"),
        ('{"files": [], "files": []}', "the answer: the name 'files' stands twice in one object"),
        ('{"files": ["\\ud800"]}', "the answer: a text holds half of a surrogate pair"),
        ('{"files": []} or rather {"files": [NaN]}', "the answer: NaN is not JSON"),
        ('{"files": [{"path": "a", "reason": "b"}, {"path":', "the answer: it holds no JSON object or array"),
        ('{"files": [{"path": "a"} oops]}', "the answer: it holds no JSON object or array"),
        ("[" * 100_000, "the answer: it is nested too deeply"),
        ("[" * 200 + "]" * 200, "the answer: it is nested too deeply"),
        (
            '"' + "x" * 1_000_000 + '"',
            "the answer: it has more than 1,000,000 characters and must be shorter",
        ),
    ],
)
def test_what_is_no_whole_strict_json_is_no_answer(text, why):
    assert wrong(text) == (why,)


def test_a_part_of_an_answer_that_broke_off_is_not_taken_for_it():
    cut = '{"result": {"files": []}, "more": '

    with pytest.raises(NotJson):
        extract(cut)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_was_written_as_json_is_found_whatever_stands_around_it(written):
    text = json.dumps(written)

    assert extract(text) == written
    assert extract(f"```json\n{text}\n```") == written
    if isinstance(written, list | dict):
        assert extract(f"So it is: {text}, as you see.") == written


@given(st.text(st.sampled_from('{}[]",:\\ \nab1-`tnN\ud800')))
def test_looking_into_any_text_gives_a_value_or_a_reason(text):
    judged = judge(text, {"type": "object"})

    assert (judged.structured is None) == bool(judged.problems)


class CountingDecoder(JSONDecoder):
    """Counts the characters that are read, and those in which an error counts the lines before it."""

    read = 0

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        try:
            value, end = super().raw_decode(s, idx)
        except JSONDecodeError as error:
            # Of a string without an end only its beginning is told, but all the rest was read.
            end = len(s) if error.msg.startswith("Unterminated") else error.pos
            CountingDecoder.read += end - idx + 1 + error.pos
            raise
        CountingDecoder.read += end - idx
        return value, end


@pytest.mark.parametrize(
    "piece",
    ["{", "[", '{"', '{"a":', "[1,", '{"a"{', "[1x", "```\n", "[-", '{"a":1}\n', "{ ", "\\", '{"a":"'],
)
def test_no_text_takes_more_than_its_length_allows(piece, monkeypatch):
    # Each of these took a minute to days when reading began anew at every bracket.
    monkeypatch.setattr("subagents.runs.json_text.JSONDecoder", CountingDecoder)
    CountingDecoder.read = 0
    text = piece * (1_000_000 // len(piece))
    judge(text, Q)
    # Each beginning that breaks off costs up to 4,096, and 50,000 are tried: about 100 times the text.
    assert CountingDecoder.read <= 250 * len(text)
    judge("{}", Q)
    assert CountingDecoder.read > 0


# --- what is wrong with it


def test_each_thing_that_does_not_fit_is_told_with_its_place():
    [problem] = problems('{"files": [{"path": 3, "reason": "b"}]}', Q)

    assert problem == OutputFault(
        "/files/0/path",
        "3 is not of type 'string'",
        "/properties/files/items/properties/path/type",
    )
    assert str(problem) == "/files/0/path: 3 is not of type 'string'"


def test_what_is_missing_or_too_much_is_named():
    assert wrong("{}") == ("the answer: 'files' is a required property",)
    assert wrong('{"files": [], "extra": 1}') == snapshot(
        ("the answer: Additional properties are not allowed ('extra' was unexpected)",)
    )
    assert wrong("[1]") == ("the answer: [1] is not of type 'object'",)


def test_a_place_is_a_json_pointer():
    schema = {"additionalProperties": {"type": "string"}}

    assert problems('{"a/b~c": 1}', schema)[0].path == "/a~1b~0c"


def test_of_very_many_problems_twenty_are_told_and_none_is_long():
    text = json.dumps({"files": [{"path": n, "reason": "x" * 100} for n in range(1000)] + ["y" * 10_000]})

    assert len(wrong(text)) == 20
    assert max(len(line) for line in wrong(json.dumps("y" * 10_000))) < 250


def test_the_answer_is_kept_as_json_text():
    assert judge('```\n{"files": [{"path": "é"}]}\n```', Q).structured == '{"files": [{"path": "é"}]}'


# --- which schemas are possible


@pytest.mark.parametrize("asked", ["", "  \n"])
def test_nothing_asks_for_free_text(asked):
    assert parse_schema(asked) is None


def test_a_schema_is_an_object_or_its_json_text():
    assert parse_schema(Q) == parse_schema(json.dumps(Q)) == Q
    assert parse_schema({}) == {}


def refused(asked: Any) -> str:
    with pytest.raises(InvalidSchema) as caught:
        parse_schema(asked)
    return str(caught.value).removeprefix("The output schema cannot be used: ")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("{bad", "it is not JSON"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[]", "it must be an object"),
        ("true", "it must be an object"),
        ({"type": "strin"}, "it is not JSON Schema: at /type: 'strin' is not valid"),
        ({"properties": {"a": {"minimum": "x"}}}, "at /properties/a/minimum"),
        ({"required": "a"}, "at /required"),
        ({"a": {1, 2}}, "it is not JSON"),
        ({"minimum": float("nan")}, "it is not JSON"),
        ({"description": "x" * 100_000}, "longer than 100,000 characters"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "draft-04"),
        ({"$schema": 3}, "$schema 3 is not supported"),
        (
            {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema"}}},
            "only the whole schema",
        ),
        ({"$ref": "http://127.0.0.1:9/x"}, "'http://127.0.0.1:9/x' leads out of it"),
        ({"$ref": "file:///etc/passwd"}, "'file:///etc/passwd' leads out of it"),
        ({"items": {"$ref": "other.json#/a"}}, "'other.json#/a' leads out of it"),
        ({"$ref": "#/$defs/missing"}, "'#/$defs/missing' leads out of it or nowhere"),
        ({"$ref": "http://[", "type": "object"}, "leads out of it or nowhere"),
        ({"$ref": "#/required", "required": ["a"]}, "leads to something that is no schema"),
        ({"$ref": "#/x", "x": {"type": "strin"}}, "at #/x/type"),
        ({"$ref": "#/x", "x": {"pattern": "(?=a)"}}, "'(?=a)' is not supported"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"allOf": [{"$ref": "#"}]}, "refers to itself without end"),
        (
            {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
            "refers to itself",
        ),
        ({"properties": {"a": {"pattern": "(?=a)b"}}}, "the pattern '(?=a)b' is not supported"),
        ({"pattern": "(a)\\1"}, "patterns are RE2's"),
        ({"patternProperties": {"(?!a)": {}}}, "'(?!a)' is not supported"),
        ({"pattern": "a" * 1001}, "longer than 1000 characters"),
        ({"pattern": "a{5000}"}, "is not supported"),
    ],
)
def test_a_schema_that_cannot_be_checked_is_refused_before_anything_begins(asked, why):
    assert why in refused(asked)


def test_a_schema_that_is_nested_too_deeply_is_refused():
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"items": deep}
    cyclic: dict[str, Any] = {}
    cyclic["items"] = cyclic

    assert "nested too deeply" in refused(deep)
    assert "it is not JSON" in refused(cyclic)
    assert "nested too deeply" in refused('{"items":' * 10_000)


def test_references_inside_the_schema_work():
    node = {"properties": {"next": {"$ref": "#/$defs/node"}}, "additionalProperties": False}
    tree = {"$defs": {"node": node}, "$ref": "#/$defs/node"}
    named = {
        "$id": "https://example.invalid/s",
        "$defs": {"a": {"$anchor": "a", "type": "string"}},
        "items": {"$ref": "s#a"},
    }
    assert parse_schema(tree) == tree
    assert parse_schema(named) == named

    assert value('{"next": {"next": {}}}', tree)
    assert wrong('{"next": {"nxt": {}}}', tree)
    assert wrong("[1]", named) == ("/0: 1 is not of type 'string'",)


@pytest.mark.parametrize(
    ("dialect", "schema", "text"),
    [
        ("https://json-schema.org/draft/2020-12/schema", {"prefixItems": [{"type": "string"}]}, "[1]"),
        ("https://json-schema.org/draft/2019-09/schema", {"items": [{"type": "string"}]}, "[1]"),
        ("http://json-schema.org/draft-07/schema#", {"items": [{"type": "string"}]}, "[1]"),
        (DRAFT7["$schema"], {"items": REFERENCE, "definitions": {"a": {"type": "string"}}}, "[1]"),
    ],
)  # fmt: skip
def test_the_last_three_drafts_are_known(dialect, schema, text):
    whole = {"$schema": dialect, **schema}
    assert parse_schema(whole) == whole

    assert wrong(text, whole) == ("/0: 1 is not of type 'string'",)


# --- safe with any schema


EVIL = "(a|aa)+$"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"pattern": EVIL}, json.dumps("a" * 5000 + "!")),
        ({"patternProperties": {EVIL: {"type": "null"}}}, json.dumps({"a" * 5000 + "!": 1})),
        ({"patternProperties": {EVIL: {}}, "additionalProperties": False}, json.dumps({"a" * 5000 + "!": 1})),
        ({**DRAFT7, "items": REFERENCE, "definitions": {"a": {"pattern": EVIL}}}, json.dumps(["a" * 5000 + "!"])),
        ({**DRAFT7, "items": {"$ref": "#"}, "pattern": EVIL}, json.dumps(["a" * 5000 + "!"])),
    ],
)  # fmt: skip
def test_patterns_are_matched_in_linear_time(schema, text):
    assert parse_schema(schema) is not None

    judge(text, schema)


def test_patterns_are_those_of_re2():
    schema = {"pattern": r"^\pL+\z"}  # which the library's own engine does not know

    assert parse_schema(schema) == schema
    assert value('"é"', schema) == "é"
    assert wrong('"1"', schema) == snapshot(("the answer: '1' does not match '^\\\\pL+\\\\z'",))


def test_patterns_choose_properties():
    schema = {
        "properties": {"a": {}},
        "patternProperties": {"^x-": {"type": "string"}},
        "additionalProperties": False,
    }

    assert value('{"a": 1, "x-b": "c"}', schema)
    assert wrong('{"x-b": 1}', schema) == ("/x-b: 1 is not of type 'string'",)
    assert len(wrong('{"b": 1}', schema)) == 1
    assert wrong('{"b": 1}', {**schema, "additionalProperties": {"type": "null"}}) == (
        "/b: 1 is not of type 'null'",
    )


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ("[1, 2]", True),
        ("[1, 1.0]", False),
        ("[1, true]", True),
        ("[0, false]", True),
        ('[{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]', False),
        ("[[1], [1, 2]]", True),
        ('["1", 1]', True),
    ],
)
def test_items_are_unique_by_json_schemas_equality(items, unique):
    assert (not problems(items, {"uniqueItems": True})) is unique
    assert problems(items, {"uniqueItems": False}) == []


def test_the_work_is_bounded():
    doubling = {"$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}}
    doubling["$defs"]["a40"] = {}

    top = {**doubling, "$ref": "#/$defs/a0"}
    assert "it refers to itself without end, or its references multiply" in refused(top)
    inner = {**doubling, "items": {"items": {"$ref": "#/$defs/a0"}}}
    assert wrong(json.dumps([["x" * 1_000]]), inner) == (
        "the answer: it is too large to be checked against this schema",
    )
    short = judge("Here it is, after much thought." * 100 + "[[1]]", inner)
    assert (short.checkable, short.problems) == (False, (f"the answer: {TOO_COSTLY}",))
    patterns: dict[str, Any] = {f"^a{{{n}}}.*b{{1,50}}$": {} for n in range(1, 1_000)}
    names = json.dumps({f"a{n}b": n for n in range(5_000)})
    for each in (
        {"patternProperties": patterns},
        {"patternProperties": patterns, "additionalProperties": {}},
    ):
        assert wrong(names, each) == ("the answer: it is too large to be checked against this schema",)
        assert value('{"ab": 1}', each) == {"ab": 1}
    words = json.dumps(["x" * 100_000] * 9)
    assert (
        "too large" in wrong(words, {"items": {"allOf": [{"pattern": f"x{{{n}}}"} for n in range(900)]}})[0]
    )
    assert problems(json.dumps([{"n": n} for n in range(20_000)]), {"uniqueItems": True}) == []


def test_formats_are_hints():
    assert value('"yesterday"', {"type": "string", "format": "date"}) == "yesterday"


def test_the_library_is_loaded_only_where_a_schema_is_in_play():
    code = (
        "import sys; import subagents.runs.resolve, subagents.settings.model, subagents.definitions.discovery;"
        "print(sorted({'jsonschema', 're2', 'yaml', 'anyio', 'asyncio', 'pydantic', 'subprocess'} & set(sys.modules)))"
    )
    source = str(Path(subagents.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == "[]\n"


def test_properties_that_a_pattern_speaks_of_are_evaluated_in_linear_time():
    schema = {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "unevaluatedProperties": False}
    assert judge('{"aaa": 1}', schema).fits
    [fault] = judge(json.dumps({"a" * 40 + "!": 1}), schema).found
    assert "no part of the schema speaks of it" in fault.message


def test_a_format_is_a_rule_only_where_that_is_asked_for():
    schema = {"type": "object", "properties": {"at": {"format": "ipv4"}}}
    assert judge('{"at": "nowhere"}', schema).fits
    assert not judge('{"at": "nowhere"}', schema, assert_format=True).fits
    assert judge('{"at": "127.0.0.1"}', schema, assert_format=True).fits
