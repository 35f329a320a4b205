from __future__ import annotations

from pathlib import Path

import pytest

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.folders import builtin_folder, read_definition
from subagents.definitions.installed import found_at, installed_only, program_of
from subagents.definitions.model import Parsed, Scope
from subagents.definitions.output_table import table_of
from subagents.definitions.parse import parse
from subagents.errors import UnknownAgent
from subagents.spec import CommandLine, DefinitionSource


def file(name: str, scope: Scope, program: str = "parrot") -> Parsed:
    text = f"---\ndescription: Repeats.\nrunner: {{command: [{program}]}}\n---\n"
    return parse(text, DefinitionSource(f"/srv/{scope}/{name}.md", "", scope))


def test_a_packaged_agent_whose_program_is_missing_is_left_out_and_the_rest_stays():
    files = [file("one", Scope.PACKAGED), file("two", Scope.PACKAGED, "cat"), file("mine", Scope.USER)]
    kept, missing = installed_only(files, lambda program: program == "cat")
    assert [parsed.name for parsed in kept] == ["two", "mine"]
    assert missing == {"one": "The agent 'one' runs the program 'parrot', which is not installed here."}


def test_whoever_asks_for_it_is_told_what_is_missing():
    kept, missing = installed_only([file("Parrot", Scope.PACKAGED)], lambda _: False)
    with pytest.raises(
        UnknownAgent, match="The agent 'Parrot' runs the program 'parrot', which is not installed"
    ):
        AgentCatalog(kept, (), missing).find("parrot")


def test_a_definition_of_ones_own_takes_the_place_of_a_missing_one():
    kept, missing = installed_only([file("one", Scope.PACKAGED), file("one", Scope.USER)], lambda _: False)
    assert AgentCatalog(kept, (), missing).find("one").source is not None


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode"])
def test_the_packaged_programs_have_a_table_a_way_to_resume_and_no_problem(name: str):
    parsed = read_definition(Path(builtin_folder(), f"{name}.md"), Scope.PACKAGED)
    assert parsed is not None
    assert parsed.problems == ()
    assert parsed.definition is not None
    runner = parsed.definition.runner
    assert isinstance(runner, CommandLine)
    assert table_of(runner.output).rules
    assert "{session}" in runner.resume
    assert program_of(parsed.definition) == runner.resume[0]
    # What they may do is for the user's own settings to say.
    assert not any("dangerous" in part or "yolo" in part or "permission" in part for part in runner.command)


def test_a_program_is_looked_for_in_absolute_folders_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "bin" / "parrot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.chdir(program.parent)
    for path in ("", ".", "..:.", "../bin", ":/nowhere", "/nowhere:"):
        assert found_at("parrot", path) is None
    assert found_at("parrot", f".:{program.parent}") == str(program)
