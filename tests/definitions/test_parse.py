"""A definition file's text to a definition and its problems."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.definitions.fields import KEYS, LATER
from subagents.definitions.model import AgentDefinition, Parsed
from subagents.definitions.parse import parse
from subagents.spec import DefinitionSource, PromptMode, ToolSelection

ALL = ToolSelection()


def parsed(text: str, file: str = "scout.md") -> Parsed:
    return parse(text, DefinitionSource(f"/agents/{file}", "digest", "project"))


def definition(text: str, file: str = "scout.md") -> AgentDefinition:
    found = parsed(text, file).definition
    assert found is not None
    return found


def agent(*lines: str) -> AgentDefinition:
    """The definition of a file with these lines of front matter."""
    return definition("\n".join(("---", *lines, "---", "body")))


def told(*lines: str) -> list[str]:
    """The problems of such a file, without its path."""
    problems = parsed("\n".join(("---", *lines, "---", "body"))).problems
    return [str(problem).removeprefix("/agents/scout.md") for problem in problems]


# --- the whole file


def test_a_bare_prompt_is_an_agent_named_after_its_file_with_everything_undecided():
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


def test_empty_front_matter_decides_no_more_than_none():
    minimal = definition("---\n---\n\nJust a prompt.", "minimal.md")
    bare = definition("Just a prompt.", "minimal.md")

    assert minimal == bare


def test_an_empty_file_is_an_agent_without_a_prompt():
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


def test_crlf_and_a_byte_order_mark_change_nothing():
    text = "---\nname: a\nenabled: false\ntools: read\n---\nbody"
    plain = definition(text)

    assert not plain.enabled
    assert definition(text.replace("\n", "\r\n")) == plain
    assert definition("\ufeff" + text) == plain


def test_fences_that_were_meant_otherwise_are_told():
    assert parsed("---\ndescription: x\n----\nenabled: false\n---\nbody").definition == replace(
        definition("---\ndescription: x\n---\nx"), body="enabled: false\n---\nbody"
    )
    assert [str(problem) for problem in parsed("---\ndescription: x\n----\nbody").problems] == snapshot(
        [
            "/agents/scout.md:3: '----' ended the front matter, because it starts with ---; the rest is the prompt"
        ]
    )
    assert [str(problem) for problem in parsed("---\ndescription: x\nbody").problems] == snapshot(
        ["/agents/scout.md:1: the front matter is never closed with ---, so the whole file is the prompt"]
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


# --- the name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"  code-review  "', "code-review"),
        ("Code Reviewer", "Code Reviewer"),
        ("2026-01-01", "2026-01-01"),
        ("007", "007"),
        ("true", "true"),
        ("", "scout"),
        ('"   "', "scout"),
        ("~", "scout"),
    ],
)
def test_the_name_is_trimmed_and_taken_as_it_is_written(written, name):
    assert agent(f"name: {written}").name == name


@pytest.mark.parametrize("written", ["plugin:scout", '"two\\nlines"', "x" * 101, "[a]"])
def test_a_name_that_is_none_makes_the_file_unusable_and_is_remembered_as_no_name(written):
    found = parsed(f"---\nname: {written}\n---\n")

    assert (found.definition, found.name) == (None, "")
    assert found.problems[0].key == "name"


def test_a_file_name_must_do_as_a_name_too_unless_the_file_says_another():
    assert parsed("prompt", "a:b.md").definition is None
    assert definition("---\nname: ab\n---\n", "a:b.md").name == "ab"


# --- tools


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("description: x", None),
        ("tools:", ()),
        ("tools: none", ()),
        ("tools: []", ()),
        ("tools: None", ()),
        ("tools: ALL", None),
        ('tools: "*"', None),
        ('tools: "*, ext:foo"', None),
        ("tools: all, ext:foo", None),
        ("tools: read, ext:foo, ext:bar/x", ("read",)),
        ("tools: ext:foo", ()),
        ("tools: [read, bash]", ("read", "bash")),
        ("tools: ' read ,, bash , read'", ("read", "bash")),
        ("tools: [read, no-such-tool]", ("read", "no-such-tool")),
    ],
)
def test_tools_are_names_or_all_or_none(line, names):
    assert agent(line).tools == ToolSelection(names)


@pytest.mark.parametrize(
    ("line", "denied"),
    [
        ("disallowed_tools: bash, write", ("bash", "write")),
        ("disallowed_tools: [bash]", ("bash",)),
        ("disallowed_tools: none", ()),
        ("disallowed_tools:", ()),
        ("description: x", ()),
    ],
)
def test_denied_tools_are_names(line, denied):
    assert agent(line).tools == ToolSelection(None, denied)


@pytest.mark.parametrize(
    "line", ["tools: 3", "tools: {bash: false}", "tools: [[read]]", "disallowed_tools: all"]
)
def test_a_file_whose_restriction_cannot_be_read_is_not_used_because_it_would_allow_more(line):
    found = parsed(f"---\n{line}\n---\nbody")

    assert found.definition is None
    assert found.name == "scout"
    assert "the file is not used" in found.problems[-1].message


@pytest.mark.parametrize(
    ("line", "delegates"),
    [
        ("description: x", True),
        *(
            (f"allowed_subagents: {value}", True)
            for value in ("all", '"*"', "scout, ALL", "true", "[x, all]")
        ),
        *(
            (f"allowed_subagents: {value}", False)
            for value in ("", "none", "false", "scout", "[a, b]", "{a: b}")
        ),
        ("isolated: true", False),
        ("isolated: false", True),
    ],
)
def test_until_whom_it_may_start_can_be_restricted_a_restricted_agent_can_start_nobody(line, delegates):
    assert agent("tools: Agent, read", line).tools.allows("Agent") is delegates


# --- the other keys


def test_numbers_that_are_none_are_left_undecided_with_a_problem():
    found = agent("max_turns: -3", "max_seconds: .inf")

    assert (found.max_turns, found.max_seconds) == (None, None)
    assert told("max_turns: -3", "max_turns_: 1", "max_seconds: 0") == snapshot(
        [
            ":2: `max_turns` must be a whole number, 0 for no limit, not '-3'",
            ":3: there is no key 'max_turns_'; did you mean `max_turns`?",
            ":4: `max_seconds` must be a number of seconds above 0, not '0'",
        ]
    )


@pytest.mark.parametrize("value", ["2.0", "true", '"3"', "[3]", "1e3"])
def test_turns_are_a_whole_number(value):
    assert agent(f"max_turns: {value}").max_turns is None
    assert len(told(f"max_turns: {value}")) == 1


def test_no_turns_means_no_limit_and_is_a_decision():
    assert agent("max_turns: 0").max_turns == 0


@pytest.mark.parametrize(
    ("value", "mode"), [("append", "append"), ("Append", "append"), ("banana", "replace")]
)
def test_an_unknown_prompt_mode_is_replace(value, mode):
    assert agent(f"prompt_mode: {value}").prompt_mode == mode


@pytest.mark.parametrize(
    "line", ["enabled: false", "enabled: False", "enabled: FALSE", "enabled: false # x", '"enabled": false']
)
def test_only_a_boolean_disables(line):
    assert not agent(line).enabled


@pytest.mark.parametrize(
    "line", ['enabled: "false"', "enabled: no", "enabled: 0", "enabled:", "# enabled: false"]
)
def test_nothing_else_disables(line):
    assert agent(line).enabled


@pytest.mark.parametrize(
    ("line", "schema"),
    [
        ("output_schema: {type: object, required: [a]}", {"type": "object", "required": ["a"]}),
        ('output_schema: \'{"type": "object"}\'', {"type": "object"}),
        ('output_schema: ""', None),
        ("output_schema:", None),
    ],
)
def test_an_output_schema_is_a_mapping_or_json(line, schema):
    assert agent(line).output_schema == schema


@pytest.mark.parametrize("value", ["'{bad'", "[]", "'3'", "{minimum: .nan}", "'{\"minimum\": NaN}'"])
def test_a_file_whose_schema_cannot_be_read_is_not_used_because_its_answers_would_not_be_checked(value):
    assert parsed(f"---\noutput_schema: {value}\n---\n").definition is None


@pytest.mark.parametrize(("line", "model"), [("model: inherit", ""), ("model:", ""), ("model: 4.10", "4.10")])
def test_a_model_is_text_and_inherit_is_none(line, model):
    assert agent(line).model == model


@pytest.mark.parametrize("key", LATER)
def test_a_key_without_effect_yet_is_told(key):
    assert f":2: `{key}` has no effect yet" in told(f"{key}: true")


def test_an_unknown_key_is_told_with_the_nearest_known_one():
    assert told("maxTurns: 3", "disallowed-tools: x", "quux: 1", "ext: y") == snapshot(
        [
            ":2: there is no key 'maxTurns'; did you mean `max_turns`?",
            ":3: there is no key 'disallowed-tools'; did you mean `disallowed_tools`?",
            ":4: there is no key 'quux'",
            ":5: there is no key 'ext'",
        ]
    )


def test_of_very_many_unknown_keys_some_are_told():
    lines = [f"key_{n}: 1" for n in range(1000)]

    assert len(told(*lines)) == 21
    assert told(*lines)[-1] == ": 980 more keys are unknown"


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        "",
        "all",
        "none",
        "[]",
        "{}",
        "[a, 1]",
        "{a: b}",
        "-1",
        "0",
        "1.5",
        ".inf",
        "true",
        "'x'",
        "~",
        "2026-01-01",
        "*",
        "ext:",
    ]
)


@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=6))
def test_any_value_of_any_key_gives_a_definition_or_problems(items):
    found = parsed("\n".join(("---", *(f"{key}: {value}" for key, value in items), "---", "body")))

    assert found.definition is not None or found.problems


@given(st.text() | st.text(st.sampled_from("---\n:nametools[]{} *&\"'\ud800\x00")), st.text(min_size=1))
def test_parsing_any_text_never_raises(text, name):
    found = parse(text, DefinitionSource(f"/agents/{name}.md", "", "user"))

    assert found.definition is not None or found.problems
    assert all(problem.path and problem.message for problem in found.problems)
