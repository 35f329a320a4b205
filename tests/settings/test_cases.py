"""The table of cases, section J: what a project's file says and what is loaded; and the same said to another tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.settings.conftest import Write

from subagents.errors import SettingsFileError
from subagents.places import Project
from subagents.settings import files
from subagents.settings.importing import read_pi
from subagents.settings.layers import Layered
from subagents.settings.model import Settings
from subagents.settings.writing import change

Look = Callable[..., Layered]

SWITCHES = {
    "scopeModels": "scope_models",
    "strictAgentFiles": "strict_agent_files",
    "fleetView": "fleet_view",
    "outputTranscript": "output_transcript",
    "worktreeIsolation": "worktree_isolation",
}

NOT_COERCED: tuple[Any, ...] = (["none"], None, 42, True, {}, "   ")

# row, key of pi-subagents, ours, value, what is loaded; None for what is dropped
ROWS: list[tuple[str, str, str, Any, Any]] = [
    *(("J5", "maxConcurrent", "max_concurrent", value, value) for value in (1, 1024)),
    ("J7", "maxConcurrent", "max_concurrent", True, None),
    *(("J9", "graceTurns", "grace_turns", value, None) for value in (0, 1001)),
    *(("J9", "graceTurns", "grace_turns", value, value) for value in (1, 1000)),
    *(("J11", "waitTimeoutSeconds", "wait_timeout_seconds", value, value) for value in (30, 3600)),
    *(
        ("J11", "waitTimeoutSeconds", "wait_timeout_seconds", value, None)
        for value in (29, 3601, 270.5, "60")
    ),
    *(("J13", "defaultJoinMode", "default_join_mode", value, value) for value in ("async", "group", "smart")),
    *(("J13", "defaultJoinMode", "default_join_mode", value, None) for value in ("invalid", 42, "")),
    *(("J15", "widgetMode", "widget_mode", value, value) for value in ("all", "background", "off")),
    ("J15", "widgetMode", "widget_mode", "sideways", None),
    *(("J17", key, ours, value, value) for key, ours in SWITCHES.items() for value in (True, False)),
    *(("J17", key, ours, value, None) for key, ours in SWITCHES.items() for value in ("yes", 1, None)),
    *(
        ("J19", "fallbackSubagent", "fallback_subagent", value, "none")
        for value in ("none", "NONE", " none ", False)
    ),
    *(("J21", "fallbackSubagent", "fallback_subagent", value, None) for value in NOT_COERCED),
    ("J23", "abortResendKey", "abort_resend_key", "  shift+escape  ", "shift+escape"),
    *(("J23", "abortResendKey", "abort_resend_key", value, None) for value in ("", "   ", 42)),
]
IDS = [f"{row}-{key}-{json.dumps(value)}" for row, key, _ours, value, _loaded in ROWS]


@pytest.mark.parametrize(("row", "key", "ours", "value", "loaded"), ROWS, ids=IDS)
def test_a_project_s_file_is_loaded(
    own: Write, shared: Write, look: Look, row: str, key: str, ours: str, value: Any, loaded: Any
):
    # TOML has no null; a key with nothing behind it is no TOML, and the whole file says nothing.
    text = "" if value is None else "{}" if value == {} else json.dumps(value)
    shared(f"max_children = 3\n{ours} = {text}\n")
    below = {"grace_turns": 1000} if row == "J9" else {}  # a project can only be stricter
    own("".join(f"{name} = {most}\n" for name, most in below.items()))

    found = look()

    expected: dict[str, Any] = {ours: loaded} if loaded is not None else below
    others: dict[str, Any] = {} if value is None else {"max_children": 3}
    assert found.settings == Settings(**others, **expected)
    assert [problem.line for problem in found.problems] == ([] if loaded is not None else [2])


@pytest.mark.parametrize(("row", "key", "ours", "value", "loaded"), ROWS, ids=IDS)
def test_a_file_of_pi_subagents_means_the_same(
    tmp_path: Path, row: str, key: str, ours: str, value: Any, loaded: Any
):
    file = tmp_path / "subagents.json"
    file.write_text(json.dumps({key: value}), encoding="utf-8")

    [meant] = read_pi(file)

    assert (meant.key, meant.name, meant.value) == (key, ours, loaded)
    assert bool(meant.why) is (loaded is None)


def test_j1_no_files_are_no_problem(look: Look):
    assert look() == Layered()


@pytest.mark.parametrize("text", ['["a"]', '"text"', "null"])
def test_j3_what_is_no_list_of_settings_sets_nothing_and_is_told(shared: Write, look: Look, text: str):
    shared(text)
    found = look()
    assert found.settings == Settings()
    assert len(found.problems) == 1


def test_j25_a_bad_value_drops_only_itself(shared: Write, look: Look):
    shared('max_concurrent = 4\ndefault_max_turns = -5\ngrace_turns = 3\ndefault_join_mode = "nope"\n')
    found = look()
    assert found.settings == Settings(max_concurrent=4, grace_turns=3)
    assert [(problem.line, problem.name) for problem in found.problems] == [
        (2, "default_max_turns"),
        (4, "default_join_mode"),
    ]


def test_j27_defaults_are_not_written_down(project: Project, look: Look):
    path = files.project_file(project)
    change(path, {})
    change(path, {"max_children": None})
    assert not path.exists()
    change(path, {"max_children": 3})
    assert path.read_text(encoding="utf-8") == "max_children = 3\n"
    change(path, {"max_children": None})
    assert path.read_text(encoding="utf-8") == ""
    assert look() == Layered()


def test_j29_where_no_folder_can_be_made_a_sentence_says_so(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsFileError, match=r"cannot be written: .*\. Nothing was changed\."):
        change(tmp_path / "file" / "settings.toml", {"max_children": 3})
