"""One part of a structured answer, by JSON Pointer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.errors import BadAnswer
from subagents.runs.json_pointer import part_of

# The document of RFC 6901, section 5, and what its pointers name.
DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "part"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_what_the_standard_says_of_its_own_document(pointer: str, part: object):
    assert part_of(DOCUMENT, pointer) == part


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ("foo", "'foo' is no JSON Pointer: it begins with a slash, /foo for example."),
        ("/nothing", "nothing at '/nothing': the whole of it is an object with foo, places, none"),
        ("/places/2", "nothing at '/places/2': '/places' is a list of 2, counted from 0"),
        ("/places/01", "'/places' is a list of 2"),
        ("/places/-", "'/places' is a list of 2"),
        ("/places/²", "'/places' is a list of 2"),
        ("/foo/bar/x", "'/foo' is a text"),
        ("/none/x", "'/none' is null"),
        ("/places/0/x", "'/places/0' is a single value"),
        ("/places/1/x", "'/places/1' is an empty object"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(pointer: str, said: str):
    with pytest.raises(BadAnswer) as refused:
        part_of({"foo": "text", "places": [3, {}], "none": None}, pointer)
    assert said in str(refused.value)


def test_of_many_members_only_some_are_named():
    with pytest.raises(BadAnswer, match=r"an object with n0, .*, n9, …"):
        part_of({f"n{number}": number for number in range(50)}, "/x")


@given(st.recursive(st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_every_part_is_found_by_its_path(value: object):
    for pointer, part in _parts(value, ""):
        assert part_of(value, pointer) is part


def _parts(value: object, at: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [(at, value)]
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        found += _parts(member, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return found
