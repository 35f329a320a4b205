"""`subagents agents` as a process: streams, exit codes, what the next command sees, and a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.conftest import Call, Script
from tests.doors.program import Terminal


def test_an_agent_is_made_run_disabled_enabled_and_deleted(call: Call, project: Path, script: Script):
    made = call(
        "agents", "new", "critic", "-d", "Judges: plays", "--tools", "none", "--body", "-", stdin="Judge."
    )
    path = project / ".subagents" / "agents" / "critic.md"
    assert (made.code, made.out) == (0, f"{path}\n")
    assert path.read_text(encoding="utf-8").endswith("\n\nJudge.\n")
    answered = script({"text": "Fine."}, repeat=True)
    assert call("run", "critic", "Hamlet", answered).out == "Fine.\n"

    before = path.read_bytes()
    assert call("agents", "disable", "critic").code == 0
    refused = call("run", "critic", "Hamlet", answered)
    assert (refused.code, refused.out) == (2, "")
    assert "is disabled in" in refused.err
    assert call("agents", "enable", "critic").code == 0
    assert path.read_bytes() == before

    assert call("agents", "delete", "critic").code == 2
    assert call("agents", "delete", "critic", "--yes").code == 0
    assert not path.exists()


def test_what_a_program_reads_is_json_and_nothing_else(call: Call):
    listed = call("agents", "list", "--json")
    assert {"answerer", "worker", "Explore"} <= {each["name"] for each in json.loads(listed.out)}
    assert json.loads(call("agents", "match", "search code", "--json").out)[0]["name"] == "Explore"
    assert json.loads(call("agents", "validate", "--format", "json").out) == []


def test_validate_fails_a_build(call: Call, project: Path):
    assert call("agents", "validate").code == 0
    (project / ".subagents" / "agents" / "bad.md").write_text("---\nmax_turn: 1\n---\n", encoding="utf-8")
    done = call("agents", "validate", "--format", "github")
    assert done.code == 1
    assert done.out == (
        "::error file=.subagents/agents/bad.md,line=2::there is no key 'max_turn'; did you mean `max_turns`?\n"
    )


def test_a_person_is_asked_before_a_file_is_deleted(call: Call, project: Path):
    path = project / ".subagents" / "agents" / "worker.md"
    for answer, left in (("n\r", True), ("y\r", False)):
        terminal = Terminal(("agents", "delete", "worker"), project)
        terminal.shows("for good?")
        terminal.types(answer)
        assert terminal.ends() == 0
        terminal.clean_up()
        assert path.exists() is left


def test_at_a_terminal_an_agent_is_made_by_answers_and_an_editor(project: Path):
    terminal = Terminal(("agents", "new"), project, VISUAL="sed -i.old s/You/They/")
    for question, answer in (
        ("Name", "critic"),
        ("Who is to have it?", "1"),
        ("When is it to be used?", "Judges: plays"),
        ("Which tools", "3"),
        ("Which model", "1"),
        ("How hard", "1"),
    ):
        terminal.shows(question)
        terminal.types(f"{answer}\r")
    assert terminal.ends() == 0
    terminal.clean_up()
    text = (project / ".subagents" / "agents" / "critic.md").read_text(encoding="utf-8")
    assert text == '---\ndescription: "Judges: plays"\ntools: none\n---\n\nThey are critic. Judges: plays\n'


WRITTEN = {
    "name": "critic",
    "description": "Judges: plays",
    "capabilities": ["judging", "theatre"],
    "tools": ["read"],
    "prompt": "Judge.\n\nBriefly.",
}


def test_an_agent_is_written_by_an_agent(call: Call, project: Path, script: Script):
    model = script({"text": json.dumps(WRITTEN)}).removeprefix("--model=")
    done = call("agents", "new", "--generate", "judges plays", "--thinking", "high", SUBAGENTS_MODEL=model)
    path = project / ".subagents" / "agents" / "critic.md"
    assert (done.code, done.out) == (0, f"{path}\n")
    assert "Read it before you use it." in done.err
    assert path.read_text(encoding="utf-8") == (
        '---\ndescription: "Judges: plays"\ncapabilities: judging, theatre\ntools: read\nthinking: high\n---\n\n'
        "Judge.\n\nBriefly.\n"
    )
    assert json.loads(call("ps", "--all", "--json").out)[0]["agent"] == "general-purpose"


def test_without_a_language_model_no_agent_is_written(call: Call, project: Path):
    done = call("agents", "new", "critic", "--generate", "judges plays")
    assert (done.code, done.out) == (2, "")
    assert "`subagents setup` chooses one" in done.err
    assert not (project / ".subagents" / "agents" / "critic.md").exists()


def test_a_writer_that_fails_leaves_nothing_and_says_where_to_look(call: Call, project: Path, script: Script):
    model = script({"error": {"status": 401}}).removeprefix("--model=")
    done = call("agents", "new", "critic", "--generate", "judges plays", SUBAGENTS_MODEL=model)
    assert done.code == 2
    assert "It came to no definition: " in done.err
    assert "See `subagents log " in done.err
    assert not (project / ".subagents" / "agents" / "critic.md").exists()
