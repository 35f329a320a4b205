"""Other tools' agent files mean here what they mean there, or less, and what is less is told. The zoo has more."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.dialects import Translated, translated
from subagents.definitions.frontmatter import BadFrontMatter
from subagents.definitions.model import AgentDefinition, Dialect, Parsed
from subagents.definitions.parse import parse
from subagents.spec import DefinitionSource

CHANGING = {"write", "edit", "bash"}
EVERY = {"read", "write", "edit", "bash", "grep", "find", "ls"}


def markdown(*lines: str) -> str:
    return "\n".join(("---", *lines, "---", "Do it."))


def read(dialect: Dialect, text: str, path: str = "/srv/shop/scout.md") -> Parsed:
    return parse(text, DefinitionSource(path, "", "project", dialect))


def agent(dialect: Dialect, text: str, path: str = "/srv/shop/scout.md") -> AgentDefinition:
    found = read(dialect, text, path).definition
    assert found is not None
    return found


def tools(found: AgentDefinition) -> set[str]:
    """Of our seven tools those that it may use."""
    return {name for name in EVERY if found.tools.allows(name)}


def told(dialect: Dialect, text: str) -> dict[str, int | None]:
    """The keys with a problem, each with its line."""
    return {problem.key: problem.line for problem in read(dialect, text).problems}


# --- what no file may do


BITS = (
    "---",
    "\n",
    ":",
    " ",
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    "#",
    '"""',
    "tools",
    "permission",
    "name",
    "*",
)


@given(st.sampled_from(list(Dialect)), st.one_of(st.text(), st.lists(st.sampled_from(BITS)).map("".join)))
def test_any_text_in_any_dialect_is_a_definition_or_a_problem(dialect: Dialect, text: str):
    for whole in (text, f"---\n{text}\n---\n", f"name = 1\n{text}"):
        found = read(dialect, whole)
        assert found.definition is not None or found.problems


@given(st.sampled_from(list(Dialect)), st.binary())
def test_any_bytes_in_any_dialect_are_a_definition_or_a_problem(dialect: Dialect, data: bytes):
    found = read(dialect, data.decode("utf-8", "surrogateescape"))
    assert found.definition is not None or found.problems


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text("ab*_-/ ", max_size=6),
        st.sampled_from(["allow", "ask"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab*_", max_size=4), inner)),
    max_leaves=6,
)
KEYS = (
    "agents",
    "approval_policy",
    "color",
    "default_permissions",
    "description",
    "developer_instructions",
    "disable",
    "features",
    "infer",
    "kind",
    "maxSteps",
    "mcp-servers",
    "mcp_servers",
    "mode",
    "model",
    "model_provider",
    "model_reasoning_effort",
    "name",
    "permission",
    "permissions",
    "policy",
    "sandbox_mode",
    "skill",
    "timeout_mins",
    "tools",
    "variant",
)


@given(
    st.sampled_from([dialect for dialect in Dialect if dialect is not Dialect.CODEX]),
    st.dictionaries(st.sampled_from(KEYS), values),
)
def test_any_value_of_any_key_is_a_definition_or_a_problem(dialect: Dialect, front: dict[str, object]):
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items())
    found = read(dialect, f"---\n{text}---\n")
    assert found.definition is not None or found.problems


@given(
    st.dictionaries(
        st.sampled_from(KEYS), st.one_of(st.booleans(), st.integers(0, 9), st.text("ab\n\"'#[", max_size=9))
    )
)
def test_any_value_of_a_codex_key_is_a_definition_or_a_problem(front: dict[str, object]):
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in front.items())
    found = read(Dialect.CODEX, text)
    assert found.definition is not None or found.problems


@given(st.text())
def test_a_translation_raises_nothing_but_what_is_wrong_with_the_front_matter(text: str):
    for dialect in Dialect:
        with suppress(BadFrontMatter):
            assert isinstance(translated(text, dialect), Translated)


@pytest.mark.parametrize(
    "dialect", [Dialect.CLAUDE, Dialect.GEMINI, Dialect.OPENCODE, Dialect.AGENTS, Dialect.COPILOT]
)
def test_a_list_of_tools_is_all_there_is_those_of_servers_too(dialect: Dialect):
    some = {Dialect.GEMINI: "read_file"}.get(dialect, "read")
    found = agent(dialect, markdown("name: a", f"tools: [{some}]"))

    assert tools(found) == {"read"}
    assert not found.tools.admits("mcp__docs", "search")


@pytest.mark.parametrize(
    "dialect", [Dialect.CLAUDE, Dialect.GEMINI, Dialect.PI, Dialect.AGENTS, Dialect.COPILOT]
)
def test_a_list_of_tools_without_any_is_none(dialect: Dialect):
    for nothing in ("tools:", "tools: []", 'tools: ""'):
        assert tools(agent(dialect, markdown("name: a", nothing))) == set()


@pytest.mark.parametrize("dialect", [Dialect.GEMINI, Dialect.COPILOT])
def test_a_list_of_tools_that_is_none_leaves_no_agent(dialect: Dialect):
    assert read(dialect, markdown("name: a", "tools: {read: true}")).definition is None


@pytest.mark.parametrize("dialect", [each for each in Dialect if each is not Dialect.CODEX])
def test_without_a_list_of_tools_it_has_all_those_of_servers_too(dialect: Dialect):
    found = agent(dialect, markdown("name: a", "description: x"))

    assert tools(found) == EVERY
    assert found.tools.admits("mcp__docs", "search")


@pytest.mark.parametrize(
    "dialect", [Dialect.CLAUDE, Dialect.OPENCODE, Dialect.PI, Dialect.AGENTS, Dialect.COPILOT]
)
def test_a_description_with_a_colon_is_read_as_it_is_meant_and_told(dialect: Dialect):
    text = markdown("name: a", "description: Use it: often. <example>user: hello</example>", "model: sonnet")

    assert agent(dialect, text).description == "Use it: often. <example>user: hello</example>"
    assert told(dialect, text) == {"description": 3}


@pytest.mark.parametrize("line", ["tools: Read: often", "model: a: b", "- x"])
def test_nothing_else_that_is_no_yaml_is_read(line: str):
    assert read(Dialect.CLAUDE, markdown("description: a: b", line)).definition is None


# --- Codex


def codex(*lines: str) -> str:
    return "\n".join(('name = "a"', 'description = "x"', 'developer_instructions = "Do it."', *lines))


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('sandbox_mode = "read-only"', EVERY - CHANGING),
        ('sandbox_mode = "workspace-write"', EVERY - {"bash"}),
        ('sandbox_mode = "danger-full-access"', EVERY),
        ('sandbox_mode = "of-tomorrow"', EVERY - CHANGING),
        ('approval_policy = "untrusted"', EVERY - CHANGING),
        ("approval_policy.granular.sandbox_approval = false", EVERY - CHANGING),
        ('sandbox_mode = ""', EVERY - CHANGING),
        ("sandbox_mode = false", EVERY - CHANGING),
        ('sandbox_mode = "off"', EVERY - CHANGING),
        ('sandbox_mode = ["read-only"]', EVERY - CHANGING),
        ('approval_policy = "never"', EVERY),
        ("shell_environment_policy = {}", EVERY - {"bash"}),
        ('[[hooks.PreToolUse]]\nmatcher = "Bash"', EVERY - {"bash"}),
        ('[[hooks.PreToolUse]]\nmatcher = "^Bash$"', set()),
        ('[[hooks.Stop]]\nmatcher = ""', EVERY),
        ('default_permissions = "careful"', EVERY - CHANGING),
        ("features.shell_tool = false", EVERY - {"bash"}),
        ('features.shell_tool = "false"', EVERY - {"bash"}),
        ("tools.shell = false", EVERY - {"bash"}),
        ("features = { apply_patch = false, unified_exec = false }", EVERY - {"edit", "write"}),
    ],
)
def test_what_restricts_a_codex_agent_takes_tools_away_until_it_is_enforced(line: str, left: set[str]):
    assert tools(agent(Dialect.CODEX, codex(line))) == left


def test_a_codex_agent_is_its_instructions_and_thinks_as_it_says():
    found = agent(
        Dialect.CODEX, codex('model_provider = "ollama"', 'model = "qwen"', 'model_reasoning_effort = "none"')
    )

    assert (found.body, found.model, found.thinking) == ("Do it.", "ollama/qwen", "off")


# --- Gemini CLI


def test_an_agent_on_another_machine_is_none_here():
    found = read(
        Dialect.GEMINI, markdown("kind: remote", "name: a", "agent_card_url: https://a.invalid/card")
    )

    assert (found.definition, found.name) == (None, "scout")
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (2, "an agent on another machine (`kind: remote`) cannot be run here")
    ]


def test_a_gemini_agent_has_as_many_seconds_as_its_minutes_are():
    assert agent(Dialect.GEMINI, markdown("name: a", "timeout_mins: 1.5")).max_seconds == 90


@pytest.mark.parametrize(
    ("name", "provider", "tool"),
    [
        ("mcp_docs_search_all", "mcp__docs", "search_all"),
        ("mcp_docs_*", "mcp__docs", "any"),
        ("docs__find", "mcp__docs", "find"),
    ],
)
def test_a_tool_of_a_server_is_named_in_geminis_way(name: str, provider: str, tool: str):
    found = agent(Dialect.GEMINI, markdown("name: a", f"tools: [{name}]"))

    assert found.tools.admits(provider, tool)
    assert not found.tools.admits("mcp__other", tool)
    assert tools(found) == set()


# --- OpenCode


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("tools: {write: false}", EVERY - {"write", "edit"}),
        ("tools: {write: false, edit: true}", EVERY - {"write"}),
        ("tools: {write: true, edit: false}", EVERY - {"write", "edit"}),
        ('tools: {"*": false, read: true}', {"read"}),
        ('tools: {"*": false, edit: true}', {"edit"}),
        ("permission: deny", set()),
        ("permission: allow", EVERY),
        ("permission: {edit: deny}", EVERY - {"write", "edit"}),
        ("permission: {bash: ask}", EVERY - {"bash"}),
        ('permission: {"*": deny, edit: allow}', {"write", "edit"}),
        ('permission: {bash: {"*": deny, "git *": allow}}', EVERY - {"bash"}),
        ('permission: {bash: {"git *": allow}}', EVERY - {"bash"}),
        ('permission: {bash: {"*": ask, "git *": allow, "*": allow}}', None),
        ('permission: {bash: {"rm *": deny, "*": allow}}', EVERY),
        ("permission: {external_directory: deny}", EVERY - {"bash"}),
        ("permission: {bash: allow, webfetch: deny, doom_loop: ask}", EVERY),
        ("permissions: [{action: shell, resource: '*', effect: deny}]", EVERY - {"bash"}),
        (
            "permissions: [{action: '*', resource: '*', effect: deny}, {action: glob, resource: '*', effect: allow}]",
            {"find"},
        ),
        ("permission: [read]", {"read"}),
        ("permission: 3", set()),
    ],
)
def test_a_rule_of_opencode_leaves_no_more_than_it_allows(rules: str, left: set[str] | None):
    found = read(Dialect.OPENCODE, markdown("description: x", rules)).definition

    assert (None if found is None else tools(found)) == left


@pytest.mark.parametrize(
    "rules",
    [
        '{task: allow, "*": deny}',
        '{"*": deny, "[a-z]*": allow}',
        '{task: {"*": deny, explore: allow}, "*": deny}',
    ],
)
def test_the_last_rule_that_fits_counts_and_a_bracket_is_one(rules: str):
    found = agent(Dialect.OPENCODE, markdown(f"permission: {rules}"))

    assert tools(found) == set()
    assert not (found.tools.names is not None and found.tools.allows("Agent"))


def test_rules_of_several_kinds_all_count():
    text = markdown(
        "description: x", "tools: {task: true, bash: false}", "permission: {task: deny, bash: allow}"
    )
    found = agent(Dialect.OPENCODE, text)

    assert tools(found) == EVERY - {"bash"}
    assert not found.tools.allows("Agent")


def test_agents_to_start_are_those_that_are_named_with_all_others_denied():
    found = agent(
        Dialect.OPENCODE, markdown("permission:", "  task: {'*': deny, explore: allow, review: ask}")
    )
    assert (found.tools.allows("Agent"), found.subagents) == (True, ("explore",))

    for rule in ("{'*': deny, 'team-*': allow}", "{explore: allow}", "ask", "deny"):
        found = agent(Dialect.OPENCODE, markdown("permission:", f"  task: {rule}"))
        assert not (found.tools.names is not None and found.tools.allows("Agent"))


@pytest.mark.parametrize(
    ("rules", "docs", "wiki"),
    [
        ('{"docs_*": deny}', False, True),
        ('{"*": deny, "docs_*": allow}', True, False),
        ('{"*": deny, "docs_*": allow, docs_delete: deny}', False, False),
        ('{"docs_*": allow, docs_delete: ask, "wiki_*": allow}', False, True),
        ('{"docs_*": allow, "*delete*": deny, "wiki_*": allow}', False, False),
        ("{docs_delete: deny}", False, False),
    ],
)
def test_tools_of_servers_are_taken_by_the_server(rules: str, docs: bool, wiki: bool):
    found = agent(Dialect.OPENCODE, markdown(f"permission: {rules}"))

    assert (found.tools.admits("mcp__docs", "x"), found.tools.admits("mcp__wiki", "x")) == (docs, wiki)


# --- pi


def test_a_list_of_tools_of_pi_is_about_the_built_in_ones():
    assert agent(Dialect.PI, markdown("tools: read")).tools.admits("notes", "add")
    assert not agent(Dialect.PI, markdown("tools: read", "defaultReads: a.md")).tools.admits("notes", "add")


# --- Copilot


def test_a_copilot_agent_without_a_name_is_called_by_its_file_without_both_endings():
    text = markdown("description: x")

    assert agent(Dialect.COPILOT, text, "/srv/shop/reviewer.agent.md").name == "reviewer"
    assert agent(Dialect.COPILOT, text, "/srv/shop/reviewer.md").name == "reviewer"


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ("['*']", EVERY),
        ("[]", set()),
        ("read, EDIT", {"read", "edit", "write"}),
        ("[search/*]", {"grep", "find", "ls"}),
        ("[edit/createFile, edit/createDirectory]", set()),
        ("[execute/runTests]", set()),
    ],
)
def test_a_set_of_copilots_tools_is_no_more_here(names: str, left: set[str]):
    assert tools(agent(Dialect.COPILOT, markdown("name: a", f"tools: {names}"))) == left


def test_naming_agents_gives_no_tool_to_start_them_with():
    alone = agent(Dialect.COPILOT, markdown("name: a", "tools: [read]", "agents: [b]"))
    both = agent(Dialect.COPILOT, markdown("name: a", "tools: [read, agent]", "agents: [b]"))

    assert not alone.tools.allows("Agent")
    assert (both.tools.allows("Agent"), both.subagents) == (True, ("b",))


def test_the_first_of_copilots_models_is_the_one_without_who_sells_it():
    found = agent(
        Dialect.COPILOT, markdown("name: a", "model: ['Claude Sonnet 4.5 (copilot)', 'GPT-5 (copilot)']")
    )

    assert found.model == "Claude Sonnet 4.5"


# --- what is written otherwise than the tool has it


@pytest.mark.parametrize(
    "line",
    [
        *(
            "permission: {Bash: deny}",
            "permission: {'bash ': DENY}",
            "tools: {BASH: false}",
            "permission: {shell: deny}",
        ),
        *(
            "permission: {'bash,edit': deny}",
            "permission: {'{bash,edit}': deny}",
            "permission: {execute: deny}",
        ),
        *("permission: {bassh: deny}", "permission: [{bash: deny}]", "tools: []", "tools: [[bash]]"),
        "permissions: [{permission: bash, pattern: '*', action: deny}]",
        "permissions: [{action: [bash, edit], effect: deny}]",
        "permissions: [{action: null, effect: deny}]",
        "permissions: [{effect: deny}]",
        "permissions: [{permission: {}, action: deny}]",
    ],
)
def test_a_rule_of_opencode_denies_however_it_is_written(line: str):
    found = agent(Dialect.OPENCODE, markdown("description: x", line))

    assert "bash" not in tools(found)
    assert "bash" in tools(
        agent(Dialect.OPENCODE, markdown("description: x", line.replace("deny", "allow")))
    ) or ("DENY" in line or "tools:" in line or "null" in line or "{effect" in line or "{}" in line)


def test_of_very_many_rights_some_are_told_and_of_more_none_is_left():
    many = markdown("permission:", *(f"  a{n}_b{n}: deny" for n in range(900)))
    more = markdown("permission:", *(f"  a{n}_*: deny" for n in range(4_000)))

    assert len(read(Dialect.OPENCODE, many).problems) == 21
    assert tools(agent(Dialect.OPENCODE, many)) == EVERY
    assert (len(read(Dialect.OPENCODE, more).problems), tools(agent(Dialect.OPENCODE, more))) == (1, set())


MISSPELLED = (
    (Dialect.CODEX, "sandbox sandboxMode approvalPolicy ask_for_approval disallowed_tools sandboxed"),
    (Dialect.GEMINI, "Tools tool allowed_tools exclude_tools excludeTools sandbox policies timeout_min"),
    (Dialect.OPENCODE, "tool Tools Permission permissons disallowedTools sandbox permissionMode"),
    (Dialect.COPILOT, "Tools tool disallowedTools excluded-tools permissionMode agent hook"),
    (Dialect.PI, "excludeTools denyTools noTools tool"),
    (Dialect.CLAUDE, "tool denied-tools permissions"),
    (Dialect.AGENTS, "tool hook"),
)


@pytest.mark.parametrize(
    ("dialect", "key"), [(dialect, key) for dialect, keys in MISSPELLED for key in keys.split()]
)
def test_another_tools_file_is_not_used_without_a_restriction_that_is_misspelled(dialect: Dialect, key: str):
    text = codex(f'{key} = "x"') if dialect is Dialect.CODEX else markdown("description: x", f"{key}: x")
    found = read(dialect, text)

    assert found.definition is None
    assert f"it would be without its `{key}`" in found.problems[-1].message


@pytest.mark.parametrize(
    "key", ["max_tokens", "maxTokens", "textVerbosity", "reasoning", "parallelToolCalls"]
)
def test_an_option_of_a_provider_is_no_restriction_of_opencodes(key: str):
    assert tools(agent(Dialect.OPENCODE, markdown("description: x", f"{key}: 3"))) == EVERY


def test_a_settings_key_of_codex_that_restricts_nothing_is_only_told():
    found = agent(
        Dialect.CODEX, codex("tool_output_token_limit = 3", "tools.view_image = false", "nicked = 1")
    )

    assert tools(found) == EVERY


def test_very_many_unknown_keys_leave_nothing_to_go_by():
    many = [f"key{n}: 1" for n in range(1_000)]

    assert read(Dialect.GEMINI, markdown("name: a", *many)).definition is None
    assert len(read(Dialect.GEMINI, markdown("name: a", *many)).problems) < 30
    assert agent(Dialect.GEMINI, markdown("name: a", *many[:100])).name == "a"


def test_no_turns_of_gemini_are_not_endless_ones_and_its_time_is_needed():
    assert agent(Dialect.GEMINI, markdown("name: a", "max_turns: 0")).max_turns is None
    assert "max_turns" in told(Dialect.GEMINI, markdown("name: a", "max_turns: 0"))
    assert (
        agent(Dialect.GEMINI, markdown("name: a", "max_turns: '3'", "timeout_mins: '2'")).max_seconds == 120
    )
    assert read(Dialect.GEMINI, markdown("name: a", "timeout_mins: soon")).definition is None
    assert agent(Dialect.OPENCODE, markdown("steps: '3'")).max_turns == 3


def test_an_agent_of_pi_that_may_nest_no_deeper_starts_none():
    assert not agent(Dialect.PI, markdown("tools: read, subagent", "maxSubagentDepth: 0")).tools.allows(
        "Agent"
    )
    assert agent(Dialect.PI, markdown("tools: read, subagent", "maxSubagentDepth: 1")).tools.allows("Agent")
