"""Settings are declared once; a value that is not possible drops only itself."""

from __future__ import annotations

import dataclasses

import pytest
from inline_snapshot import snapshot

from subagents.errors import BadSetting
from subagents.settings.model import Settings, declared, from_environment, with_values


def test_what_nobody_set_has_its_default():
    assert dataclasses.asdict(Settings()) == snapshot(
        {
            "max_concurrent": 4,
            "default_max_turns": 100,
            "grace_turns": 5,
            "max_depth": 4,
            "max_children": 8,
            "max_tree_live": 50,
            "max_tree_spawned": 200,
            "output_transcript": True,
            "session_max_age_days": 30,
            "session_max_megabytes": 2000,
            "model": "",
        }
    )


def test_each_setting_is_declared_with_a_title_help_and_bounds_that_its_default_keeps():
    for setting in declared():
        assert setting.title[0].isupper()
        assert setting.help.endswith(".")
        if type(setting.default) is int:
            assert setting.low <= setting.default <= setting.high


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        *(("max_concurrent", value, True) for value in (1, 1024)),
        *(("max_concurrent", value, False) for value in (0, 1025, True, 4.0, "4", None)),
        *(("grace_turns", value, True) for value in (1, 1000)),
        *(("grace_turns", value, False) for value in (0, 1001)),
        *(("default_max_turns", value, True) for value in (0, 10_000)),
        *(("default_max_turns", value, False) for value in (-5, 10_001)),
        *(("max_depth", value, True) for value in (0, 16)),
        *(("max_depth", value, False) for value in (-1, 17)),
        *(("output_transcript", value, True) for value in (True, False)),
        *(("output_transcript", value, False) for value in ("yes", 1, None)),
        *(("model", value, True) for value in ("", "offline")),
        *(("model", value, False) for value in (3, None, ["offline"])),
        ("no_such_setting", 1, False),
    ],
)
def test_a_value_is_kept_when_it_is_possible_and_dropped_with_a_problem_when_not(name, value, kept):
    settings, problems = with_values(
        Settings(max_children=3), {name: value, "max_tree_live": 7}, "config.toml"
    )

    assert (settings.max_children, settings.max_tree_live) == (3, 7)
    assert [problem.name for problem in problems] == ([] if kept else [name])
    if kept:
        assert getattr(settings, name) == value


def test_a_program_that_makes_impossible_settings_is_told():
    with pytest.raises(BadSetting) as caught:
        Settings(max_concurrent=0)

    assert str(caught.value) == snapshot("max_concurrent must be a whole number from 1 to 1024, not 0")


# --- the environment


def test_the_environment_sets_what_it_names():
    settings, problems = from_environment(
        {
            "SUBAGENTS_MAX_CONCURRENT": " 12 ",
            "SUBAGENTS_OUTPUT_TRANSCRIPT": "No",
            "SUBAGENTS_MODEL": "offline",
            "SUBAGENTS_GRACE_TURNS": "",
            "SUBAGENTS_HOME": "/somewhere",
            "MAX_DEPTH": "1",
        }
    )

    assert settings == Settings(max_concurrent=12, output_transcript=False, model="offline")
    assert problems == ()


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_a_switch_is_on_in_the_usual_spellings(text):
    settings, _ = from_environment({"SUBAGENTS_OUTPUT_TRANSCRIPT": text}, Settings(output_transcript=False))

    assert settings.output_transcript


def test_a_bad_value_drops_that_one_and_says_what_is_possible():
    settings, problems = from_environment(
        {
            "SUBAGENTS_MAX_CONCURRENT": "9999",
            "SUBAGENTS_MAX_DEPTH": "2.5",
            "SUBAGENTS_MAX_CHILDREN": "+-5",
            "SUBAGENTS_GRACE_TURNS": "9" * 5000,
            "SUBAGENTS_OUTPUT_TRANSCRIPT": "maybe",
            "SUBAGENTS_MAX_TREE_LIVE": "60",
        }
    )

    assert settings == Settings(max_tree_live=60)
    assert [str(problem)[:100] for problem in problems] == snapshot(
        [
            "SUBAGENTS_MAX_CONCURRENT: must be a whole number from 1 to 1024, not 9999",
            "SUBAGENTS_GRACE_TURNS: must be a whole number from 1 to 1000, not '999999999999999999999999999999999",
            "SUBAGENTS_MAX_DEPTH: must be a whole number from 0 to 16, not '2.5'",
            "SUBAGENTS_MAX_CHILDREN: must be a whole number from 1 to 1024, not '+-5'",
            "SUBAGENTS_OUTPUT_TRANSCRIPT: must be true or false, not 'maybe'",
        ]
    )
