"""What is imported when, and what the package offers: each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import subagents
from subagents import errors

HEAVY = ["anthropic", "anyio", "mcp", "openai", "pydantic", "pydantic_ai", "rich", "textual", "typer"]


def loaded(program: str) -> set[str]:
    """Which of the heavy libraries are loaded after this program."""
    source = str(Path(subagents.__file__).parents[1])
    ending = f"import sys, json; json.dump(sorted(set({HEAVY}) & set(sys.modules)), sys.stderr)"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{program}\n{ending}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stderr))


def test_importing_the_package_imports_nothing():
    assert loaded("import subagents") == set()
    assert (
        loaded("import subagents; subagents.SpawnRequest, subagents.SpawnRefused, subagents.RunStatus")
        == set()
    )


def test_the_hot_command_needs_no_library_but_that_for_widths(tmp_path: Path):
    hot = (
        f"import os; os.chdir({str(tmp_path)!r}); from subagents.__main__ import main; main(['ps', '--json'])"
    )
    assert loaded(f"{hot}; assert 'rich.text' not in sys.modules") == {"rich"}


def test_the_line_for_status_lines_needs_no_model_library(tmp_path: Path):
    line = f"import os; os.chdir({str(tmp_path)!r}); from subagents.__main__ import main; main(['tree', '--line'])"
    assert loaded(line) <= {"rich", "typer"}


def test_the_parser_of_the_other_commands_needs_no_model_library():
    parse = "from subagents.cli.app import commands"
    assert loaded(parse) == {"rich", "typer"}


def test_everything_that_is_offered_is_there():
    assert {name for name in subagents.__all__ if getattr(subagents, name, None) is None} == set()
    assert set(subagents.__all__) <= set(dir(subagents))
    raised = {
        name for name, value in vars(errors).items() if getattr(value, "__module__", "") == errors.__name__
    }
    assert raised <= set(subagents.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert getattr(subagents, "Manager", None) is None
    assert not hasattr(subagents, "pydantic_ai")


def test_one_call_runs_an_agent(tmp_path: Path):
    agents = tmp_path / ".subagents" / "agents"
    agents.mkdir(parents=True)
    (agents / "answerer.md").write_text("---\ndescription: Answers.\ntools: read\n---\nAnswer.")
    (tmp_path / "script.yaml").write_text("turns: [{text: 'forty-two'}]")
    result = subagents.run(
        "answerer", "how many?", path=str(tmp_path), model=f"script:{tmp_path / 'script.yaml'}"
    )
    assert (result.text, result.run.status) == ("forty-two", subagents.RunStatus.COMPLETED)
