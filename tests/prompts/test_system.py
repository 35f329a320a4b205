"""What a run's model reads as its role."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from inline_snapshot import snapshot

from subagents.definitions.model import MemoryScope
from subagents.prompts.environment import Environment, GitState
from subagents.prompts.memory import Index, Memory
from subagents.prompts.system import system_prompt
from subagents.spec import PromptMode, RunSpec

PLACE = Environment("Linux", "/srv/shop", "2026-11-20", GitState("main", "1a2b3c4d", 3))
SCHEMA = {"type": "object", "properties": {"naïve": {"type": "string"}}}


def spec(mode: PromptMode = PromptMode.REPLACE, **changes: Any) -> RunSpec:
    values: dict[str, Any] = {
        "agent": "Explore",
        "prompt": "find it",
        "description": "find it",
        "instructions": "You search.",
        "cwd": "/srv/shop",
        "project": "/srv/shop",
    }
    return RunSpec(**{**values, "prompt_mode": mode, **changes})


def test_y3_in_replace_mode_the_definition_is_the_whole_role():
    prompt = system_prompt(spec(), PLACE, "Use tabs.", parent_prompt="I am the parent.")

    assert prompt == snapshot("""\
<active_agent name="Explore"/>

You are a subagent. You were given one task; work on it by yourself until it is done, for nobody answers
questions meanwhile. Your last message is handed back as the result, and nothing else of what you write is:
it must stand on its own.

<environment>
Platform: Linux
Folder: /srv/shop
Git: branch main, 3 changed files
Date: 2026-11-20
</environment>

You search.\
""")


def test_in_append_mode_without_a_parent_the_projects_instructions_come_before_the_agents():
    prompt = system_prompt(spec(PromptMode.APPEND), PLACE, "Use tabs.")

    assert prompt == snapshot("""\
You are a software agent. You work with the tools you have in the folder below, read before you change
anything, and say what you did and what you could not do.

You are a subagent. You were given one task; work on it by yourself until it is done, for nobody answers
questions meanwhile. Your last message is handed back as the result, and nothing else of what you write is:
it must stand on its own.

<active_agent name="Explore"/>

<environment>
Platform: Linux
Folder: /srv/shop
Git: branch main, 3 changed files
Date: 2026-11-20
</environment>

Use tabs.

<agent_instructions>
You search.
</agent_instructions>\
""")


def test_y1_in_append_mode_the_parents_prompt_comes_first_byte_for_byte():
    parent = "  I am the parent.\n\n\tUse tabs. \n"
    prompt = system_prompt(spec(PromptMode.APPEND), PLACE, "Use tabs.", parent_prompt=parent)

    assert prompt.startswith(parent)
    assert prompt.count("Use tabs.") == 1
    rest = prompt[len(parent) :]
    assert rest.index("You are a subagent.") < rest.index("<active_agent") < rest.index("<environment>")
    assert "You are a software agent." not in prompt


def test_in_append_mode_an_empty_definition_has_no_element():
    assert "agent_instructions" not in system_prompt(spec(PromptMode.APPEND, instructions=""), PLACE)


@pytest.mark.parametrize("name", ["Code Reviewer", 'say "hi"', "a<b>&c", "it's"])
def test_y5_the_agents_name_stands_in_the_tag_as_it_is_and_is_escaped(name):
    first = system_prompt(spec(agent=name), PLACE).splitlines()[0]

    assert first.startswith('<active_agent name="')
    assert ElementTree.fromstring(first).get("name") == name


def test_another_identity_may_stand_in_the_tag():
    assert system_prompt(spec(), PLACE, identity="scout-2").startswith('<active_agent name="scout-2"/>')


@pytest.mark.parametrize(
    ("git", "known", "line"),
    [
        (GitState("main", "1a2b3c4d", 0), True, "branch main, clean"),
        (GitState("main", "1a2b3c4d", 1), True, "branch main, 1 changed file"),
        (GitState("", "1a2b3c4d", None), True, "detached at 1a2b3c4d"),
        (GitState("", "1a2b3c4d", 2), True, "detached at 1a2b3c4d, 2 changed files"),
        (GitState("main", "", 0), True, "branch main, no commit yet, clean"),
        (None, True, "not a repository"),
        (None, False, "not known"),
    ],
)
def test_the_state_of_the_repository_is_one_line(git, known, line):
    prompt = system_prompt(spec(), Environment("Linux", "/x", "2026-11-20", git, known))

    assert f"\nGit: {line}\n" in prompt


def test_a_folders_name_cannot_say_more_than_a_name():
    prompt = system_prompt(spec(), Environment("Linux", "/x\nGit: fine", "2026-11-20"))

    assert r"Folder: '/x\nGit: fine'" in prompt


@pytest.mark.parametrize("mode", PromptMode)
def test_what_the_answer_must_be_is_said_last_with_the_whole_schema(mode):
    prompt = system_prompt(spec(mode, output_schema=SCHEMA), PLACE)

    found = re.search(r"^Your final answer must be [^\n]*\n\n```json\n(.*?)\n```\Z", prompt, re.M | re.S)
    assert found is not None
    assert json.loads(found.group(1)) == SCHEMA
    assert "naïve" in prompt


def test_without_a_schema_nothing_is_said_about_the_answers_form():
    assert "Your final answer must be" not in system_prompt(spec(), PLACE)


# --- skills and memory


SKILLS = "<skills>\n# Preloaded Skill: pdf\n\nUse a library.\n</skills>"


def remembering(*lines: str) -> Memory:
    return Memory(MemoryScope.PROJECT, Path("/m"), ("read",), writes=False, index=Index("\n".join(lines)))


@pytest.mark.parametrize("mode", PromptMode)
def test_skills_come_after_the_role_then_the_memory_then_what_the_answer_must_be(mode):
    prompt = system_prompt(
        spec(mode, output_schema=SCHEMA),
        PLACE,
        skills=SKILLS,
        memory=remembering("tests need a database"),
        place="<place>\nhere\n</place>",
    )
    order = [
        "<environment>",
        "You search.",
        "<skills>",
        "<agent_memory",
        "Your final answer must be",
        "<place>",
    ]
    assert sorted(order, key=prompt.index) == order


@pytest.mark.parametrize("mode", PromptMode)
def test_two_runs_between_which_something_was_noted_begin_with_the_same_bytes_up_to_the_note(mode):
    before = system_prompt(spec(mode), PLACE, "Use tabs.", skills=SKILLS, memory=remembering("one", "two"))
    after = system_prompt(spec(mode), PLACE, "Use tabs.", skills=SKILLS, memory=remembering("one", "three"))

    same, _, rest = before.rpartition("two")
    assert after.encode().startswith(same.encode())
    assert same.endswith("`MEMORY.md`:\none\n")
    assert rest == "\n</agent_memory>"


def test_y1_skills_and_memory_change_nothing_of_the_parents_prompt_that_comes_first():
    parent = "I am the parent.\n"
    prompt = system_prompt(
        spec(PromptMode.APPEND), PLACE, parent_prompt=parent, skills=SKILLS, memory=remembering("one")
    )
    assert prompt.startswith(parent)
    assert prompt.index("<agent_instructions>") < prompt.index("<skills>") < prompt.index("<agent_memory")
