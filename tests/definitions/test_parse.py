"""A definition file's text to a definition and its problems."""

from __future__ import annotations

from dataclasses import replace

from inline_snapshot import snapshot
from tests.definitions.stories import definition, parsed
from tests.definitions.test_frontmatter import MISFENCED

from subagents.definitions.model import AgentDefinition
from subagents.spec import DefinitionSource, PromptMode, ToolSelection

ALL = ToolSelection()


# --- the whole file


def test_a2_a_bare_prompt_is_an_agent_named_after_its_file_with_everything_undecided():
    bare = definition("Just a prompt, no fences.", "bare.md")

    assert bare == AgentDefinition(
        name="bare",
        description="bare",
        tools=ALL,
        model="",
        max_turns=None,
        max_seconds=None,
        prompt_mode=PromptMode.REPLACE,
        output_schema=None,
        enabled=True,
        body="Just a prompt, no fences.",
        source=DefinitionSource("/agents/bare.md", "digest", "project"),
    )


def test_a3_empty_front_matter_decides_no_more_than_none():
    minimal = definition("---\n---\n\nJust a prompt.", "minimal.md")
    bare = definition("Just a prompt.", "minimal.md")

    assert minimal == bare


def test_a5_an_empty_file_is_an_agent_without_a_prompt():
    assert definition("").body == ""
    assert definition("---\nname: a\n---\n\n  \n").body == ""


def test_a_full_definition_is_read_without_a_problem():
    text = """---
name: reviewer
description: "Reviews: carefully"
tools: read, grep
disallowed_tools: [bash]
model: anthropic:claude-haiku-4-5
max_turns: 20
max_seconds: 90.5
prompt_mode: append
output_schema: {type: object}
enabled: true
---

You review.
"""
    found = parsed(text)

    assert found.problems == ()
    assert found.definition == AgentDefinition(
        name="reviewer",
        description="Reviews: carefully",
        tools=ToolSelection(("read", "grep"), ("bash",)),
        model="anthropic:claude-haiku-4-5",
        max_turns=20,
        max_seconds=90.5,
        prompt_mode=PromptMode.APPEND,
        output_schema={"type": "object"},
        body="You review.",
        source=found.source,
    )


def test_a39_crlf_and_a_byte_order_mark_change_nothing():
    text = "---\nname: a\nenabled: false\ntools: read\n---\nbody"
    plain = definition(text)

    assert not plain.enabled
    assert definition(text.replace("\n", "\r\n")) == plain
    assert definition("\ufeff" + text) == plain


def test_a37_a_fence_that_was_meant_otherwise_is_told():
    assert parsed("---\ndescription: x\n----\nenabled: false\n---\nbody").definition == replace(
        definition("---\ndescription: x\n---\nx"), body="enabled: false\n---\nbody"
    )
    assert [str(problem) for problem in parsed("---\ndescription: x\n----\nbody").problems] == snapshot(
        [
            "/agents/scout.md:3: '----' ended the front matter, because it starts with ---; the rest is the prompt"
        ]
    )


def test_a41_a_file_whose_fence_is_never_closed_or_is_none_is_not_used_which_is_never_wider():
    # Others take such a file for a prompt and give it every tool; but whoever wrote `tools: read` did not mean that.
    open_ended = parsed("---\ndescription: x\nbody")
    ruled = parsed("---\n\nA prompt below a line.")
    misfenced = [parsed(text) for text in MISFENCED]

    assert [str(problem) for problem in open_ended.problems] == snapshot(
        ["/agents/scout.md:1: the front matter is never closed with ---, so the file is not used"]
    )
    assert all(
        found.definition is None and found.name == "scout" and len(found.problems) == 1
        for found in (open_ended, ruled, *misfenced)
    )


def test_a_file_that_is_not_yaml_is_no_definition_and_keeps_its_name():
    broken = parsed("---\nname: x\ndescription: Use when: foo\n---\nbody")

    assert broken.definition is None
    assert broken.name == "scout"
    [problem] = broken.problems
    assert (problem.path, problem.line) == ("/agents/scout.md", 3)
    assert problem.message == snapshot(
        'mapping values are not allowed in this context; if a value holds a colon, quote it: key: "one: two"'
    )


def test_a43_a_key_that_stands_twice_makes_the_file_unusable():
    broken = parsed("---\nmodel: a\ndescription: x\nmodel: b\n---\nbody")

    assert broken.definition is None
    assert [str(problem) for problem in broken.problems] == snapshot(
        ["/agents/scout.md:4: the key 'model' stands here twice; keep one"]
    )


def test_the_problems_are_in_the_order_of_the_lines_and_those_of_the_whole_file_last():
    found = parsed("---\nquux: 1\ntools: 3\nhooks: a\nmax_turns: x\n---\n")

    assert [problem.line for problem in found.problems] == [2, 3, 4, 5, None]
