"""A member put into a JSON text, and everything else left as it is."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.serve.installing.json_text import NotJson, put, read

ENTRY = {"command": "subagents", "args": ["mcp"]}
PATH = ("servers", "subagents")


def test_into_an_object_of_others_with_comments_and_a_last_comma():
    text = """{
    // what we use
    "servers": {
        "other": {"command": "x"}, // mine
    },
    "inputs": [1, 2,],
}
"""
    assert put(text, PATH, ENTRY) == snapshot(
        """\
{
    // what we use
    "servers": {
        "other": {"command": "x"}, // mine
        "subagents": {
            "command": "subagents",
            "args": [
                "mcp"
            ]
        }
    },
    "inputs": [1, 2,],
}
"""
    )


def test_a_comma_is_added_before_a_comment_and_not_in_it():
    text = '{\n\t"a": 1 // one\n}'
    assert put(text, ("b",), 2) == '{\n\t"a": 1, // one\n\t"b": 2\n}'


def test_the_objects_on_the_way_are_made():
    assert put("{}\n", PATH, 1) == '{\n  "servers": {\n    "subagents": 1\n  }\n}\n'
    assert put('{ "a": 1 }', PATH, 1) == '{ "a": 1, "servers": {"subagents": 1} }'
    assert (
        put('{\n    "servers": {\n    }\n}', PATH, 1)
        == '{\n    "servers": {\n        "subagents": 1\n    }\n}'
    )


def test_lines_end_as_they_did():
    assert put('{\r\n  "a": 1\r\n}\r\n', ("b",), {"c": 2}) == (
        '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 2\r\n  }\r\n}\r\n'
    )


def test_what_stood_there_is_replaced():
    text = '{"servers": {"subagents": {"old": true}, "z": 1}} // end'
    assert put(text, PATH, 5) == '{"servers": {"subagents": 5, "z": 1}} // end'


@pytest.mark.parametrize("text", ["[]", "5", '{"servers": []}', '{"servers": null}'])
def test_only_objects_have_members(text: str):
    with pytest.raises(NotJson, match="no object"):
        put(text, PATH, 1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "{]", '{"a"}', '{"a" 1}', '{"a": 1 "b": 2}', "{,}", "[1 2]", "{1: 2}", "{} {}", '{"a": x}'],
)
def test_what_is_no_json_is_refused_with_a_sentence(text: str):
    with pytest.raises(NotJson, match=r"it ends|expected|deeply"):
        read(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("text", ['"\n"', "[" * 5000, '{"a":' * 5000, "/", "{/* }"])
def test_nor_does_anything_else_end_the_reader(text: str):
    with pytest.raises(NotJson):
        read(text)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), VALUES, st.sampled_from([None, 2, "\t"]))
def test_whatever_is_there_only_the_member_is_added(there: dict[str, Any], value: Any, indent: Any):
    text = json.dumps(there, indent=indent)
    new = put(text, ("subagents",), value)
    assert read(new).value == json.loads(new) == {**there, "subagents": value}
    assert put(new, ("subagents",), value) == put(put(new, ("subagents",), 0), ("subagents",), value)


def test_a_long_text_costs_the_memory_of_what_it_says():
    text = json.dumps({"a": "x" * 1_000_000})
    tracemalloc.start()
    try:
        read(text)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    finally:
        tracemalloc.stop()
