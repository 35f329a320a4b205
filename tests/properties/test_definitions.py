"""Whatever stands in a file, reading it gives a definition or problems, and never more than it allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.definitions.fields import KEYS
from subagents.definitions.folders import read_definition
from subagents.definitions.model import Dialect, Parsed, Scope
from subagents.definitions.parse import parse
from subagents.definitions.spelling import ALIASES
from subagents.definitions.tool_names import CLAUDE_TOOLS, OWN_TOOLS, START, our_name
from subagents.spec import DefinitionSource

#: Pieces that the formats are made of, so that what is made up gets past the first line.
PIECES = st.sampled_from(
    [
        *(
            "---\n",
            "---",
            "\n",
            "\r\n",
            ": ",
            " ",
            "\t",
            "- ",
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            "#",
            "&a",
            "*a",
            "!t",
            "|",
        ),
        *(
            "=",
            '"""',
            "[[x]]",
            "true",
            "off",
            "~",
            "1",
            "-1",
            ".inf",
            "2026-01-01",
            "\ufeff",
            "\x00",
            "é",
            "\ud800",
        ),
        *(
            "name",
            "description",
            "tools",
            "disallowedTools",
            "model",
            "developer_instructions",
            "mode",
            "permission",
        ),
        *("sandbox_mode", "hooks", "runner", "command", "Bash(git *)", "mcp__x__y", "ext:a/b", "all", "none"),
    ]
)
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)
BYTES = st.binary(max_size=300) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def told(found: Parsed | None) -> bool:
    """Whether nothing was lost in silence: there is a definition or a reason, each with its file; or it is no agent."""
    if found is None:
        return True
    reasons = all(problem.path and problem.message for problem in found.problems)
    return reasons and (found.definition is not None or bool(found.problems))


def source(dialect: Dialect = Dialect.OWN, name: str = "scout") -> DefinitionSource:
    return DefinitionSource(f"/agents/{name}.md", "", Scope.USER, dialect)


@pytest.mark.parametrize("dialect", Dialect)
@given(text=TEXTS, name=st.text(min_size=1, max_size=5))
def test_any_text_as_any_dialect_is_a_definition_or_problems(dialect: Dialect, text: str, name: str):
    assert told(parse(text, source(dialect, name)))
    assert told(parse(f"---\n{text}\n---\n{text}", source(dialect, name)))


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agents")


@pytest.mark.parametrize("ending", [".md", ".toml"])
@pytest.mark.parametrize("dialect", Dialect)
@given(data=BYTES)
def test_any_bytes_as_any_dialect_are_a_definition_or_problems(
    dialect: Dialect, ending: str, data: bytes, place: Path
):
    file = place / f"scout{ending}"
    file.write_bytes(data)

    assert told(read_definition(file, Scope.USER, dialect))


@pytest.mark.parametrize("dialect", Dialect)
@given(items=st.dictionaries(st.sampled_from((*KEYS, *ALIASES)), VALUES, max_size=6))
def test_any_value_of_any_key_is_a_definition_or_problems(dialect: Dialect, items: dict[str, Any]):
    lines = [f"{key}: {json.dumps(value)}" for key, value in items.items()]

    assert told(parse("\n".join(("---", *lines, "---", "body")), source(dialect)))


# --- never wider than written

NAMES = st.sampled_from(
    [*OWN_TOOLS, *(one.name for one in CLAUDE_TOOLS), "quux", "ext:foo", "ext:foo/bar", "mcp__x"]
)
ENTRIES = NAMES | st.tuples(NAMES, st.sampled_from(["git *", "src/**", "a, b", "*", ""])).map(
    lambda parts: f"{parts[0]}({parts[1]})"
)
LISTS = st.lists(ENTRIES, max_size=6)
RESTRICTING = st.sampled_from(
    [
        "permission_mode: plan",
        "permissionMode: dontAsk",
        "sandbox: read-only",
        "sandbox: docker",
        "gate: make check",
        "hooks: {PreToolUse: [{}]}",
        "hooks: {PreToolUse: [{matcher: Bash|Edit|Write}]}",
    ]
)


def allowed(found: Parsed) -> set[str]:
    """The tools of our own that the definition has."""
    return set() if found.definition is None else set(found.definition.tools.among((*OWN_TOOLS, START)))


def named(entries: list[str]) -> set[str]:
    """Our names of the tools that a list is about, in whole or in part."""
    return {ours for entry in entries if (ours := our_name(entry.partition("(")[0]))}


@given(entries=LISTS, denied=LISTS)
def test_an_agent_has_no_tool_that_its_list_does_not_name_nor_one_that_is_forbidden(entries, denied):
    found = parse(
        f"---\ntools: {json.dumps(entries)}\ndisallowed_tools: {json.dumps(denied)}\n---\nbody", source()
    )

    assert found.definition is not None
    assert allowed(found) <= named(entries) - named(denied)


#: Ways to write that a tool is not to be used.
FORBIDDING = st.sampled_from(
    [
        "disallowed_tools: [{rest}, {name}]",
        "disallowedTools: ' {upper} , {rest}'",
        "Disallowed-Tools: {name}(x) {rest}",
        "disallowedtools: {rest} {title}",
        "disallowed_tools: ['*{name}*']",
        "disallowed_tools: '{short}?'",
        "tools: [all, '!{name}', {rest}]",
        "tools: ['*', '-{title}']",
        "tools: all, {title}(x)",
        "tools: [all, {title}, '{name}(x)']",
    ]
)


@given(
    name=st.sampled_from(OWN_TOOLS),
    form=FORBIDDING,
    rest=st.sampled_from(["quux", "WebFetch", "ext:foo", "ls"]),
)
def test_a_tool_that_is_not_to_be_used_in_whatever_way_it_is_written_is_not_there(name, form, rest):
    line = form.format(name=name, upper=name.upper(), title=name.title(), short=name[:-1], rest=rest)
    found = parse(f"---\n{line}\n---\nbody", source())

    assert found.definition is not None
    assert not found.definition.tools.allows(name), line


@given(entries=LISTS, line=RESTRICTING, dialect=st.sampled_from([Dialect.OWN, Dialect.CLAUDE]))
def test_an_agent_that_is_not_to_change_anything_can_not(entries, line, dialect):
    for tools in (f"tools: {json.dumps(entries)}", "tools: all", "description: x"):
        found = parse(f"---\n{tools}\n{line}\n---\nbody", source(dialect))

        assert not allowed(found) & {"bash", "write", "edit"}


@given(entries=LISTS, line=RESTRICTING)
def test_a_program_is_never_run_under_a_restriction_that_it_would_not_keep(entries, line):
    runner = "runner: {command: [tool, '{prompt}']}"

    assert parse(f"---\n{runner}\ntools: {json.dumps(entries)}\n---\nbody", source()).definition is None
    assert parse(f"---\n{runner}\n{line}\n---\nbody", source()).definition is None
