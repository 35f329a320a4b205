"""What a setting can have, and how a text means it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.errors import BadSetting
from subagents.settings.model import Settings, declared
from subagents.settings.names import by_name
from subagents.settings.possible import Declared, as_text, fitting, from_text

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        *(("max_concurrent", value, True) for value in (1, 1024)),
        *(("max_concurrent", value, False) for value in (0, 1025, True, 4.0, "4", None, 10**30)),
        *(("default_max_turns", value, True) for value in (0, 10_000)),
        *(("default_max_turns", value, False) for value in (-5, 10_001)),
        *(("max_depth", value, True) for value in (0, 16)),
        *(("max_depth", value, False) for value in (-1, 17)),
        *(("default_max_cost", value, True) for value in (0, 0.5, 1_000_000)),
        *(("default_max_cost", value, False) for value in (-0.1, math.inf, math.nan, True, "1")),
        *(("model", value, True) for value in ("", "offline")),
        *(("model", value, False) for value in (3, None, ["offline"], False)),
        *(("enabled_models", value, True) for value in ([], ["a/b"], ("a/b", "c/d"))),
        *(("enabled_models", value, False) for value in ("a/b", ["a/b", 3], [None], {"a": 1})),
    ],
)
def test_a_value_is_possible_or_it_is_not(name: str, value: object, kept: bool):
    if kept:
        assert fitting(by_name()[name], value) == (tuple(value) if isinstance(value, list) else value)
    else:
        with pytest.raises(BadSetting, match="must be "):
            fitting(by_name()[name], value)


@given(st.sampled_from(declared()), ANYTHING)
def test_whatever_is_said_is_possible_or_refused_in_a_short_sentence(setting: Declared, value: object):
    try:
        good = fitting(setting, value)
    except BadSetting as error:
        said = str(error)
        good = setting.default
    else:
        said = ""
        assert fitting(setting, good) == good
    assert len(said) < 300
    assert type(good) is type(setting.default)
    made: Any = {setting.name: good}
    assert getattr(Settings(**made), setting.name) == good


def test_what_cannot_even_be_written_out_is_refused_too():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (1 << 100_000, deep):
        with pytest.raises(BadSetting, match="not …"):
            fitting(by_name()["max_concurrent"], value)
    # Freed level by level: taken apart at once it would exhaust the stack of older interpreters.
    while deep:
        deep = deep.pop()  # type: ignore[assignment]


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_a_switch_is_on_in_the_usual_spellings(text: str):
    assert from_text(by_name()["output_transcript"], text) is True


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_and_off(text: str):
    assert from_text(by_name()["output_transcript"], text) is False


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_concurrent", " 12 ", 12),
        ("default_max_cost", "0.25", 0.25),
        ("enabled_models", " a/b ,, c/d,", ("a/b", "c/d")),
        ("model", " offline ", "offline"),
        ("fallback_subagent", "None", "none"),
        ("fallback_subagent", "off", "off"),
        ("tree_mode", "compact", "compact"),
    ],
)
def test_a_text_means_a_value(name: str, text: str, value: object):
    assert from_text(by_name()[name], text) == value


def test_a_text_that_means_none_is_refused_with_what_would():
    said = []
    for name, text in (
        ("max_concurrent", "9999"),
        ("max_depth", "2.5"),
        ("max_children", "+-5"),
        ("grace_turns", "9" * 5000),
        ("output_transcript", "maybe"),
        ("default_max_cost", "cheap"),
        ("tree_mode", "Rich"),
        ("fallback_subagent", "  "),
    ):
        with pytest.raises(BadSetting) as caught:
            from_text(by_name()[name], text)
        said.append(f"{name} {caught.value}"[:100])
    assert said == snapshot(
        [
            "max_concurrent must be a whole number from 1 to 1024, not 9999",
            "max_depth must be a whole number from 0 to 16, not '2.5'",
            "max_children must be a whole number from 1 to 1024, not '+-5'",
            "grace_turns must be a whole number from 1 to 1000, not '99999999999999999999999999999999999999999999",
            "output_transcript must be true or false, not 'maybe'",
            "default_max_cost must be a number from 0 to 1000000, not 'cheap'",
            "tree_mode must be one of auto, rich, compact, not 'Rich'",
            "fallback_subagent must be a line of text that is not blank, not ''",
        ]
    )


@given(st.sampled_from(declared()), ANYTHING)
def test_what_people_are_shown_reads_as_the_same(setting: Declared, value: object):
    try:
        good = fitting(setting, value)
    except BadSetting:
        good = setting.default
    lines = isinstance(good, tuple) and any("," in text or not text for text in good)
    if not lines and (good or not setting.filled) and not isinstance(good, float):
        assert from_text(setting, as_text(good)) == good
