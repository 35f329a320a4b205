"""A colour is a name or six hexadecimal digits; any other is told and leaves the agent without a badge."""

from __future__ import annotations

import pytest
from tests.definitions.stories import agent, told

from subagents.definitions.colours import COLOURS


@pytest.mark.parametrize(
    ("written", "colour"),
    [
        pytest.param("purple", "#827DBD", id="D1"),
        pytest.param("' #8b5cf6 '", "#8B5CF6", id="D3"),
        ("Purple", "#827DBD"),
        ("grey", "#6B7280"),
        ("gray", "#6B7280"),
        ("metallic-blue", "#3B82F6"),
        ("", ""),
        ("'#123'", ""),
        ("'#12345678'", ""),
        ("'8b5cf6'", ""),
        ("'#8b5cg6'", ""),
        ("mauve", ""),
        ("[red]", ""),
    ],
)
def test_a_colour_is_a_name_or_six_digits(written, colour):
    assert agent(f"color: {written}").color == agent(f"colour: {written}").color == colour


def test_there_are_the_names_that_upstream_has_and_each_is_six_digits():
    assert len(COLOURS) == 23
    assert all(agent(f"color: '{value.lower()}'").color == value for value in COLOURS.values())


def test_a_colour_that_there_is_not_is_told_and_the_unquoted_one_is_a_comment():
    [problem] = told("color: mauve")
    assert "must be red, blue, green" in problem
    assert '"#8B5CF6"' in problem
    assert told("color: #8B5CF6") == []
