"""Asked to change something, the offline model ends the run with what is needed; asked about a change, it searches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.models.conftest import AskOf

from subagents.errors import NeedsLanguageModel
from subagents.models.offline.intent import asks_for_change, asks_to_run, clearly_asks_for_change

pytestmark = pytest.mark.anyio


async def write(path: str, content: str) -> str:
    raise AssertionError("the offline model writes nothing")


async def bash(command: str) -> str:
    raise AssertionError("the offline model runs nothing")


@pytest.fixture
def project(repository: Callable[[dict[str, str]], Path]) -> Path:
    return repository({"client.py": "def retry() -> None:\n    '''Tries again.'''\n"})


async def test_a_change_needs_a_language_model_and_the_variable_is_named(agent_in: AskOf, project: Path):
    with pytest.raises(NeedsLanguageModel) as raised:
        await agent_in(project, others=(write,)).run("Please add a timeout to `retry`.")

    assert str(raised.value) == snapshot(
        "needs a language model: set ANTHROPIC_API_KEY, OPENAI_API_KEY or another provider's key. The "
        "offline model only searches, and 'Please add a timeout to `retry`.' asks for a change."
    )


async def test_so_does_one_that_is_streamed_or_asked_for_later(agent_in: AskOf, project: Path):
    agent = agent_in(project, others=(write,))
    with pytest.raises(NeedsLanguageModel):
        async with agent.run_stream("Fix it.") as streamed:
            await streamed.get_output()

    found = await agent.run("Where is retry defined?")
    with pytest.raises(NeedsLanguageModel):
        await agent.run("Now add a timeout to it.", message_history=found.all_messages())


async def test_a_question_in_the_same_agent_is_answered(agent_in: AskOf, project: Path):
    answer = (await agent_in(project, others=(write, bash)).run("Where is retry defined?")).output
    assert "1. client.py:1" in answer


@pytest.mark.parametrize("prompt", ["Add a timeout to `retry`.", "rename the function retry to again"])
async def test_an_agent_that_cannot_write_needs_one_as_well(agent_in: AskOf, project: Path, prompt: str):
    with pytest.raises(NeedsLanguageModel, match=r"set ANTHROPIC_API_KEY.* asks for a change"):
        await agent_in(project).run(prompt)


async def test_so_does_running_something(agent_in: AskOf, project: Path):
    with pytest.raises(NeedsLanguageModel):
        await agent_in(project, others=(bash,)).run("run the tests")
    with pytest.raises(NeedsLanguageModel) as raised:
        await agent_in(project).run("run the tests")

    assert str(raised.value) == snapshot(
        "needs a language model: set ANTHROPIC_API_KEY, OPENAI_API_KEY or another provider's key. The "
        "offline model only searches, and 'run the tests' asks to run something."
    )


async def test_how_to_change_something_is_a_question(agent_in: AskOf, project: Path):
    assert "1. client.py:1" in (await agent_in(project).run("How do I add a timeout to `retry`?")).output
    assert "1. client.py:1" in (await agent_in(project).run("Plan how to rename `retry`.")).output


async def test_a_planner_plans_even_if_it_could_run_commands(agent_in: AskOf, project: Path):
    agent = agent_in(project, others=(bash,), instructions="You are a software architect who makes plans.")
    assert "## Files likely to change" in (await agent.run("Add a timeout to `retry`.")).output


@pytest.mark.parametrize(
    "prompt",
    [
        "Fix the failing test",
        "please refactor the client",
        "Could you rename Client to Session?",
        "I want you to implement retries.",
        "You should delete the old module.",
        "- Add a timeout\n- Update the docs",
        "Find the bug in the parser and fix it.",
        "Look at client.py, then add a test for it.",
        "Write a function that parses dates.",
        "The build is broken.\n\nRepair it.",
        "Let's move the helpers into a module of their own",
        "Clean up the imports",
        "Now update CHANGELOG.md",
    ],
)
def test_imperatives_of_change_are_changes(prompt: str):
    assert asks_for_change(prompt)
    assert clearly_asks_for_change(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "Where is the user added?",
        "which function deletes files",
        "How do we update the cache?",
        "Find where retries are added and removed.",
        "Find the functions that create and delete the files.",
        "Explain how to add a provider.",
        "Is the log file written and then removed?",
        "Write a summary of how sessions are stored.",
        "Make a list of all the settings.",
        "Create a short report on error handling.",
        "What would have to change to support Windows?",
        "Update of the index: where?",
        "List all places that write to the database",
        "Look at the parser and write a summary of it.",
        "Plan how to rename the client and update the docs.",
        "Plan this:\n- Add a timeout\n- Rename the client",
        "Find where we do these:\n- add a user\n- delete a user",
        "What does this commit do?\n```\nFix the parser\n```\n> Add a test",
        "Where is retry defined? Change nothing.",
        "",
    ],
)
def test_questions_about_changes_are_not(prompt: str):
    assert not asks_for_change(prompt)
    assert not clearly_asks_for_change(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "update cache",
        "merge conflicts",
        "release notes",
        "format string errors",
        "Where is retry defined? Make sure you name all the callers.",
        "Find the callers, and extract the names.",
        "Debug output: where does it go?",
    ],
)
def test_to_an_agent_that_searches_words_to_look_for_and_wishes_for_the_answer_are_no_change(prompt: str):
    assert not clearly_asks_for_change(prompt)


@pytest.mark.parametrize(
    ("prompt", "command"),
    [
        ("run the tests", True),
        ("Please execute `make test`", True),
        ("Can you run pytest?", True),
        ("Re-run the failing test.", True),
        ("execute all migrations", True),
        ("How are the tests run?", False),
        ("run state", False),
        ("Run a quick search for the cache.", False),
        ("Run two agents: where is the cache, and where is the log?", False),
        ("Where do we run the tests?", False),
        ("Run through the parser", False),
    ],
)
def test_a_command_to_run_is_told_from_a_search(prompt: str, command: bool):
    assert asks_to_run(prompt) is command
