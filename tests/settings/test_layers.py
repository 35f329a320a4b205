"""Who sets a value, and who goes before whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.settings.conftest import Write

from subagents.errors import BadSetting
from subagents.places import Project, project_at
from subagents.settings.files import project_file, user_file
from subagents.settings.layers import Layer, Layered, Origin, layered
from subagents.settings.model import Settings

Look = Callable[..., Layered]


def test_each_layer_goes_before_the_one_below(project: Project, own: Write, shared: Write):
    own("max_concurrent = 2\ngrace_turns = 4\nmax_children = 2\nmodel_retries = 2\n")
    shared("grace_turns = 3\nmax_children = 1\nmodel_retries = 3\n")
    environ = {"SUBAGENTS_MAX_CHILDREN": "4", "SUBAGENTS_MODEL_RETRIES": "4"}

    found = layered(project, environ, {"model_retries": 5})

    assert found.settings == Settings(max_concurrent=2, grace_turns=3, max_children=4, model_retries=5)
    assert {name: found.source_of(name) for name in ("max_depth", *found.origins)} == {
        "max_depth": Origin(Layer.DEFAULT),
        "max_concurrent": Origin(Layer.USER, str(user_file())),
        "grace_turns": Origin(Layer.PROJECT, str(project_file(project))),
        "max_children": Origin(Layer.ENVIRONMENT, "SUBAGENTS_MAX_CHILDREN"),
        "model_retries": Origin(Layer.CALLER),
    }
    assert found.problems == ()


def test_i9_a_project_s_list_takes_the_place_of_the_user_s(own: Write, shared: Write, look: Look):
    shared('enabled_models = ["a:TWO"]\n')
    assert look().settings.enabled_models == ("a:TWO",)
    own('enabled_models = ["a/one", "a/two"]\n')
    assert look().settings.enabled_models == ("a:TWO",)
    assert look().problems == ()


@pytest.mark.parametrize("listed", [["b/three"], ["a/one", "b/three"], [], [""]])
def test_a_project_s_list_of_models_adds_none_to_the_user_s(
    own: Write, shared: Write, look: Look, listed: list[str]
):
    own('enabled_models = ["a/one", "a/two"]\n')
    shared(f"enabled_models = {listed}\n")
    assert look().settings.enabled_models == ("a/one", "a/two")
    assert [problem.message for problem in look().problems] == [
        "enabled_models: a project can only be stricter than a/one, a/two; your own settings decide that"
    ]


@pytest.mark.parametrize(
    ("mine", "theirs"), [("grace_turns = 3", "grace_turns = 4"), ("strict_agent_files = true",) * 2]
)
def test_a_project_loosens_neither_the_last_turns_nor_strictness(
    own: Write, shared: Write, look: Look, mine: str, theirs: str
):
    own(f"{mine}\n")
    shared(theirs.replace("true", "false") + "\n")
    found = look()
    assert (found.settings.grace_turns, found.settings.strict_agent_files) in ((3, False), (5, True))
    assert "a project can only be stricter" in found.problems[0].message


def test_a_project_may_be_stricter_in_them(shared: Write, look: Look):
    shared("grace_turns = 1\nstrict_agent_files = true\n")
    assert look().settings == Settings(grace_turns=1, strict_agent_files=True)


def test_the_environment_sets_what_it_names(look: Look):
    found = look(
        SUBAGENTS_MAX_CONCURRENT=" 12 ",
        SUBAGENTS_OUTPUT_TRANSCRIPT="No",
        SUBAGENTS_MODEL="offline",
        SUBAGENTS_GRACE_TURNS="",
        SUBAGENTS_HOME="/srv/home",
        SUBAGENTS_RUN="none",
        MAX_DEPTH="1",
    )
    assert found.settings == Settings(max_concurrent=12, output_transcript=False, model="offline")
    assert found.problems == ()


def test_a_bad_value_leaves_what_stands_below(own: Write, shared: Write, look: Look):
    own("max_children = 2\n")
    shared("max_children = 0\n")
    found = look(SUBAGENTS_MAX_CHILDREN="many", SUBAGENTS_MAX_DEPHT="3")
    assert found.settings == Settings(max_children=2)
    assert [(problem.name, problem.message) for problem in found.problems] == snapshot(
        [
            ("max_children", "max_children must be a whole number from 1 to 1024, not 0"),
            ("max_children", "must be a whole number from 1 to 1024, not 'many'"),
            ("SUBAGENTS_MAX_DEPHT", "is no setting; did you mean SUBAGENTS_MAX_DEPTH?"),
        ]
    )


def test_who_calls_is_told_at_once(project: Project):
    with pytest.raises(BadSetting, match="max_children must be"):
        layered(project, {}, {"max_children": 0})
    with pytest.raises(BadSetting, match="did you mean max_children"):
        layered(project, {}, {"maxChildren": 1})


def test_problems_of_a_file_say_where_and_what_would_be_right(shared: Write, look: Look):
    path = shared(
        """\
# ours
max_concurrent = true
maxDepth = 2
text = '''
grace_turns = 1
'''
grace_turns = 0
"tree_mode" = "sideways"

[limits]
max_children = 3
"""
    )
    found = look()
    assert found.settings == Settings()
    said = [str(problem) for problem in found.problems]
    assert all(text.startswith(f"{path}:") for text in said)
    assert [text.removeprefix(f"{path}:") for text in said] == snapshot(
        [
            "2: max_concurrent must be a whole number from 1 to 1024, not true",
            "3: there is no setting 'maxDepth'; did you mean max_depth?",
            "4: there is no setting 'text'",
            "7: grace_turns must be a whole number from 1 to 1000, not 0",
            "8: tree_mode must be one of auto, rich, compact, not 'sideways'",
            "10: there is no setting 'limits'; settings stand at the top of the file, without a section",
        ]
    )


def test_a_file_of_nonsense_does_not_fill_the_screen(shared: Write, look: Look):
    shared("".join(f"x{n} = {n}\n" for n in range(2000)))
    problems = look().problems
    assert len(problems) == 21
    assert problems[-1].message == "and 1980 more like these"


# --- what a project's file may not do


@pytest.mark.parametrize(
    ("user", "project_says", "stands"),
    [
        ("", "default_max_turns = 0", {}),
        ("", "default_max_turns = 101", {}),
        ("", "default_max_turns = 20", {"default_max_turns": 20}),
        ("default_max_turns = 0", "default_max_turns = 0", {"default_max_turns": 0}),
        ("default_max_turns = 0", "default_max_turns = 500", {"default_max_turns": 500}),
        ("", "default_max_cost = 5", {"default_max_cost": 5.0}),
        ("default_max_cost = 2", "default_max_cost = 0", {"default_max_cost": 2.0}),
        ("default_max_cost = 2", "default_max_cost = 2.5", {"default_max_cost": 2.0}),
        ("default_max_tokens = 9", "default_max_tokens = 8", {"default_max_tokens": 8}),
        ("", "max_depth = 5", {}),
        ("", "max_depth = 0", {"max_depth": 0}),
        ("scope_models = true", "scope_models = false", {"scope_models": True}),
        ("", "scope_models = true", {"scope_models": True}),
        ('enabled_models = ["a/b"]', "enabled_models = []", {"enabled_models": ("a/b",)}),
        ("", "session_max_age_days = 1", {}),
        ("", 'openai_base_url = "http://elsewhere.test"', {}),
        ("", 'keys_in_keyring = ["A_KEY"]', {}),
        ("", 'model = "script:turns.yaml"', {}),
        ('model = "script:turns.yaml"', "", {"model": "script:turns.yaml"}),
    ],
)
def test_a_project_can_be_stricter_but_not_looser(
    own: Write, shared: Write, look: Look, user: str, project_says: str, stands: dict[str, object]
):
    own(user)
    shared(project_says)
    found = look()
    assert found.settings == Settings(**stands)  # type: ignore[arg-type]
    name = project_says.partition(" ")[0]
    kept = not name or found.source_of(name).layer is Layer.PROJECT
    assert [problem.name for problem in found.problems] == ([] if kept else [name])


def test_the_environment_is_the_user_s_word(look: Look):
    assert look(SUBAGENTS_DEFAULT_MAX_TURNS="0").settings.default_max_turns == 0


def test_the_user_s_own_folder_is_no_project_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SUBAGENTS_HOME", str(tmp_path / ".subagents"))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".subagents").mkdir()
    user_file().write_text("session_max_age_days = 1\n", encoding="utf-8")

    found = layered(project_at(tmp_path), {})

    assert (found.settings, found.problems) == (Settings(session_max_age_days=1), ())


def test_a_project_cannot_open_private_networks_and_may_close_them(own: Write, shared: Write, look: Look):
    shared("fetch_private = true\n")
    assert look().settings.fetch_private is False
    own("fetch_private = true\n")
    assert look().settings.fetch_private is True
    shared("fetch_private = false\n")
    assert look().settings.fetch_private is False
