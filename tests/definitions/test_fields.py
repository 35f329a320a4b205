"""Each key of the front matter: what its values mean, and what is said of one that it cannot have."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from tests.definitions.stories import agent, definition, parsed, told, unusable

from subagents.definitions.fields import FIELDS, THINKING
from subagents.definitions.model import Isolation, MemoryScope, Sandbox
from subagents.spec import Base, CommandLine

# --- the name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param('"  code-review  "', "code-review", id="B7"),
        pytest.param("Code Reviewer", "Code Reviewer", id="B9"),
        pytest.param("2026-01-01", "2026-01-01", id="A47"),
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


# --- limits


def test_a23_numbers_that_are_none_are_left_undecided_with_a_problem():
    assert agent("max_turns: -3").max_turns is None
    assert told(
        "max_turns: -3", "max_trns: 1", "max_seconds: 0", "max_tokens: many", "max_cost: $5"
    ) == snapshot(
        [
            ":2: `max_turns` must be a whole number, 0 for no limit, not '-3'",
            ":3: there is no key 'max_trns'; did you mean `max_turns`?",
            ":4: `max_seconds` must be a number of seconds above 0, not '0'",
            ":5: `max_tokens` must be a whole number, 0 for no limit, not 'many'",
            ":6: `max_cost` must be a number of US dollars, 0 for no limit, not '$5'",
            ": the file is not used, because it would be without its `max_cost`, `max_seconds` and `max_tokens`",
        ]
    )


@pytest.mark.parametrize(
    "line",
    [
        "max_seconds: .inf",
        "max_tokens: 1.5",
        "max_tokens: 10k",
        "max_cost: -1",
        "max_cost: $1",
        "max_cost: .nan",
    ],
)
def test_a_limit_of_what_is_spent_that_cannot_be_read_makes_the_file_unusable(line):
    assert unusable(line)


def test_a_plain_number_may_stand_in_quotes():
    found = agent("max_turns: '7'", "max_seconds: ' 1.5 '", 'max_tokens: "200000"', "max_cost: '0.25'")

    assert (found.max_turns, found.max_seconds, found.max_tokens, found.max_cost) == (7, 1.5, 200_000, 0.25)


@pytest.mark.parametrize("value", ["2.0", "2.5", "true", '"3.0"', '"three"', "[3]", "1e3"])
def test_turns_are_a_whole_number(value):
    assert agent(f"max_turns: {value}").max_turns is None
    assert len(told(f"max_turns: {value}")) == 1


def test_limits_are_as_they_are_written_and_0_is_a_decision():
    found = agent("max_turns: 7", "max_seconds: 90", "max_tokens: 200000", "max_cost: 0.25")
    none = agent("max_turns: 0", "max_tokens: 0", "max_cost: 0")

    assert (found.max_turns, found.max_seconds, found.max_tokens, found.max_cost) == (7, 90.0, 200_000, 0.25)
    assert (none.max_turns, none.max_tokens, none.max_cost) == (0, 0, 0.0)


# --- words


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        pytest.param("append", "append", id="A25-append"),
        ("Append", "append"),
        pytest.param("banana", "replace", id="A25-banana"),
    ],
)
def test_an_unknown_prompt_mode_is_replace(value, mode):
    assert agent(f"prompt_mode: {value}").prompt_mode == mode


@pytest.mark.parametrize(("line", "model"), [("model: inherit", ""), ("model:", ""), ("model: 4.10", "4.10")])
def test_a_model_is_text_and_inherit_is_none(line, model):
    assert agent(line).model == model


@pytest.mark.parametrize("level", THINKING)
def test_each_level_of_thinking_is_known(level):
    assert agent(f"thinking: {level}").thinking == agent(f"effort: {level.upper()}").thinking == level
    assert told(f"thinking: {level}") == []


def test_a29_a_level_that_nobody_knows_is_told_and_passed_on_as_it_is():
    assert agent("thinking: max").thinking == "max"
    assert agent("thinking: Turbo").thinking == "Turbo"
    [problem] = told("thinking: turbo")
    assert "off, minimal, low, medium, high, xhigh or max, not 'turbo'; it is passed on" in problem


@pytest.mark.parametrize(
    ("line", "isolation"),
    [
        pytest.param("isolation: worktree", Isolation.WORKTREE, id="A27-worktree"),
        pytest.param("description: x", None, id="A27-absent"),
        pytest.param("isolation: docker", None, id="A27-docker"),
        *((f"isolation: {off}", Isolation.OFF) for off in ("off", "none", "no", "false", '"false"', "OFF")),
    ],
)
def test_isolation_is_worktree_or_a_veto(line, isolation):
    assert agent(line).isolation is isolation


@pytest.mark.parametrize("base", Base)
def test_what_its_worktree_begins_with_is_one_of_these(base):
    assert agent(f"base: {base}").base is base
    assert agent("base: yesterday").base is None
    [problem] = told("base: yesterday")
    assert "must be head, default-branch or snapshot, not 'yesterday'" in problem


@pytest.mark.parametrize(
    ("value", "memory"),
    [("user", MemoryScope.USER), ("project", MemoryScope.PROJECT), ("local", MemoryScope.LOCAL)]
    + [(value, None) for value in ("", "none", "false", "everywhere")],
)
def test_memory_is_a_scope(value, memory):
    assert agent(f"memory: {value}").memory is memory


@pytest.mark.parametrize(
    ("line", "sandbox"),
    [
        ("sandbox: read-only", Sandbox.READ_ONLY),
        ("sandbox_mode: workspace-write", Sandbox.WORKSPACE_WRITE),
        ("sandboxMode: danger-full-access", Sandbox.OFF),
        ("sandbox: Read_Only", Sandbox.READ_ONLY),
        ("sandbox: false", Sandbox.OFF),
        ("sandbox: docker", Sandbox.READ_ONLY),
        ("sandbox:", None),
    ],
)
def test_a_sandbox_that_nobody_knows_is_taken_for_the_narrowest(line, sandbox):
    assert agent(line).sandbox is sandbox


@pytest.mark.parametrize("value", ["acceptEdits", "accept_edits", "accept-edits", "ACCEPTEDITS"])
def test_a_word_of_several_parts_may_be_joined_otherwise(value):
    assert agent(f"permission_mode: {value}").permission_mode == "acceptEdits"


def test_capabilities_are_words():
    assert agent("capabilities: python_testing, qa").capabilities == ("python_testing", "qa")
    assert agent("capabilities: [python, debugging]").capabilities == ("python", "debugging")
    assert agent("description: x").capabilities == ()


# --- yes or no


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("enabled: false", id="A31"),
        *(
            pytest.param(line, id=f"A33-{n}")
            for n, line in enumerate(
                ("enabled: False", "enabled: FALSE", "enabled: false # later", '"enabled": false')
            )
        ),
    ],
)
def test_only_a_boolean_disables(line):
    assert not agent(line).enabled


@pytest.mark.parametrize(
    "line", ['enabled: "false"', "enabled: no", "enabled: off", "enabled: 0", "enabled:", "# enabled: false"]
)
def test_nothing_else_disables(line):
    assert agent(line).enabled


@pytest.mark.parametrize(
    "key", ["inherit_context", "run_in_background", "persist_session", "output_transcript", "isolated"]
)
def test_undecided_is_neither_yes_nor_no(key):
    assert getattr(agent("description: x"), key) is None
    assert getattr(agent(f"{key}:"), key) is None
    assert getattr(agent(f"{key}: true"), key) is True
    assert getattr(agent(f"{key}: false"), key) is False


def test_what_is_neither_yes_nor_no_is_undecided_but_isolated_which_restricts():
    assert agent('inherit_context: "yes"').inherit_context is None
    assert agent("isolated: yes").isolated is True
    assert told("isolated: yes") == snapshot(
        [":2: `isolated` must be true or false, without quotes, not 'yes'; it is taken for true"]
    )


# --- schema


@pytest.mark.parametrize(
    ("line", "schema"),
    [
        pytest.param(
            "output_schema: {type: object, required: [a]}",
            {"type": "object", "required": ["a"]},
            id="A45-mapping",
        ),
        pytest.param('output_schema: \'{"type": "object"}\'', {"type": "object"}, id="A45-text"),
        pytest.param('output_schema: ""', None, id="A45-empty"),
        ("output_schema:", None),
    ],
)
def test_an_output_schema_is_a_mapping_or_json(line, schema):
    assert agent(line).output_schema == schema


@pytest.mark.parametrize("value", ["'{bad'", "[]", "'3'", "{minimum: .nan}", "'{\"minimum\": NaN}'"])
def test_a_file_whose_schema_cannot_be_read_is_not_used_because_its_answers_would_not_be_checked(value):
    assert unusable(f"output_schema: {value}")


# --- skills, servers, hooks


@pytest.mark.parametrize(
    ("line", "skills"),
    [
        ("description: x", None),
        ("skills: true", True),
        ("skills: all", True),
        ("skills: none", False),
        ("skills:", False),
        pytest.param("inherit_skills: false", False, id="A17"),
        ("skills: [pdf, review]", ("pdf", "review")),
    ],
)
def test_skills_are_all_none_or_some(line, skills):
    assert agent(line).skills == skills


@pytest.mark.parametrize("key", ["gate", "hooks", "mcp_servers"])
@pytest.mark.parametrize("value", ["", "none", "off", "false", '""'])
def test_there_may_be_no_gate_no_hooks_and_no_servers(key, value):
    assert getattr(agent(f"{key}: {value}"), key) is None
    assert told(f"{key}: {value}") == []


def test_servers_are_named_or_written_out():
    assert agent("mcpServers: {docs: {command: docs-server}}").mcp_servers == {
        "docs": {"command": "docs-server"}
    }
    assert agent("mcp_servers: [github, {docs: {command: x}}]").mcp_servers == {
        "github": None,
        "docs": {"command": "x"},
    }
    assert agent("mcp_servers: github, docs").mcp_servers == {"github": None, "docs": None}
    assert agent("mcp_servers: 3").mcp_servers is None


@pytest.mark.parametrize("line", ["hooks: [a]", "hooks: run", "gate: 3", "gate: [a]"])
def test_a_file_whose_gate_or_hooks_cannot_be_read_is_not_used_because_they_may_restrict_it(line):
    assert unusable(line)


# --- the program


@pytest.mark.parametrize(
    ("value", "runner"),
    [
        ("", ""),
        ("native", ""),
        ("acp", "acp"),
        ("{command: [tool, -p, '{prompt}']}", CommandLine(command=("tool", "-p", "{prompt}"))),
        ('{command: "tool -p {prompt} --n 3"}', CommandLine(command=("tool", "-p", "{prompt}", "--n", "3"))),
        (
            "{command: [t, 3], resume: [t, --resume, '{session}'], output: claude, environment: [T_KEY, U]}",
            CommandLine(
                command=("t", "3"),
                resume=("t", "--resume", "{session}"),
                output="claude",
                environment=("T_KEY", "U"),
            ),
        ),
        (
            "{command: t, output: {rules: [{text: said}]}}",
            CommandLine(command=("t",), output={"rules": [{"text": "said"}]}),
        ),
    ],
)
def test_a_runner_is_a_name_or_a_command_line(value, runner):
    assert agent(f"runner: {value}").runner == runner


@pytest.mark.parametrize(
    "value",
    [
        "{}",
        "{command: []}",
        "{command: {a: b}}",
        "{command: [[a]]}",
        "{command: [true]}",
        '{command: "a \'b"}',
        '{command: "a\\0b"}',
        "{commands: [a]}",
        "{command: a, output: 3}",
        "{command: a, environment: [KEY=secret]}",
        "3",
        "'claude -p'",
        "[a]",
    ],
)
def test_a_file_whose_runner_cannot_be_read_is_not_used_because_something_else_would_run(value):
    assert unusable(f"runner: {value}")


def test_what_is_wrong_with_a_runner_is_said():
    assert told("runner: {comand: [a]}")[0] == snapshot(
        ":2: `runner` has no part 'comand'; there are command, resume, output and environment"
    )
    assert told("runner: {command: t, environment: [KEY=secret]}")[0] == snapshot(
        ":2: `runner` has an `environment` with 'KEY=secret', which is no variable's name; values never stand in a file"
    )


# --- what stands in the way of skills and memory


def test_an_agent_whose_name_no_folder_should_have_is_told_that_it_has_no_memory():
    [problem] = told("name: code auditor", "memory: project")
    assert problem.startswith(":3: `memory` needs a name of at most 128 letters, digits, ")
    assert problem.endswith(" and 'code auditor' is an unsafe name, so it has no memory")


@pytest.mark.parametrize("line", ["skills: [pdf]", "memory: user"])
def test_a_program_is_told_to_have_neither(line):
    [problem] = told("runner: {command: coder}", line)
    assert problem.endswith("has no effect on a program, which is given its prompt and nothing else")


def test_skills_of_an_isolated_agent_are_told_to_have_no_effect():
    assert told("isolated: true", "skills: [pdf]") == snapshot(
        [":3: `skills` has no effect, because an isolated agent has no skills"]
    )
    assert told("isolated: true", "skills: true") == []


def test_a_name_that_no_skill_can_have_is_told():
    assert told("skills: [pdf, ../x, 'plugin:y']") == snapshot(
        [":2: `skills` names ../x and plugin:y, which no skill can be called"]
    )


# --- what comes later


ASKING = {
    "permission_mode": "acceptEdits",
    "gate": "make check",
    "hooks": "{Stop: [{hooks: []}]}",
    "persist_session": "false",
    "session_dir": "~/kept",
}
ASKING_NOTHING = {
    "permission_mode": "default",
    "sandbox": "off",
    "gate": "",
    "hooks": "{}",
    "persist_session": "true",
    "session_dir": "",
}


@pytest.mark.parametrize("key", ASKING)
def test_a_key_that_comes_later_is_told_once_where_it_asks_for_something(key):
    [problem] = told("extensions: none", "tools: read", f"{key}: {ASKING[key]}")

    assert problem.startswith(f":4: `{key}` has no effect yet")


@pytest.mark.parametrize("key", ASKING_NOTHING)
def test_a_key_that_comes_later_is_not_told_where_it_asks_for_nothing(key):
    assert told(f"{key}: {ASKING_NOTHING[key]}") == []


def test_every_key_that_comes_later_is_among_these():
    later = {field.key for field in FIELDS if field.later is not None}
    assert set(ASKING) | {"sandbox"} == set(ASKING_NOTHING) == later


def test_every_key_is_described():
    assert [field.key for field in FIELDS if not (field.values and field.means and field.absent)] == []
