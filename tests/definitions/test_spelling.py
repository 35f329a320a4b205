"""A key and a tool may be spelled in several ways; what nobody knows is told with what was probably meant."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from tests.definitions.stories import agent, parsed, told, unusable

from subagents.definitions.fields import KEYS
from subagents.definitions.spelling import ALIASES, INSTEAD, WITHOUT_EQUIVALENT, canonical
from subagents.definitions.tool_names import CLAUDE_TOOLS, OURS, our_name, spelling_table


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        ("disallowedTools", "disallowed_tools"),
        ("maxTurns", "max_turns"),
        ("permissionMode", "permission_mode"),
        ("mcpServers", "mcp_servers"),
        ("effort", "thinking"),
        ("background", "run_in_background"),
        ("sandbox_mode", "sandbox"),
        ("sandboxMode", "sandbox"),
        ("colour", "color"),
        ("allowed-tools", "tools"),
        ("inherit-skills", "skills"),
        ("max-turns", "max_turns"),
        ("Name", "name"),
        (" name ", "name"),
        ("disallowedtools", "disallowed_tools"),
        ("MAX TURNS", "max_turns"),
        ("max_turn", None),
        ("", None),
    ],
)
def test_a_key_may_be_spelled_in_other_ways(spelled, key):
    assert canonical(spelled) == key


def test_aliases_are_of_keys_that_there_are_and_no_key_is_one():
    assert set(ALIASES.values()) <= set(KEYS)
    assert not set(KEYS) & {*ALIASES, *INSTEAD, *WITHOUT_EQUIVALENT}
    assert all(canonical(key) == key for key in KEYS)


def test_claude_codes_keys_are_read_as_ours():
    found = agent(
        "disallowedTools: Write",
        "maxTurns: 7",
        "permissionMode: acceptEdits",
        "mcpServers: {}",
        "effort: high",
        "background: true",
    )

    assert (found.tools.denied, found.max_turns, found.permission_mode) == (("write",), 7, "acceptEdits")
    assert (found.mcp_servers, found.thinking, found.run_in_background) == ({}, "high", True)


def test_a_problem_names_the_key_as_the_file_does():
    [problem] = parsed("---\nmaxTurns: many\n---\n").problems

    assert (problem.key, problem.line) == ("maxTurns", 2)
    assert "`maxTurns` must be" in problem.message


def test_two_spellings_of_a_key_may_say_the_same_or_ours_counts():
    assert told("max_turns: 3", "maxTurns: 3") == []
    assert (
        agent("maxTurns: 3", "max_turns: 4").max_turns == agent("max_turns: 4", "maxTurns: 3").max_turns == 4
    )
    assert told("thinking: low", "effort: high") == snapshot(
        [":3: `thinking` and `effort` are the same key with two values; keep one"]
    )


def test_two_spellings_of_a_restriction_with_two_values_make_the_file_unusable():
    assert unusable("disallowed_tools: bash", "disallowedTools: write")
    assert unusable("tools: read", "allowed-tools: bash")


def test_a_key_without_an_equivalent_and_an_unknown_one_are_told():
    assert told(
        "max_turn: 3", "initialPrompt: Hi", "disabled: true", "quux: 1", "ext: y", "colr: red"
    ) == snapshot(
        [
            ":2: there is no key 'max_turn'; did you mean `max_turns`?",
            ":3: `initialPrompt` has no equivalent here",
            ":4: there is no key 'disabled'; write `enabled: false`",
            ":5: there is no key 'quux'",
            ":6: there is no key 'ext'",
            ":7: there is no key 'colr'; did you mean `color`?",
        ]
    )


def test_of_very_many_unknown_keys_some_are_told():
    lines = [f"key_{n}: 1" for n in range(1000)]

    assert len(told(*lines[:200])) == 21
    assert told(*lines[:200])[-1] == ": 180 more keys are unknown"
    assert unusable(*lines)


@pytest.mark.parametrize(
    "key",
    [
        *(
            "tool",
            "disallowed_tool",
            "disalowed_tools",
            "denied_tools",
            "allowedTool",
            "tools_allowed",
            "noTools",
        ),
        *("sandbox_type", "gates", "hook", "exclude_extension", "permissions", "excludeTools", "deny-tools"),
        *(
            "timeout",
            "max_token",
            "approvalPolicy",
            "isolate",
            "allowed_subagent",
            "output_schem",
            "read_only",
            "allowlist",
        ),
    ],
)
def test_a_misspelled_key_that_restricts_makes_the_file_unusable(key):
    assert unusable(f"{key}: x")


@pytest.mark.parametrize(
    "key", ["max_turn", "modle", "descripton", "nam", "colr", "author", "version", "disabled"]
)
def test_a_misspelled_key_that_restricts_nothing_is_only_told(key):
    assert not unusable(f"{key}: x")
    assert len(told(f"{key}: x")) == 1


# --- tools


def test_each_name_of_a_tool_means_one_of_ours_or_none_whatever_its_case():
    for one in CLAUDE_TOOLS:
        assert our_name(one.name) == our_name(one.name.upper()) == one.ours
        assert one.ours in ("", *OURS)
    assert len({one.name.lower() for one in CLAUDE_TOOLS}) == len(CLAUDE_TOOLS)
    assert our_name("quux") is None


def test_the_table_of_tools_holds_each_of_them():
    table = spelling_table()

    assert all(f"`{one.name}`" in table for one in CLAUDE_TOOLS)
    assert all(line.count("|") == 4 for line in table.splitlines())
