"""Which tools an agent may use and which agents it may start: never more than its file says."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from subagents.definitions.model import Dialect
from subagents.definitions.tool_names import CHANGING, DELEGATING, OWN_TOOLS
from subagents.runs import rights
from subagents.spec import ProviderRule, ToolSelection
from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS
from tests.definitions.stories import agent, told, unusable

WITH_AGENTS = (*OWN_TOOLS, *DELEGATING)


def test_the_tools_are_those_that_there_are():
    assert OWN_TOOLS == CODING_TOOLS
    assert set(CHANGING) == set(CHANGING_TOOLS)
    assert DELEGATING == rights.DELEGATING


# --- lists of tools


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("description: x", None),
        pytest.param("tools:", (), id="A7"),
        ("tools: none", ()),
        ("tools: []", ()),
        ("tools: None", ()),
        ("tools: ALL", None),
        ('tools: "*"', None),
        pytest.param("tools: [read, bash]", ("read", "bash"), id="A13"),
        ("tools: ' read ,, bash , read'", ("read", "bash")),
        ("tools: [read, no-such-tool]", ("read", "no-such-tool")),
        ("tools: [no-such-tool]", ("no-such-tool",)),
    ],
)
def test_tools_are_names_or_all_or_none(line, names):
    assert agent(line).tools == ToolSelection(names)


@pytest.mark.parametrize(
    ("line", "names", "selected"),
    [
        pytest.param("tools: read, ext:foo, ext:bar/x", ("read",), ("foo", "bar/x"), id="A9"),
        pytest.param('tools: "*, ext:foo"', None, ("foo",), id="A11-star"),
        pytest.param("tools: all, ext:foo", None, ("foo",), id="A11-all"),
        pytest.param("tools: ext:foo", (), ("foo",), id="E1"),
        pytest.param("tools: [ext:foo/a, ext:foo/b]", (), ("foo/a", "foo/b"), id="E3"),
        pytest.param("tools: [ext:foo/bar/baz]", (), ("foo/bar/baz",), id="E5"),
        pytest.param("tools: [ext:Mcp/SomeTool, ext:FOO]", (), ("mcp/SomeTool", "foo"), id="E7"),
        ("tools: [read, 'ext:foo/', 'ext: Foo ']", ("read",), ("foo",)),
    ],
)
def test_a_selector_flips_the_tools_of_providers_to_those_it_names(line, names, selected):
    assert agent(line).tools == ToolSelection(names, (), (ProviderRule(selected=selected),))


def test_a_selector_without_a_provider_is_skipped():
    assert agent("tools: [read, 'ext:', 'ext:/x', mcp__]").tools == ToolSelection(("read",))


@pytest.mark.parametrize(
    ("line", "denied"),
    [
        pytest.param("disallowed_tools: bash, write", ("bash", "write"), id="A21"),
        pytest.param("description: x", (), id="A21-absent"),
        ("disallowed_tools: [bash]", ("bash",)),
        ("disallowed_tools: none", ()),
        ("disallowed_tools:", ()),
        ("disallowedTools: Write, MultiEdit, Edit, WebFetch", ("write", "edit")),
        ("disallowed_tools: my_own_tool", ("my_own_tool",)),
        ("disallowed_tools: ext:foo/Bar, mcp__GitHub__merge", ("foo/Bar", "mcp__github/merge")),
    ],
)
def test_denied_tools_are_names(line, denied):
    assert agent(line).tools == ToolSelection(None, denied)
    assert told(line) == []


def test_a_denied_tool_of_a_provider_is_that_providers_only():
    tools = agent("disallowed_tools: ext:foo/x, y").tools

    assert [
        tools.admits(*one) for one in (("foo", "x"), ("bar", "x"), ("foo", "z"), ("foo", "y"), ("bar", "y"))
    ] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "line",
    ["tools: 3", "tools: {bash: false}", "tools: [[read]]", "disallowed_tools: all", "exclude_extensions: 3"],
)
def test_a_file_whose_restriction_cannot_be_read_is_not_used_because_it_would_allow_more(line):
    assert unusable(line)


def test_names_that_there_are_not_are_told_with_the_nearest_and_kept():
    assert told("tools: raed, bsh, quux", "disallowed_tools: wrte, quux") == snapshot(
        [
            ":2: `tools` names 'raed', and there is no such tool; did you mean `read`?",
            ":2: `tools` names 'bsh', and there is no such tool; did you mean `bash`?",
            ":2: `tools` names 'quux', and there is no such tool",
            ":3: `disallowed_tools` names 'wrte', and there is no such tool; did you mean `write`?",
        ]
    )
    assert len(told(f"tools: [{', '.join(f't{n}' for n in range(500))}]")) == 11


# --- Claude Code's names


def test_claude_codes_names_are_ours_whatever_their_case():
    written = "tools: Read, Write, Edit, MultiEdit, Bash, Grep, Glob, LS, GREP"

    assert agent(written).tools.names == ("read", "write", "edit", "bash", "grep", "find", "ls")
    assert told(written) == []


def test_a_tool_without_an_equivalent_is_told_and_leaves_the_others():
    assert agent("tools: Read, WebFetch, TodoWrite").tools.names == ("read",)
    assert told("tools: Read, WebFetch, TodoWrite", "disallowedTools: WebSearch") == snapshot(
        [":2: `tools` names WebFetch and TodoWrite, which have no equivalent here"]
    )
    assert told("tools: NotebookEdit") == snapshot(
        [":2: `tools` names NotebookEdit, which has no equivalent here"]
    )


def test_a_list_of_nothing_that_there_is_here_is_no_tools_not_all():
    assert agent("tools: WebFetch, WebSearch").tools.names == ()
    assert agent("tools: Bash(git *)").tools.names == ()


@pytest.mark.parametrize(
    ("line", "has"),
    [
        ("tools: Read, Bash(git *)", False),
        ("tools: Bash(git diff, git log), Read", False),
        ("tools: [Bash, 'Bash(git *)']", False),
        ("tools: all, Bash(git *)", False),
        ("tools: Read, Bash(git", False),
        ("disallowed_tools: Bash(rm *)", False),
        ("tools: Bash(*)", True),
        ("tools: Bash(:*), Read(**)", True),
        ("tools: Bash()", True),
    ],
)
def test_a_tool_that_is_allowed_in_part_is_left_out_until_that_is_enforced(line, has):
    assert agent(line).tools.allows("bash") is has
    assert bool(told(line)) is not has


def test_what_is_left_out_is_said():
    assert told("tools: Read, Bash(git *), Edit(src/**)", "disallowed_tools: Read(.env)") == snapshot(
        [
            ":2: `tools` names Bash(git *) and Edit(src/**); until such rules are enforced, the agent goes without bash and edit",
            ":3: `disallowed_tools` forbids Read(.env); until such rules are enforced, the agent goes without read",
        ]
    )


# --- providers


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("extensions: true", ()),
        pytest.param('extensions: ["*"]', (), id="E9"),
        ("description: x", ()),
        pytest.param("extensions: false", (ProviderRule(included=()),), id="A15-false"),
        pytest.param("extensions: none", (ProviderRule(included=()),), id="A15-none"),
        pytest.param("inherit_extensions: false", (ProviderRule(included=()),), id="A17"),
        ("extensions:", (ProviderRule(included=()),)),
        ("extensions: Foo, bar", (ProviderRule(included=("foo", "bar")),)),
        pytest.param(
            "exclude_extensions: pi-notify, telemetry",
            (ProviderRule(excluded=("pi-notify", "telemetry")),),
            id="A19",
        ),
        pytest.param(
            "exclude_extensions: [pi-notify, telemetry]",
            (ProviderRule(excluded=("pi-notify", "telemetry")),),
            id="A19-list",
        ),
        ("disallowed_tools: ext:foo, mcp__github", (ProviderRule(excluded=("foo", "mcp__github")),)),
        ("disallowed_tools: mcp__*", (ProviderRule(included=()),)),
        ("exclude_extensions: ./ext/Telemetry.ts", (ProviderRule(excluded=("ext", "telemetry")),)),
        ("extensions: ./ext/foo.ts", (ProviderRule(included=()),)),
        ("extensions: 3", (ProviderRule(included=()),)),
        ("tools: mcp__github__merge", (ProviderRule(selected=("mcp__github/merge",)),)),
        ("tools: mcp__GitHub, mcp__docs__*", (ProviderRule(selected=("mcp__github", "mcp__docs")),)),
        ("tools: Read, mcp__*", (ProviderRule(selected=()),)),
        ("tools: mcp__github__get_*(x)", (ProviderRule(selected=()),)),
    ],
)
def test_providers_are_brought_in_left_out_and_selected(line, rules):
    assert agent(line).tools.providers == rules


def test_e11_a_provider_that_is_included_and_excluded_is_out_and_that_is_told():
    lines = ("extensions: [mcp, foo]", "exclude_extensions: [mcp]")

    assert agent(*lines).tools.providers == (ProviderRule(included=("mcp", "foo"), excluded=("mcp",)),)
    assert told(*lines) == snapshot(
        [":3: `exclude_extensions` names mcp, which `extensions` names too; that stays out"]
    )


def test_what_is_selected_and_not_brought_in_is_told():
    lines = ("tools: read, ext:foo, ext:bar/x", "extensions: [foo]")

    assert not agent(*lines).tools.admits("bar", "x")
    assert told(*lines) == snapshot(
        [":2: `tools` selects tools of bar, which the file does not bring in; add it to `extensions`"]
    )


def test_e13_an_isolated_agent_has_no_provider_to_disagree_about():
    assert (
        told("isolated: true", "extensions: [mcp]", "exclude_extensions: mcp", "tools: read, ext:foo") == []
    )


def test_paths_patterns_and_servers_are_told():
    assert told(
        "tools: read, mcp__docs__find, mcp__*",
        "extensions: [./a.ts]",
        "disallowed_tools: mcp__x__*_all",
        "exclude_extensions: ~/b",
    ) == snapshot(
        [
            ":2: `tools` has mcp__*, a pattern that nothing here follows; name the providers or their tools",
            ":2: `tools` selects tools of mcp__docs, which the file does not bring in; add it to `extensions`",
            ":2: `tools` selects tools of MCP servers (mcp__docs), which has no effect yet",
            ":3: `extensions` has ./a.ts, a path; name the provider instead",
            ":4: `disallowed_tools` has mcp__x__*_all, a pattern that nothing here follows, so the agent has no provider's tools",
            ":5: `exclude_extensions` has ~/b, a path; name the provider instead",
        ]
    )


def test_in_another_tools_file_a_list_of_tools_is_about_those_of_providers_too():
    assert agent("tools: Read", dialect=Dialect.CLAUDE).tools.providers == (ProviderRule(selected=()),)
    assert agent("description: x", dialect=Dialect.CLAUDE).tools.providers == ()
    assert agent("tools: Read").tools.providers == ()


# --- other agents


@pytest.mark.parametrize(
    ("lines", "names", "subagents"),
    [
        (["description: x"], None, None),
        (["allowed_subagents: none"], None, ()),
        (["allowed_subagents: false"], None, ()),
        (["allowed_subagents:"], None, ()),
        *(
            pytest.param([f"allowed_subagents: {value}"], WITH_AGENTS, None, id=f"A35-{n}")
            for n, value in enumerate(("all", '"*"', "scout, ALL", "true", "[x, all]"))
        ),
        (["allowed_subagents: scout"], WITH_AGENTS, ("scout",)),
        (["allowed_subagents: [a, b]", "tools: read"], ("read", *DELEGATING), ("a", "b")),
        (["allowed_subagents: scout", "tools: none"], DELEGATING, ("scout",)),
        (["allowed_subagents: {a: b}"], None, ()),
        (["tools: Agent, read"], ("Agent", "read", *DELEGATING[1:]), None),
        (["tools: Agent, stop_subagent, read"], ("Agent", "stop_subagent", "read"), None),
        (["tools: Task, read"], ("Agent", "read", *DELEGATING[1:]), None),
        (["tools: all, Agent"], WITH_AGENTS, None),
        (["tools: Read, Agent(scout, planner)"], ("read", *DELEGATING), ("scout", "planner")),
        (["tools: Read, Task(scout), Agent"], ("read", *DELEGATING), ("scout",)),
        (["tools: Agent(a, b)", "allowed_subagents: [b, c]"], DELEGATING, ("b",)),
        (["tools: Agent(a)", "allowed_subagents: all"], DELEGATING, ("a",)),
        (["tools: Agent(a), read", "allowed_subagents: [c]"], ("read",), ()),
        (["tools: Agent, read", "allowed_subagents: none"], ("read",), ()),
        (["tools: all, Agent", "allowed_subagents: none"], None, ()),
    ],
)
def test_whom_an_agent_may_start_decides_about_the_tools_for_it(lines, names, subagents):
    found = agent(*lines)

    assert (found.tools, found.subagents) == (ToolSelection(names), subagents)


def test_forbidding_the_tool_beats_allowing_agents():
    found = agent("allowed_subagents: all", "disallowed_tools: Agent")

    assert not found.tools.allows("Agent")


def test_forbidding_some_agents_forbids_all_until_that_is_enforced():
    assert not agent("tools: Agent, Read", "disallowedTools: Agent(deploy)").tools.allows("Agent")
    assert told("tools: Agent, Read", "disallowedTools: Agent(deploy)") == snapshot(
        [":3: `disallowedTools` forbids some agents (deploy); until that is enforced, it can start none"]
    )


def test_what_cannot_be_started_is_told():
    assert told("tools: Agent, read", "allowed_subagents: none") == snapshot(
        [":2: `tools` names Agent, but `allowed_subagents` allows no agent"]
    )
    assert told("tools: Agent(a), read", "allowed_subagents: [c]") == snapshot(
        [":2: `tools` and `allowed_subagents` have no agent in common, so it can start none"]
    )
    assert told("allowed_subagents: {a: b}") == snapshot(
        [
            ':2: `allowed_subagents` must be names, as a list or separated by commas, not \'{"a": "b"}\'; until then it is taken for none'
        ]
    )


# --- restrictions that nothing enforces yet


HOOK = "hooks: {{PreToolUse: [{{matcher: '{matcher}', hooks: []}}]}}"


@pytest.mark.parametrize(
    ("line", "without"),
    [
        ("permission_mode: plan", CHANGING),
        ("permissionMode: dontAsk", CHANGING),
        ("permission_mode: default", ()),
        ("permission_mode: acceptEdits", ()),
        ("permission_mode: bypassPermissions", ()),
        ("permission_mode: strict", CHANGING),
        ("sandbox: read-only", CHANGING),
        ("sandbox: workspace-write", ("bash",)),
        ("sandbox: off", ()),
        ("gate: make check", CHANGING),
        ("gate: {command: [make, check]}", CHANGING),
        (HOOK.format(matcher="Bash"), ("bash",)),
        (HOOK.format(matcher="Edit|Write|MultiEdit"), ("write", "edit")),
        (HOOK.format(matcher="Glob, mcp__docs__.*, my_tool"), ("find",)),
        (HOOK.format(matcher="*"), OWN_TOOLS),
        (HOOK.format(matcher=""), OWN_TOOLS),
        (HOOK.format(matcher="^Note.*"), OWN_TOOLS),
        ("hooks: {PreToolUse: run}", OWN_TOOLS),
        ("hooks: {before_tool: [{matcher: bash}]}", ("bash",)),
        ("hooks: {PermissionRequest: [{matcher: Bash}, {matcher: Write}]}", ("write", "bash")),
        ("hooks: {PostToolUse: [{matcher: '*'}], Stop: []}", ()),
    ],
)
def test_a_restriction_that_nothing_enforces_takes_the_tools_away_that_it_is_about(line, without):
    assert agent(line).tools == ToolSelection(None, tuple(without))


def test_what_it_goes_without_is_said_once():
    assert told("permissionMode: plan", "sandbox: read-only", "gate: make check") == snapshot(
        [
            ":2: `permissionMode` is not enforced yet, so the agent goes without write, edit and bash",
            ":4: `gate` has no effect yet",
        ]
    )
    assert told("tools: Read, Bash", HOOK.format(matcher="Bash|Write")) == snapshot(
        [":3: `hooks` is not enforced yet, so the agent goes without bash"]
    )


def test_who_only_looks_loses_nothing_and_nothing_is_said():
    assert told("tools: Read, Grep", "permissionMode: plan", "sandbox: read-only") == []


# --- programs


@pytest.mark.parametrize(
    "line",
    [
        "tools: read",
        "tools: none",
        "tools: all, Bash(git *)",
        "disallowed_tools: bash",
        "disallowedTools: WebFetch",
        "permission_mode: plan",
        "sandbox: read-only",
        "gate: make check",
        HOOK.format(matcher="Bash"),
    ],
)
def test_a_program_that_nobody_can_keep_to_a_restriction_is_not_used(line):
    assert unusable("runner: {command: [tool, '{prompt}']}", line)
    assert unusable("runner: acp", line)


@pytest.mark.parametrize(
    "line",
    ["tools: all", "disallowed_tools: none", "permission_mode: default", "sandbox: off", "max_turns: 3"],
)
def test_a_program_without_restrictions_is_used(line):
    assert agent("runner: {command: [tool, '{prompt}']}", line).runner != ""
    assert agent("runner: native", "tools: read").runner == ""


def test_what_to_do_with_a_program_that_cannot_be_restricted_is_said():
    assert told("runner: {command: [tool]}", "tools: read", "sandbox_mode: read-only") == snapshot(
        [
            ":2: `runner` runs 'tool', which nobody here keeps to `sandbox_mode` and `tools`; restrict it by its own arguments, and take that out",
            ": the file is not used, because it would be without its `sandbox_mode` and `tools`",
        ]
    )
