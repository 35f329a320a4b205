"""Levels of thinking, as people write them."""

from __future__ import annotations

import pytest

from subagents.definitions.fields import THINKING
from subagents.models.thinking import LEVELS, is_known, settings_of


def test_the_levels_of_a_definition_are_those_that_a_model_can_be_asked_for():
    assert set(THINKING) == set(LEVELS)
    assert all(is_known(level) for level in LEVELS)


@pytest.mark.parametrize(
    ("level", "asked"),
    [
        ("off", False),
        ("none", False),
        ("High", "high"),
        ("maximum", "max"),
        (" x-high ", "xhigh"),
        ("on", True),
    ],
)
def test_a_level_is_understood_however_it_is_spelled(level: str, asked: object):
    assert settings_of(level) == {"thinking": asked}


@pytest.mark.parametrize("level", ["", "very much", "11"])
def test_without_a_level_that_means_something_the_model_decides(level: str):
    assert settings_of(level) is None
    assert is_known(level) == (level == "")
