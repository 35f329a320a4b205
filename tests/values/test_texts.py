"""Texts from outside, as they can be stored and shown in a sentence."""

from __future__ import annotations

import pytest
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from subagents.texts import mend_texts, quoted, storable


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain é 😀", "plain é 😀"),
        ("a \ud83d b", "a \ufffd b"),
        ("\ude00", "\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("", ""),
    ],
)
def test_half_a_surrogate_pair_is_a_character_that_can_be_stored(text: str, stored: str):
    assert storable(text) == stored


def test_a_message_is_mended_in_place_and_what_is_well_stays_the_same_object():
    well = {"path": "a.py", "more": [1, "b"]}
    message = ModelResponse(
        [
            TextPart("a\ud83d"),
            ToolCallPart("t", {"\ud83d": ["\ud83d", {"x": "\ud83d"}]}),
            ToolCallPart("u", well),
        ]
    )
    text, broken, fine = message.parts

    mend_texts(message)

    assert message.parts == [text, broken, fine]
    assert text == TextPart("a\ufffd")
    assert isinstance(broken, ToolCallPart)
    assert broken.args == {"\ufffd": ["\ufffd", {"x": "\ufffd"}]}
    assert isinstance(fine, ToolCallPart)
    assert fine.args is well


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("it's", '"it\'s"'),
        ("x" * 80, f"'{'x' * 80}'"),
        ("x" * 1_000_000, f"'{'x' * 80}'… (1,000,000 characters)"),
        ([1, 2], "[1, 2]"),
        (["x" * 100], f"['{'x' * 78}…"),
    ],
)
def test_a_value_in_a_sentence_is_quoted_and_short(value: object, shown: str):
    assert quoted(value) == shown
