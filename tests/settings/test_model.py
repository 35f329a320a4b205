"""Settings are declared once."""

from __future__ import annotations

import dataclasses

import pytest
from inline_snapshot import snapshot

from subagents.errors import BadSetting
from subagents.settings.model import Settings, declared
from subagents.settings.names import nearest_name, unknown


def test_what_nobody_set_has_its_default():
    assert dataclasses.asdict(Settings()) == {each.name: each.default for each in declared()}
    assert {each.name: each.default for each in declared() if not each.later} == snapshot(
        {
            "max_concurrent": 4,
            "default_max_turns": 100,
            "grace_turns": 5,
            "default_max_tokens": 0,
            "default_max_cost": 0.0,
            "max_depth": 4,
            "max_children": 8,
            "max_tree_live": 50,
            "max_tree_spawned": 200,
            "output_transcript": True,
            "session_max_age_days": 30,
            "session_max_megabytes": 2000,
            "model": "",
            "openai_base_url": "",
            "keys_in_keyring": (),
            "scope_models": False,
            "enabled_models": (),
            "model_retries": 5,
            "fallback_subagent": "",
            "disable_default_agents": False,
            "strict_agent_files": False,
            "wait_timeout_seconds": 270,
            "client_gone_seconds": 14400,
            "host_idle_seconds": 600,
            "default_join_mode": "async",
            "background_by_default": True,
            "detach_children": False,
            "structured_retries": 2,
            "inherit_max_tokens": 40000,
            "compaction_percent": 80,
            "compaction_model": "",
            "context_window": 128000,
            "tool_description_mode": "full",
            "tree_mode": "rich",
            "agent_mentions": "model",
            "worktree_isolation": True,
            "default_isolation": "off",
            "worktree_base": "head",
            "worktree_disposable": (
                "__pycache__",
                "*.pyc",
                ".pytest_cache",
                ".mypy_cache",
                ".ruff_cache",
                ".hypothesis",
                ".tox",
                ".nox",
                ".venv",
                "venv",
                "node_modules",
                ".next",
                ".gradle",
                "target",
                "*.egg-info",
                ".DS_Store",
            ),
            "worktree_archived_megabytes": 50,
            "worktree_max_age_days": 30,
            "worktree_quota_megabytes": 0,
            "shared_edits": "refuse",
            "fetch_private": False,
            "rollup_child_usage": False,
            "show_cost": False,
        }
    )


def test_each_setting_is_declared_with_a_title_help_and_bounds_that_its_default_keeps():
    for setting in declared():
        assert setting.title[0].isupper()
        assert setting.help.endswith(".")
        if type(setting.default) in (int, float):
            assert setting.low < setting.high
            assert setting.low <= setting.default <= setting.high  # type: ignore[operator]
        if setting.choices:
            assert setting.default in setting.choices
        assert len(f"{setting.name}: {setting.title}") < 60


def test_a_program_that_makes_impossible_settings_is_told():
    with pytest.raises(BadSetting) as caught:
        Settings(max_concurrent=0)

    assert str(caught.value) == snapshot("max_concurrent must be a whole number from 1 to 1024, not 0")


def test_a_program_s_values_take_the_form_that_all_have():
    made = Settings(enabled_models=[" a/b "], fallback_subagent=" NONE ", default_max_cost=2)  # type: ignore[arg-type]

    assert (made.enabled_models, made.fallback_subagent) == (("a/b",), "none")
    assert type(made.default_max_cost) is float
    assert hash(made) == hash(dataclasses.replace(made))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("max_concurent", "max_concurrent"),
        ("maxConcurrent", "max_concurrent"),
        ("max-concurrent", "max_concurrent"),
        (" Max Concurrent ", "max_concurrent"),
        ("colour", ""),
        ("x" * 100_000, ""),
        ("", ""),
    ],
)
def test_a_name_that_is_almost_one_is_understood(typed, meant):
    assert nearest_name(typed[:100]) == meant
    assert len(unknown(typed)) < 200


# --- trust


def test_what_a_project_may_not_loosen_is_declared_with_the_setting():
    guards = {each.name: str(each.guard) for each in declared() if each.guard != "free"}
    assert guards == snapshot(
        {
            "default_max_turns": "stricter",
            "grace_turns": "stricter",
            "default_max_tokens": "stricter",
            "default_max_cost": "stricter",
            "max_depth": "stricter",
            "max_children": "stricter",
            "max_tree_live": "stricter",
            "max_tree_spawned": "stricter",
            "session_max_age_days": "user",
            "session_max_megabytes": "user",
            "openai_base_url": "user",
            "keys_in_keyring": "user",
            "scope_models": "stricter",
            "enabled_models": "stricter",
            "fetch_private": "stricter",
            "strict_agent_files": "stricter",
            "worktree_disposable": "user",
            "worktree_max_age_days": "user",
            "worktree_quota_megabytes": "user",
            "compaction_model": "user",
            "detach_children": "user",
        }
    )
