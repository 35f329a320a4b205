"""A definition to the text of a file, from which exactly that definition is read again."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.definitions.fields import THINKING, PermissionMode
from subagents.definitions.model import AgentDefinition, Dialect, Isolation, MemoryScope, Sandbox
from subagents.definitions.parse import parse
from subagents.definitions.writing import sayable, write
from subagents.spec import CommandLine, DefinitionSource, PromptMode, ProviderRule, ToolSelection


def read(text: str, stem: str = "agent", dialect: Dialect = Dialect.OWN) -> AgentDefinition | None:
    found = parse(text, DefinitionSource(f"/srv/shop/{stem}.md", "", "project", dialect)).definition
    return None if found is None else replace(found, source=None)


def again(agent: AgentDefinition) -> AgentDefinition | None:
    """What is read from the file that is written for it."""
    return read(write(agent))


def test_a_full_definition_as_a_person_would_write_it():
    agent = AgentDefinition(
        name="reviewer",
        description="Reviews a change: looks for bugs.",
        display_name="Reviewer",
        color="#827DBD",
        capabilities=("review", "python_testing"),
        prompt_mode=PromptMode.APPEND,
        tools=ToolSelection(
            ("read", "grep", "bash"), ("write",), (ProviderRule(("web",), (), ("web/fetch",)),)
        ),
        model="anthropic:claude-haiku-4-5",
        thinking="high",
        max_turns=20,
        max_seconds=90.5,
        max_cost=2.0,
        output_schema={"type": "object", "required": ["problems"]},
        skills=("testing",),
        memory=MemoryScope.PROJECT,
        isolation=Isolation.WORKTREE,
        run_in_background=False,
        body="You review.\n\n- Carefully.",
    )

    assert write(agent, "reviewer") == snapshot("""\
---
description: "Reviews a change: looks for bugs."
display_name: Reviewer
color: "#827DBD"
capabilities: review, python_testing
prompt_mode: append
tools: read, grep, bash, ext:web/fetch
disallowed_tools: write
extensions: web
model: anthropic:claude-haiku-4-5
thinking: high
max_turns: 20
max_seconds: 90.5
max_cost: 2
output_schema: {
    "type": "object",
    "required": [
      "problems"
    ]
  }
skills: testing
memory: project
isolation: worktree
run_in_background: false
---

You review.

- Carefully.
""")
    assert again(agent) == agent


def test_what_is_left_open_stays_open():
    agent = AgentDefinition(name="agent", description="Does it")

    assert write(agent, "agent") == "---\ndescription: Does it\n---\n"
    assert again(agent) == agent


# --- what must never be lost


@pytest.mark.parametrize(
    "tools",
    [
        ToolSelection(),
        ToolSelection(()),
        ToolSelection(("read",)),
        ToolSelection((), (), (ProviderRule(selected=("foo",)),)),
        ToolSelection(None, (), (ProviderRule(selected=("foo", "bar/baz/x")),)),
        ToolSelection(None, ("bash", "foo/bar"), (ProviderRule(included=()),)),
        ToolSelection(("read",), (), (ProviderRule(None, ("telemetry",)),)),
        ToolSelection(("read", "NoSuchTool(with, comma)")),
    ],
)
def test_tools_stay_as_they_are(tools: ToolSelection):
    agent = AgentDefinition(name="agent", description="x", tools=tools)

    assert again(agent) == agent


def test_no_tools_never_widens_to_all():
    assert "tools: none\n" in write(AgentDefinition(name="a", description="x", tools=ToolSelection(())))


def test_c15_the_agents_that_it_may_start_stay_the_same():
    for said in (
        "tools: all\nallowed_subagents: all",
        "allowed_subagents: scout, Code Reviewer",
        "tools: read\nallowed_subagents: [scout]",
        "tools: read, Agent(scout)",
        "tools: read, Agent(scout, plan), get_subagent_result",
        "tools: read, Agent, stop_subagent",
        "tools: Agent\nallowed_subagents: none",
        'tools: read\nallowed_subagents: ["a, b", "c(d)"]',
    ):
        agent = read(f"---\n{said}\n---\n")
        assert agent is not None
        assert again(agent) == agent, said


def test_a_list_of_tools_of_claude_code_is_about_providers_too_and_stays_so():
    agent = read("---\nname: agent\ndescription: x\ntools: Read\n---\nx", dialect=Dialect.CLAUDE)
    assert agent is not None
    assert not agent.tools.admits("web", "fetch")

    written = again(agent)

    assert written is not None
    assert not written.tools.admits("web", "fetch")
    assert written == sayable(agent)


@pytest.mark.parametrize(
    "text",
    [
        "one: two",
        "a # no comment",
        '"quoted"',
        "'single",
        "- dash",
        "true",
        "No",
        "null",
        "2026-01-01",
        "1e3",
        "line\nbreak\r\nand more",
        "tab\there",
        "\x07 \x85 \u2028 \ufeff \x7f bell",
        "naïve 🦊 漢字",
        "{curly}",
        "*star",
        "&and",
        "!bang",
        "%percent",
        "@at",
        "`tick`",
        "x" * 5_000,
        "back\\slash",
        "ends with a colon:",
        "---",
        "...",
    ],
)
def test_any_text_survives_in_a_description(text: str):
    agent = AgentDefinition(
        name="agent", description=text.strip(), display_name=text.strip(), body=text.strip()
    )

    assert again(agent) == agent


def test_a_name_is_only_written_where_the_file_is_called_otherwise():
    agent = AgentDefinition(name="Code Reviewer", description="x")

    assert "name: Code Reviewer\n" in write(agent, "code-reviewer")
    assert read(write(agent, "code-reviewer"), "code-reviewer") == agent
    assert read(write(replace(agent, name="2026-01-01"), "x"), "x") == replace(agent, name="2026-01-01")


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        write(AgentDefinition(name="a", description="x", hooks={"a": math.nan}))
    with pytest.raises(ValueError, match="definition file"):
        write(AgentDefinition(name="a", description="x", hooks={"a": object()}))


# --- every definition there can be

CHARACTERS = st.characters(codec="utf-8")
TEXT = st.text(CHARACTERS, max_size=60).map(str.strip)
SOME_TEXT = TEXT.filter(bool)
PLAIN_NAME = (
    st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda name: name.isprintable() and name.lower() not in ("", "none", "false", "all", "*"))
)
NAMES = st.lists(PLAIN_NAME, unique=True, max_size=4).map(tuple)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MAPPING = st.dictionaries(SOME_TEXT, JSON, max_size=3)
SERVERS = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9][a-z0-9-]{0,9}", fullmatch=True),
    st.none() | st.fixed_dictionaries({"command": SOME_TEXT, "env": st.dictionaries(SOME_TEXT, SOME_TEXT)}),
    max_size=3,
)
OPTIONAL_BOOL = st.none() | st.booleans()


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


DEFINITIONS = st.builds(
    AgentDefinition,
    name=PLAIN_NAME.filter(lambda name: ":" not in name),
    description=SOME_TEXT,
    display_name=TEXT,
    color=st.sampled_from(("", "#827DBD", "#000000")),
    capabilities=NAMES,
    enabled=st.booleans(),
    body=TEXT,
    prompt_mode=st.sampled_from(PromptMode),
    tools=st.sampled_from((ToolSelection(), ToolSelection(()), ToolSelection(("read", "ls")))),
    subagents=st.sampled_from((None, ())),
    model=SOME_TEXT.filter(lambda model: model.lower() != "inherit") | st.just(""),
    thinking=st.sampled_from(("", *THINKING)),
    max_turns=optional(st.integers(0, 10**9)),
    max_seconds=optional(st.floats(0.001, 10**9)),
    max_tokens=optional(st.integers(0, 10**12)),
    max_cost=optional(st.floats(0, 10**6)),
    output_schema=optional(MAPPING),
    runner=st.just("")
    | st.builds(
        CommandLine, command=st.lists(SOME_TEXT.filter(str.isprintable), min_size=1, max_size=3).map(tuple)
    ),
    skills=st.sampled_from((None, True, False)) | NAMES.filter(bool),
    memory=optional(st.sampled_from(MemoryScope)),
    mcp_servers=optional(SERVERS),
    inherit_context=OPTIONAL_BOOL,
    isolation=optional(st.sampled_from(Isolation)),
    run_in_background=OPTIONAL_BOOL,
    persist_session=OPTIONAL_BOOL,
    session_dir=TEXT,
    output_transcript=OPTIONAL_BOOL,
)


@given(DEFINITIONS)
def test_every_definition_is_read_as_it_was_written(agent: AgentDefinition):
    # Who runs a program restricts it by that program's own arguments.
    agent = replace(agent, tools=ToolSelection()) if agent.runner else agent

    assert again(agent) == agent


RESTRICTING = st.fixed_dictionaries(
    {},
    optional={
        "tools": st.lists(
            st.sampled_from(
                [
                    "read",
                    "bash",
                    "all",
                    "none",
                    "Agent",
                    "Agent(a, b)",
                    "get_subagent_result",
                    "Bash(git *)",
                    "ext:a",
                    "ext:a/b",
                    "ext:",
                    "mcp__s__t",
                    "WebFetch",
                    "nix",
                    "*",
                ]
            )
        ).map(", ".join),
        "disallowed_tools": st.lists(
            st.sampled_from(["bash", "ext:a", "ext:b/c", "mcp__s", "Agent(a)", "x"])
        ).map(", ".join),
        "extensions": st.sampled_from(["true", "false", "a", "[a, B, '~/c']", "none"]),
        "exclude_extensions": st.sampled_from(["a", "[b, ./c.ts]"]),
        "allowed_subagents": st.sampled_from(["all", "none", "true", "a, c", "[]"]),
        "isolated": st.sampled_from(["true", "false"]),
        "permission_mode": st.sampled_from([str(mode) for mode in PermissionMode]),
        "sandbox": st.sampled_from([str(sandbox) for sandbox in Sandbox]),
        "gate": st.sampled_from(["make test", "{a: b}"]),
        "hooks": st.sampled_from(["{PreToolUse: [{matcher: Bash}]}", "{Stop: []}"]),
    },
)


@given(
    RESTRICTING.map(
        lambda keys: {
            key: f'"{value}"' if key in ("tools", "disallowed_tools") else value
            for key, value in keys.items()
        }
    ),
    st.sampled_from(Dialect),
)
def test_whatever_a_file_restricts_is_restricted_the_same_in_the_file_that_is_written(
    keys: dict[str, str], dialect: Dialect
):
    lines = "\n".join(f"{key}: {value}" for key, value in keys.items())
    agent = read(f"---\nname: agent\ndescription: x\n{lines}\n---\nBody.", dialect=dialect)
    if agent is not None:
        assert again(agent) == sayable(agent)
