"""`subagents agents` as a process: streams, exit codes, what the next command sees, and a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
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


@pytest.mark.parametrize(
    "arguments",
    [
        *(["agents", each] for each in ("show", "disable", "enable", "eject", "reset", "delete", "import")),
        ["agents", "validate"],
        ["agents", "new", "-d", "x", "--body", "x"],
        ["run", "--model=offline", "--agent"],
        ["trust"],
        ["settings", "set", "model"],
        ["models", "--provider"],
    ],
    ids=" ".join,
)
def test_a_word_that_is_no_text_is_refused_in_a_sentence(call: Call, project: Path, arguments: list[str]):
    before = sorted(project.rglob("*"))

    done = call(*arguments, "x\udcff")

    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err
    assert "bug" not in done.err
    assert sorted(project.rglob("*")) == before


def test_nothing_that_a_file_is_called_steers_the_terminal_that_a_log_is_read_on(call: Call, project: Path):
    name = "bad\x1b]0;pwned\x07\u202e.md"
    (project / ".subagents" / "agents" / name).write_text("---\nmax_turn: 1\n---\n", encoding="utf-8")
    for arguments in (
        ("agents", "validate"),
        ("agents", "validate", "--format", "github"),
        ("agents", "validate", "--format", "json"),
        ("agents", "validate", f".subagents/agents/{name}"),
        ("agents", "show", name.removesuffix(".md")),
        ("doctor",),
    ):
        done = call(*arguments)
        assert "pwned" in done.out + done.err
        assert (done.out + done.err).replace("\n", "").isprintable()


def test_a_projects_link_to_a_key_is_no_prompt(
    call: Call, project: Path, tmp_path_factory: pytest.TempPathFactory
):
    key = tmp_path_factory.mktemp("home") / "id_rsa"
    key.write_text("---\ndescription: x\n---\nthe key", encoding="utf-8")
    (project / ".subagents" / "agents" / "pw.md").symlink_to(key)
    for arguments in (
        ("run", "pw", "hi", "--model=offline"),
        ("agents", "show", "pw"),
        ("agents", "disable", "pw"),
    ):
        done = call(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "is a link" in done.err
    validated = call("agents", "validate", ".subagents/agents/pw.md")
    assert (validated.code, "is a link out of the project" in validated.out) == (1, True)


def test_of_files_that_are_named_no_others_are_read(call: Call, project: Path):
    (project / ".subagents" / "agents" / "bad.md").write_text("---\nmax_turn: 1\n---\n", encoding="utf-8")

    done = call("agents", "validate", ".subagents/agents/worker.md")

    assert (done.code, done.out, done.err) == (0, "", "1 file, no problems.\n")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/dev/zero", "it is not a regular file"),
        ("long.txt", "longer than the 1,000,000 bytes"),
        ("gone", "No such"),
    ],
)
def test_a_prompt_comes_from_a_file_that_an_agent_can_have(call: Call, project: Path, source: str, why: str):
    (project / "long.txt").write_text("x" * 1_000_001, encoding="utf-8")

    done = call("agents", "new", "critic", "-d", "x", "--from", source)

    assert done.code == 2
    assert why in " ".join(done.err.split())
    assert not (project / ".subagents" / "agents" / "critic.md").exists()


def test_a_prompt_from_standard_input_has_an_end(call: Call, project: Path):
    done = call("agents", "new", "critic", "-d", "x", "--body", "-", stdin="x" * 1_000_001)

    assert done.code == 2
    assert "Standard input is longer than the 1,000,000 bytes" in " ".join(done.err.split())
    assert not (project / ".subagents" / "agents" / "critic.md").exists()


def test_at_a_terminal_lines_are_broken_between_words(call: Call, project: Path):
    (project / ".subagents" / "agents" / "misspelt.md").write_text(
        "---\nmax_turn: 1\n---\n", encoding="utf-8"
    )
    terminal = Terminal(("agents", "validate"), project)
    assert terminal.ends() == 1
    terminal.clean_up()
    assert terminal.seen.splitlines() == [
        ".subagents/agents/misspelt.md:2: there is no key 'max_turn'; did you mean",
        "  `max_turns`?",
        "1 problem in 1 of 3 files.",
    ]
    piped = call("agents", "validate").out
    assert piped == f"{' '.join(line.strip() for line in terminal.seen.splitlines()[:2])}\n"


def test_doctor_fits_a_narrow_terminal(project: Path):
    terminal = Terminal(("doctor",), project, COLUMNS="40")
    assert terminal.ends() == 0
    terminal.clean_up()
    lines = terminal.seen.splitlines()
    assert {"ok       git", "ok       project"} <= set(lines)
    assert max(map(len, lines)) <= 40
