"""A conversation that a person gives an agent to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.acting import called


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    agents = tmp_path / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "heir.md").write_text("---\ndescription: goes on\ninherit_context: true\n---\nGo on.\n")
    (tmp_path / "turns.yaml").write_text(json.dumps({"turns": [{"text": "done"}]}))
    (tmp_path / "chat.txt").write_text("User: fix retry.py\nYou: done\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_begins_with_the_text_of_the_file(project: Path):
    done = called("run", "--json", "--context", "chat.txt", "--model", "script:turns.yaml", "heir", "go on")
    assert (done.code, json.loads(done.out)["text"]) == (0, "done")
    shown = called("show", json.loads(done.out)["id"])
    assert "Inherited" in shown.out
    assert "what the caller gave" in shown.out


def test_without_it_an_agent_that_inherits_is_not_begun_unless_it_is_not_to(project: Path):
    words = ("--model", "script:turns.yaml", "heir", "go on")
    refused = called("run", *words)
    assert refused.code == 2
    assert "give what it should know of it as text in context" in refused.err
    assert called("run", "--no-inherit-context", *words).code == 0


@pytest.mark.parametrize(
    ("option", "told"),
    [("nowhere.txt", "cannot be read"), ("empty.txt", "is empty; it should hold the conversation so far")],
)
def test_a_file_that_has_no_conversation_is_refused(project: Path, option: str, told: str):
    (project / "empty.txt").write_text(" \n")
    done = called("run", "--context", option, "heir", "go on")
    assert done.code == 2
    assert told in " ".join(done.err.split())


def test_to_give_one_and_to_refuse_it_is_a_mistake(project: Path):
    done = called("run", "--context", "chat.txt", "--no-inherit-context", "heir", "go on")
    assert done.code == 2
    assert "--no-inherit-context refuses" in " ".join(done.err.replace("│", " ").split())
