"""A TOML file's keys are found on their lines, whatever stands in the values before them."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.dialects import toml
from subagents.definitions.frontmatter import BadFrontMatter


def lines(text: str) -> dict[str, int]:
    return dict(toml.read(text).lines)


def refused(text: str) -> BadFrontMatter:
    with pytest.raises(BadFrontMatter) as caught:
        toml.read(text)
    return caught.value


def test_each_key_has_the_line_on_which_it_first_stands():
    text = '''\
# a = 0
a = 1
  b . c = 2

"d e" = """
f = 3
[g]
"""
h = [
  [1],   # i = 4 ] "
  { j = "it's" },
]
[k.l]
m = 5
[[n]]
a = 6
[k.o]
'''

    assert lines(text) == {"a": 2, "b": 3, "d e": 5, "h": 9, "k": 13, "n": 15}


@pytest.mark.parametrize(
    "value",
    [
        '"""\nx\n"""',
        "'''\nx\n'''",
        '"""\n"" """',
        '"""\nx""\n"""""',
        "'''\n''x'''''",
        '"\\""',
        "'#'",
        '"""\\\n\n"""',
        "[\n]",
    ],
)
def test_the_line_of_a_key_counts_those_of_the_value_before_it(value: str):
    assert lines(f"a = {value}\nb = 1") == {"a": 1, "b": 2 + value.count("\n")}


statements = st.lists(
    st.one_of(
        st.text("ab\"'#=[]\n\\", max_size=12).map(json.dumps),
        st.text('ab#=[]\n "', max_size=12)
        .filter(lambda text: '"""' not in text and not text.endswith('"'))
        .map(lambda text: f'"""{text}"""'),
        st.text('ab"#=[]\n\\', max_size=12).map(lambda text: f"'''{text}'''"),
        st.lists(st.integers(0, 9)).map(lambda items: "[\n" + ",\n".join(map(str, items)) + "\n]"),
    ),
    max_size=6,
)


@given(statements)
def test_what_is_found_are_the_keys_that_there_are_each_where_it_was_written(values: list[str]):
    text, expected = "", {}
    for number, value in enumerate(values):
        expected[f"k{number}"] = text.count("\n") + 1
        text += f"k{number} = {value}\n"

    assert list(tomllib.loads(text)) == list(expected)
    assert lines(text) == expected


def test_a_mark_and_the_ends_of_lines_do_not_count():
    assert lines('\ufeffa = 1\r\nb = """\r\n"""\r\nc = 2\r\n') == {"a": 1, "b": 2, "c": 4}


def test_single_values_are_also_kept_as_text():
    assert toml.read("a = 2026-01-01\nb = true\nc = 'x'\nd = [1]").texts == {
        "a": "2026-01-01",
        "b": "true",
        "c": "x",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\na = 2", 2), ("a = ", 1), ("a = 1\nb = '''\n", 2), ("\n\na", 3), ("a = \x00", 1)],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int):
    assert refused(text).line == line


def test_what_nobody_writes_is_refused_in_time():
    nested, many_parts = "[" * 60 + "]" * 60, ".".join("a" * 9_000)
    for text in ("a = " + "[" * 100_000, f"a = {nested}", "a = 0x" + "f" * 100_000, f"{many_parts} = 1"):
        assert str(refused(text))
