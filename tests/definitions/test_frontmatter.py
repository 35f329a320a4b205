"""The text of a file to its values and body: no byte is lost, and the scalars are YAML 1.2's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.definitions.frontmatter import BadFrontMatter, read, split


def refused(block: str) -> tuple[int | None, str]:
    with pytest.raises(BadFrontMatter) as caught:
        read(block)
    return caught.value.line, str(caught.value)


def scalar(text: str) -> Any:
    return read(f"key: {text}\n").values["key"]


# --- fences


@pytest.mark.parametrize(
    ("text", "block", "body"),
    [
        ("---\nname: x\n---\nbody", "name: x\n", "body"),
        ("---\n---\n\nJust a prompt.", "", "\nJust a prompt."),
        ("---\r\nname: x\r\n---\r\nbody\r\n", "name: x\r\n", "body\r\n"),
        ("---  \nname: x\n---", "name: x\n", ""),
        ("\ufeff---\nname: x\n---\nbody", "name: x\n", "body"),
        ("---\na: 1\n----\nenabled: false\n---\nbody", "a: 1\n", "enabled: false\n---\nbody"),
        ("---\na: 1\n--- x\nb: 2\n", "a: 1\n", "b: 2\n"),
    ],
)
def test_front_matter_stands_between_a_first_line_and_the_next_line_that_starts_with_dashes(
    text, block, body
):
    sections = split(text)

    assert (sections.fenced, sections.block, sections.body) == (True, block, body)


@pytest.mark.parametrize(
    "text",
    ["", "Just a prompt.", "---\nname: x\n", "---", "----\na: 1\n---\n", " ---\na: 1\n---\n", "\n---\n---\n"],
)
def test_without_both_fences_all_of_the_text_is_the_body(text):
    sections = split(text)

    assert (sections.fenced, sections.block, sections.body) == (False, "", text)


def test_a_byte_order_mark_is_not_part_of_the_body():
    assert split("\ufeffprompt").body == "prompt"


def test_front_matter_that_is_never_closed_is_noticed():
    assert "never closed" in split("---\nname: x\n").misfenced
    assert not split("prompt").misfenced
    assert not split("---\n---\n").misfenced


MISFENCED = (
    " ---\ntools: read\n---\n",
    "----\ntools: read\n----\n",
    "---x\ntools: read\n---\n",
    "--- # mine\ntools: read\n---\n",
    "---\rtools: read\r---\r",
    "---\f\ntools: read\n---\n",
    "---\u2028tools: read\n---\n",
    "\n\n---\ntools: read\n---\n",
    "+++\ntools = ['read']\n+++\n",
    "\u2014\u2014\u2014\ntools: read\n---\n",
    "```yaml\n---\ntools: read\n---\n```\n",
    "\u200b---\ntools: read\n---\n",
    "\ufeff\ufeff---\ntools: read\n---\n",
    "---\ntools: read\n...\n",
)


@pytest.mark.parametrize("text", MISFENCED)
def test_what_was_probably_meant_as_front_matter_is_noticed(text):
    assert split(text).misfenced
    assert not split(text).fenced


@pytest.mark.parametrize(
    "text", ["", "-- no", "- a list", "# Title\n\n---\n", "Say ---.", "```\ncode\n```\n", "\n\n"]
)
def test_a_prompt_alone_is_not_taken_for_front_matter(text):
    assert not split(text).misfenced


def test_it_is_said_what_front_matter_looks_like_and_where_its_line_stands():
    assert [
        (split(text).misfenced_line, split(text).misfenced) for text in ("\n\n --- x\n", "---\ra: b\r")
    ] == snapshot(
        [
            (
                3,
                "' --- x' looks like the beginning of front matter, so the file is not used; the very first line "
                "must be --- and nothing else, and another --- must stand below the keys",
            ),
            (
                1,
                "the lines end with a carriage return alone, so the file is not used; end them with a line feed",
            ),
        ]
    )


@given(st.text(st.sampled_from("-\n\r ab:\ufeff")))
def test_the_pieces_of_any_text_join_to_it(text):
    sections = split(text)

    assert sections.opening + sections.block + sections.closing + sections.body == text


# --- scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            (text, text)
            for text in ("off", "no", "on", "yes", "y", "2026-01-01", "1:30", "1_000", "0b1", "<<", "=")
        ),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE", "false # later")),
        *((text, None) for text in ("", "~", "null", "NULL")),
        *(("010", 10), ("0o17", 15), ("0x1F", 31), ("-3", -3), ("+3", 3)),
        *(("270.5", 270.5), ("1e3", 1000.0), (".5", 0.5), ("-.inf", float("-inf"))),
        *(('"true"', "true"), ("'010'", "010"), ('""', ""), ("!!str 3", "3")),
        ("9" * 200, "9" * 200),
        ("[a, no, 1]", ["a", "no", 1]),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
    ],
)
def test_scalars_are_those_of_the_core_schema(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_a_single_value_is_also_known_as_it_is_written_and_each_key_by_its_line():
    front = read("name: 007\ntools:\n  - read\nmodel: 4.10\n")

    assert front.texts == {"name": "007", "model": "4.10"}
    assert front.lines == {"name": 2, "tools": 3, "model": 5}


def test_an_empty_block_or_one_of_comments_has_no_values():
    assert read("").values == read("# nothing\n").values == {}


# --- what is refused


@pytest.mark.parametrize(
    ("block", "line", "said"),
    [
        ("a: 1\ndescription: Use when: foo\n", 3, "quote it"),
        ("tools: *\n", 2, 'quote it: key: "*"'),
        ("tools: *all\n", 2, "aliases"),
        ("a: &x 1\n", 2, "anchors"),
        ("a: !!python/object:os.system x\n", 2, "tags"),
        ("model: a\nmodel: b\n", 3, "'model' stands here twice"),
        ("a: {b: 1, b: 2}\n", 2, "'b' stands here twice"),
        ("- a\n", 2, "key: value"),
        ("just text\n", 2, "key: value"),
        ("a: 1\n\tb: 2\n", 3, "blanks, not tabs"),
        ("a: 'x\n", 2, "close the quote"),
        ("a: [1, 2\n", 2, "close the bracket"),
        ("a: é\nb: \x01\n", 3, "control character"),
        ("a: x\nb: \ud800\n", 3, "surrogate"),
        ("? [a]\n: b\n", 2, "a key must be a word"),
        ("a: 1\n...\nb: 2\n", 4, "document start"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line_and_what_to_write_instead(block, line, said):
    where, message = refused(block)

    assert where == line
    assert said in message


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("a: " + "[" * 100_000, "nested too deeply"),
        ("a: " + "[x, " * 60, "nested too deeply"),
        ("a: [" + "x, " * 20_000 + "]", "too many values"),
        ("a: " + "x" * 300_000, "longer than 200,000 characters"),
    ],
)
def test_depth_and_size_are_bounded(block, said):
    assert said in refused(block)[1]


@given(st.text(st.characters()) | st.text(st.sampled_from("ab:{}[]&*!|>'\"%@`#-? \n\t,~0.x\x85\ud800")))
def test_reading_any_text_gives_values_or_one_sentence(text):
    error = None
    try:
        front = read(text)
    except BadFrontMatter as caught:
        error = caught
    else:
        assert set(front.lines) == set(front.values)
    assert error is None or (str(error) and (error.line is None or error.line >= 2))
