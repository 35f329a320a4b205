"""Which tools an agent may use and which agents it may start: never more than its file says."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from tests.definitions.stories import agent, parsed, told, unusable

from subagents.definitions.model import Dialect
from subagents.definitions.tool_names import CHANGING, DELEGATING, OWN_TOOLS
from subagents.spec import ProviderRule, ToolSelection
from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS

WITH_AGENTS = (*OWN_TOOLS, *DELEGATING)


def test_the_tools_are_those_that_there_are():
    assert OWN_TOOLS == CODING_TOOLS
    assert set(CHANGING) == set(CHANGING_TOOLS)


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
        ('tools: ["read, bash"]', ("read", "bash")),
        ("tools: Read Grep", ("read", "grep")),
        ("tools: Read quux", ("Read quux",)),
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
        ("disallowedTools: Write, MultiEdit, Edit, WebFetch", ("write", "edit", "fetch")),
        ('disallowed_tools: ["bash, write"]', ("bash", "write")),
        ("disallowed_tools: Bash Write", ("bash", "write")),
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
            ":3: `disallowed_tools` names 'wrte', which is no tool here, so it goes without write",
            ":3: `disallowed_tools` names 'quux', which is no tool here; only a provider's tool of that name goes",
        ]
    )
    assert len(told(f"tools: [{', '.join(f't{n}' for n in range(500))}]")) == 11
    assert len(told(f"disallowed_tools: [{', '.join(f't{n}' for n in range(200))}]")) == 21
    assert unusable(f"disallowed_tools: [{', '.join(f't{n}' for n in range(201))}]")


@pytest.mark.parametrize(
    "value",
    [
        *(
            "bash; write",
            "bash|write",
            "bash/write",
            "bash + write",
            "Bash:*, Write:*",
            "'[Bb]ash, [Ww]rite'",
        ),
        *("|\n  bash\n  write", "|\n  - bash\n  - write", ">\n  - bash\n  - write", '"bash\\nwrite"'),
        *("\uff22ash, wri\u200bte", "[bash\u200b, ' WRITE\u00a0']", "Shell, create_file", "terminal, writ"),
        *("run_shell_command, writeFile", "{bash, write}", "[[bash], write]", "not bash or write"),
    ],
)
def test_a_denied_tool_is_denied_however_it_is_written(value):
    found = parsed(f"---\ndisallowed_tools: {value}\n---\n").definition

    assert found is None or not {"bash", "write"} & {tool for tool in OWN_TOOLS if found.tools.allows(tool)}
    assert found is None or found.tools.allows("read")


def test_some_uses_of_a_denied_tool_are_about_that_tool_and_no_providers():
    assert agent("disallowed_tools: 'Bash:*'").tools == ToolSelection(None, ("Bash:*", "bash"))
    assert told("disallowed_tools: 'Bash:*'") == [
        ":2: `disallowed_tools` names 'Bash:*', which is no tool here, so it goes without bash"
    ]


def test_a_denied_name_that_nobody_knows_is_told_with_what_it_takes_away():
    assert told("disallowed_tools: own_tool, shell, bash/ls, Bsh") == snapshot(
        [
            ":2: `disallowed_tools` names 'own_tool', which is no tool here; only a provider's tool of that name goes",
            ":2: `disallowed_tools` names 'shell', which is no tool here, so it goes without bash",
            ":2: `disallowed_tools` names 'bash/ls', which is no tool here, so it goes without bash and ls",
            ":2: `disallowed_tools` names 'Bsh', which is no tool here, so it goes without bash",
        ]
    )
    assert agent("disallowed_tools: my_own_tool").tools == ToolSelection(None, ("my_own_tool",))


@pytest.mark.parametrize(
    "value", ["read; grep", "read | grep", "|\n  read\n  grep", "|\n  - read\n  - grep", "[read; grep]"]
)
def test_tools_may_stand_line_by_line_or_between_other_marks_than_commas(value):
    assert agent(f"tools: {value}").tools.names == ("read", "grep")
    assert told(f"tools: {value}") == []


def test_all_tools_but_one_that_is_named_oddly_are_without_that_one():
    assert not agent("tools: '*, not bash'").tools.allows("bash")
    assert told("tools: '*, not bash'") == snapshot(
        [":2: `tools` has not bash; that is for `disallowed_tools`"]
    )


@pytest.mark.parametrize(
    "line", ["tools: read, Agent()", "tools: read, Agent( )", "tools: read, Agent(none)"]
)
def test_empty_parentheses_name_no_agent_to_start(line):
    found = agent(line)

    assert (found.subagents, found.tools.names) == ((), ("read",))
    assert told(line) == snapshot([":2: `tools` names Agent() without an agent, so it can start none"])


@pytest.mark.parametrize("value", ["no", "off", "'none, scout'", "[none, all]"])
def test_none_among_the_agents_that_may_be_started_is_none(value):
    found = agent(f"allowed_subagents: {value}")

    assert (found.subagents, found.tools) == ((), ToolSelection())
    assert "it is taken for none" in told(f"allowed_subagents: {value}")[0]


@pytest.mark.parametrize("value", ["all", "'*'", "[all]"])
def test_all_providers_may_be_left_out(value):
    assert agent(f"exclude_extensions: {value}", "extensions: docs").tools.providers == (
        ProviderRule(included=()),
    )


@pytest.mark.parametrize(
    "hooks",
    [
        "{BeforeAnything: [{matcher: Bash}]}",
        "{hooks: {PreToolUse: [{matcher: Bash}]}}",
        "{hooks: {tool.execute.before: [{matcher: Bash}]}}",
        "{Pre Tool Use: [{matcher: Bash}]}",
    ],
)
def test_a_hook_at_a_moment_that_nobody_knows_may_be_one_before_tool_calls(hooks):
    assert [tool for tool in OWN_TOOLS if not agent(f"hooks: {hooks}").tools.allows(tool)] == ["bash"]


def test_hooks_at_other_moments_take_no_tool_away():
    assert (
        agent("hooks: {PostToolUse: [{matcher: Bash}], Stop: [x], userPromptSubmitted: [x]}").tools
        == ToolSelection()
    )


def test_of_very_many_names_in_one_sentence_some_are_said_and_each_on_one_line():
    [many] = told(f"tools: [{', '.join(f'Bash(x{n})' for n in range(500))}]")
    [odd] = told('tools: ["Bash(\\e[31m)"]')

    assert "Bash(x9) and 490 more" in many
    assert "\x1b" not in odd


# --- Claude Code's names


def test_claude_codes_names_are_ours_whatever_their_case():
    written = "tools: Read, Write, Edit, MultiEdit, Bash, Grep, Glob, LS, GREP"

    assert agent(written).tools.names == ("read", "write", "edit", "bash", "grep", "find", "ls")
    assert told(written) == []


def test_a_tool_without_an_equivalent_is_told_and_leaves_the_others():
    assert agent("tools: Read, WebSearch, TodoWrite").tools.names == ("read",)
    assert told("tools: Read, WebSearch, TodoWrite", "disallowedTools: WebSearch") == snapshot(
        [":2: `tools` names WebSearch and TodoWrite, which have no equivalent here"]
    )
    assert told("tools: NotebookEdit") == snapshot(
        [":2: `tools` names NotebookEdit, which has no equivalent here"]
    )


def test_the_web_is_only_for_who_names_it():
    assert agent("tools: Read, WebFetch").tools.names == ("read", "fetch")
    assert agent("tools: all").tools.names is None
    assert agent("tools: all, fetch").tools.names == (*OWN_TOOLS, "fetch")
    assert agent("tools: WebFetch(domain:example.org)").tools.among(("fetch",)) == ()
    assert agent("tools: fetch", "permission_mode: dontAsk").tools.among(("fetch",)) == ()


def test_servers_that_the_list_of_tools_admits_nothing_of_are_told():
    assert told("tools: read, mcp__docs", "mcp_servers: [docs, wiki]") == snapshot(
        [":3: `mcp_servers` names wiki, of which `tools` admits no tool; add `mcp__wiki` to it"]
    )
    assert told("tools: read", "mcp_servers: [docs]") == []
    assert told("runner: {command: [tool, '{prompt}']}", "mcp_servers: [docs]") == snapshot(
        [":3: `mcp_servers` has no effect, because `runner` names a program, which has its own"]
    )


def test_a_list_of_nothing_that_there_is_here_is_no_tools_not_all():
    assert agent("tools: NotebookEdit, WebSearch").tools.names == ()
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
        ("disallowed_tools: Read(./.env), Bash(rm *)", False),
        ("tools: Bash(*)", True),
        ("tools: Bash(:*), Read(**)", True),
        ("tools: Bash()", True),
    ],
)
def test_a_tool_that_is_allowed_in_part_is_left_out_until_that_is_enforced(line, has):
    assert agent(line).tools.allows("bash") is has
    assert bool(told(line)) is not has


def test_what_is_left_out_is_said():
    assert told("tools: Bash(git *), Edit(a)", "disallowed_tools: Read(.env)") == snapshot(
        [
            ":2: `tools` names Bash(git *) and Edit(a), which nothing enforces yet, so it goes without bash and edit",
            ":3: `disallowed_tools` forbids Read(.env), which nothing enforces yet, so it goes without read and grep",
        ]
    )
    assert told("tools: Read quux") == snapshot(
        [":2: `tools` names 'Read quux', and there is no such tool; separate names by commas"]
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
        ("disallowed_tools: mcp__*", (ProviderRule(excluded=("mcp__*",)),)),
        ("disallowed_tools: mcp_*", (ProviderRule(included=()),)),
        ("disallowed_tools: mcp__docs__edit_*", (ProviderRule(excluded=("mcp__docs",)),)),
        ("disallowed_tools: ext:foo/x(y)", (ProviderRule(excluded=("foo",)),)),
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
            ":2: `tools` has mcp__*, which nothing here follows; name the providers or their tools",
            ":2: `tools` selects tools of mcp__docs, which the file does not bring in; add it to `extensions`",
            ":3: `extensions` has ./a.ts, a path; name the provider instead",
            ":4: `disallowed_tools` has mcp__x__*_all, a pattern that takes all tools of mcp__x away",
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
        [
            ":3: `disallowedTools` forbids some agents (deploy), which nothing enforces yet, so it can start none"
        ]
    )


def test_what_cannot_be_started_is_told():
    assert told("tools: Agent, read", "allowed_subagents: none") == snapshot(
        [":2: `tools` names Agent, but `allowed_subagents` allows no agent"]
    )
    assert told("tools: Agent(a), read", "allowed_subagents: [c]") == snapshot(
        [":2: `tools` and `allowed_subagents` have no agent in common, so it can start none"]
    )
    assert told("allowed_subagents: 3") == snapshot(
        [
            ":2: `allowed_subagents` must be names, as a list or separated by commas, not '3'; it is taken for none"
        ]
    )


# --- restrictions that nothing enforces yet


HOOK = "hooks: {{PreToolUse: [{{matcher: '{matcher}', hooks: []}}]}}"


@pytest.mark.parametrize(
    ("line", "without", "providers"),
    [
        ("permission_mode: plan", CHANGING, False),
        ("permissionMode: dontAsk", CHANGING, False),
        ("permission_mode: default", (), True),
        ("permission_mode: acceptEdits", (), True),
        ("permission_mode: bypassPermissions", (), True),
        ("permission_mode: strict", CHANGING, False),
        ("sandbox: read-only", CHANGING, False),
        ("sandbox: workspace-write", ("bash",), False),
        ("sandbox: off", (), True),
        ("gate: make check", CHANGING, False),
        ("gate: {command: [make, check]}", CHANGING, False),
        (HOOK.format(matcher="Bash"), ("bash",), True),
        (HOOK.format(matcher="Edit|Write|MultiEdit"), ("write", "edit"), True),
        (HOOK.format(matcher="Glob, WebFetch"), ("find",), True),
        (HOOK.format(matcher="mcp__docs__.*|Bash"), ("bash",), False),
        (HOOK.format(matcher="my_tool"), (), False),
        (HOOK.format(matcher="*"), OWN_TOOLS, False),
        (HOOK.format(matcher=""), OWN_TOOLS, False),
        (HOOK.format(matcher="^Note.*"), OWN_TOOLS, False),
        ("hooks: {PreToolUse: run}", OWN_TOOLS, False),
        ("hooks: {before_tool: [{matcher: bash}]}", ("bash",), True),
        ("hooks: {PermissionRequest: [{matcher: Bash}, {matcher: Write}]}", ("write", "bash"), True),
        ("hooks: {PostToolUse: [{matcher: '*'}], Stop: []}", (), True),
    ],
)
def test_a_restriction_that_nothing_enforces_takes_the_tools_away_that_it_is_about(line, without, providers):
    tools = agent(line).tools

    assert (tools.names, tools.denied) == (None, tuple(without))
    assert tools.admits("docs", "search") is providers
    assert agent(line, "extensions: [docs]").tools.admits("docs", "search") is providers


def test_what_it_goes_without_is_said_once():
    assert told("sandbox: read-only", "permissionMode: plan", "gate: make check") == snapshot(
        [
            ":3: `permissionMode` is not enforced yet, so it goes without write, edit, bash and providers' tools",
            ":4: `gate` has no effect yet",
        ]
    )
    assert told("tools: Read, Bash", HOOK.format(matcher="Bash|Write")) == snapshot(
        [":3: `hooks` is not enforced yet, so it goes without bash"]
    )


def test_who_only_looks_and_has_no_providers_loses_nothing_and_nothing_is_said():
    assert told("tools: Read, Grep", "extensions: none", "permissionMode: plan", "sandbox: read-only") == []
    assert told("tools: Read, Grep", "permissionMode: plan", dialect=Dialect.CLAUDE) == []


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
    assert told("runner: acp", "tools: read", "sandbox: read-only") == snapshot(
        [
            ":2: `runner` runs 'acp', which nobody can keep to `sandbox` and `tools`; use its own arguments instead",
            ":4: `sandbox` is not enforced yet, so it goes without providers' tools",
            ": the file is not used, because it would be without its `sandbox` and `tools`",
        ]
    )
