"""What a settings file of pi-subagents means here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from subagents.errors import SettingsFileError
from subagents.settings.importing import read_pi


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "subagents.json"


def test_all_its_keys_are_ours_or_explained(file: Path):
    everything = {
        "maxConcurrent": 10,
        "defaultMaxTurns": 0,
        "graceTurns": 5,
        "defaultJoinMode": "smart",
        "backgroundByDefault": True,
        "schedulingEnabled": True,
        "scopeModels": False,
        "disableDefaultAgents": False,
        "strictAgentFiles": False,
        "fallbackSubagent": False,
        "toolDescriptionMode": "full",
        "waitTimeoutSeconds": 270,
        "abortResendKey": " f9 ",
        "widgetDisplayMode": "auto",
        "widgetMode": "background",
        "fleetView": True,
        "outputTranscript": True,
        "rollupChildUsage": False,
        "herdrReportWorking": True,
        "agentMentions": True,
        "rememberAgents": True,
        "worktreeIsolation": True,
        "maxSubagentDepth": 2,
        "reportUsage": False,
        "showCost": False,
        "structuredRetries": 1,
        "retentionMinutes": 30,
        "scheduleOverlap": "skip",
        "somethingNew": 1,
    }
    file.write_text("\ufeff" + json.dumps(everything), encoding="utf-8")
    meant = {each.key: each.value if each.name else each.why for each in read_pi(file)}
    assert meant == snapshot(
        {
            "maxConcurrent": 10,
            "defaultMaxTurns": 0,
            "graceTurns": 5,
            "defaultJoinMode": "smart",
            "backgroundByDefault": True,
            "schedulingEnabled": True,
            "scopeModels": False,
            "disableDefaultAgents": False,
            "strictAgentFiles": False,
            "fallbackSubagent": "none",
            "toolDescriptionMode": "full",
            "waitTimeoutSeconds": 270,
            "abortResendKey": "f9",
            "widgetDisplayMode": "auto",
            "widgetMode": "background",
            "fleetView": True,
            "outputTranscript": True,
            "rollupChildUsage": False,
            "herdrReportWorking": "nothing is reported to a terminal multiplexer here",
            "agentMentions": "model",
            "rememberAgents": "a session always remembers its agents here",
            "worktreeIsolation": True,
            "maxSubagentDepth": 2,
            "reportUsage": "usage is always reported here",
            "showCost": False,
            "structuredRetries": 1,
            "retentionMinutes": "sessions are kept for days here; see session_max_age_days",
            "scheduleOverlap": "skip",
            "somethingNew": "there is no such setting here",
        }
    )


def test_mentions_were_a_switch_once(file: Path):
    file.write_text('{"agentMentions": false}', encoding="utf-8")
    assert [each.value for each in read_pi(file)] == ["off"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'["a"]',
        b'"text"',
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b" " * 2_000_000,
        json.dumps(dict.fromkeys(map(str, range(2000)))).encode(),
    ],
    ids=["empty", "cut", "list", "text", "null", "not-utf-8", "deep", "long-number", "huge", "many-keys"],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(file: Path, raw: bytes):
    file.write_bytes(raw)
    with pytest.raises(SettingsFileError, match=r"cannot be imported: it is .*\.$"):
        read_pi(file)


def test_and_so_is_a_folder_and_one_that_is_not_there(file: Path):
    with pytest.raises(SettingsFileError, match="No such file"):
        read_pi(file)
    with pytest.raises(SettingsFileError, match="not a regular file"):
        read_pi(file.parent)
