"""What a child may use of its parent's: tools of providers, types of agents, programs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.definitions.model import AgentDefinition, MemoryScope
from subagents.errors import SpawnRefused
from subagents.ids import RunId
from subagents.runs.resolve import resolve
from subagents.runs.rights import narrowed, narrowed_types, rights_of
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import AskedBy, CommandLine, MemoryUse, ProviderRule, RunSpec, SpawnRequest, ToolSelection

PROVIDERS = ("shop", "mcp")
TOOLS = ("price", "order")
ENTRIES = st.sampled_from(["shop", "shop/price", "shop/order", "mcp", "mcp/price"])
RULES = st.builds(
    ProviderRule,
    st.none() | st.lists(st.sampled_from(PROVIDERS)).map(tuple),
    st.lists(st.sampled_from(PROVIDERS)).map(tuple),
    st.none() | st.lists(ENTRIES).map(tuple),
)
SELECTIONS = st.builds(
    ToolSelection,
    st.none(),
    st.lists(st.sampled_from(TOOLS)).map(tuple),
    st.lists(RULES, max_size=3).map(tuple),
)
TYPES = st.none() | st.lists(st.sampled_from(["scout", "clerk", "boss"]), unique=True).map(tuple)


def seen(tools: ToolSelection) -> set[tuple[str, str]]:
    return {(provider, tool) for provider in PROVIDERS for tool in TOOLS if tools.admits(provider, tool)}


def parent(**spec: object) -> RunState:
    values: dict[str, object] = {"agent": "boss", "prompt": "p", "description": "d", "instructions": ""}
    values |= {"cwd": "/srv/shop", "project": "/srv/shop", **spec}
    return RunState(
        id=RunId("aaaaaaaa"),
        handle="boss",
        parent=None,
        root=RunId("aaaaaaaa"),
        depth=1,
        spec=RunSpec(**values),  # type: ignore[arg-type]
        asked_by=AskedBy.PERSON,
        spawned_at=0.0,
        workspace="",
        directory="/srv/shop",
    )


def child_of(above: RunState | None, **written: object) -> RunSpec:
    file = AgentDefinition(**{"name": "scout", "description": "finds", **written})  # type: ignore[arg-type]
    asked = SpawnRequest(prompt="find it", asked_by=AskedBy.MODEL)
    return resolve(asked, file, Settings(), above, project="/srv/shop", cwd="/srv/shop")


@given(SELECTIONS, SELECTIONS)
def test_a_child_sees_the_tools_of_providers_that_it_and_its_parent_may_see(
    child: ToolSelection, above: ToolSelection
):
    assert seen(narrowed(child, above)) == seen(child) & seen(above)


@given(st.lists(SELECTIONS, min_size=1, max_size=4))
def test_nobody_below_sees_what_somebody_above_could_not(line: list[ToolSelection]):
    has = line[0]
    for child in line[1:]:
        below = narrowed(child, has)
        assert seen(below) <= seen(has)
        has = below


@given(TYPES, TYPES)
def test_a_child_starts_no_agent_that_its_parent_could_not(
    child: tuple[str, ...] | None, above: tuple[str, ...] | None
):
    types = narrowed_types(child, above)
    for name in ("scout", "clerk", "boss"):
        assert (types is None or name in types) == all(
            each is None or name in each for each in (child, above)
        )


def test_a_type_that_a_parent_may_not_start_is_refused_with_those_it_may():
    with pytest.raises(SpawnRefused) as caught:
        child_of(parent(subagents=("clerk",)))
    assert str(caught.value) == snapshot(
        "This agent may not start 'scout'; of other agents it may start: clerk."
    )
    assert child_of(parent(subagents=("scout",)), subagents=("boss",)).subagents == ()
    assert child_of(parent(subagents=("scout", "boss"))).subagents == ("scout", "boss")


def test_an_isolated_agent_sees_no_provider_and_starts_nobody_nor_do_its_children():
    spec = child_of(None, isolated=True, tools=ToolSelection(("read", "Agent")))

    assert seen(spec.tools) == set()
    assert not spec.tools.allows("Agent")
    assert spec.subagents == ()
    assert seen(narrowed(ToolSelection(), spec.tools)) == set()


def test_a_program_is_started_only_below_who_may_run_commands():
    program = CommandLine(command=("coder", "{prompt}"))

    assert child_of(parent(), runner=program).runner == "command"
    assert child_of(parent(tools=ToolSelection(("bash",))), runner=program).runner == "command"
    with pytest.raises(SpawnRefused, match="runs the program 'coder'"):
        child_of(parent(tools=ToolSelection(("read", "write"))), runner=program)


def test_the_web_is_for_children_of_those_who_have_it_or_a_shell():
    child = ToolSelection(("read", "fetch"))
    assert narrowed(child, ToolSelection(("read", "Agent"))).names == ("read",)
    assert narrowed(child, ToolSelection(("read", "fetch", "Agent"))).names == ("read", "fetch")
    assert narrowed(child, ToolSelection(("bash", "Agent"))).names == ("read", "fetch")
    assert "fetch" not in (narrowed(ToolSelection(), ToolSelection(("bash", "Agent"))).names or ())


# --- memory and skills


def remembering(names: tuple[str, ...] | None, *denied: str, above: RunState | None = None) -> RunSpec:
    return child_of(above, tools=ToolSelection(names, denied), memory=MemoryScope.PROJECT)


@pytest.mark.parametrize(
    ("names", "denied", "use"),
    [
        (None, (), MemoryUse("project", writes=True)),
        (("write",), (), MemoryUse("project", writes=True, lent=("read", "edit"))),
        (("edit", "read"), (), MemoryUse("project", writes=True, lent=("write",))),
        (("write", "edit"), ("write",), MemoryUse("project", writes=True, lent=("read",))),
        (("read", "grep"), (), MemoryUse("project")),
        (("bash",), (), MemoryUse("project", lent=("read",))),
        ((), (), MemoryUse("project", lent=("read",))),
        # A denied tool stays denied, in any case of its letters.
        (("write",), ("write",), MemoryUse("project", lent=("read",))),
        (None, ("Write", "EDIT"), MemoryUse("project")),
        ((), ("read",), MemoryUse("project")),
    ],
)
def test_who_may_write_files_adds_to_its_memory_and_everybody_else_reads_it(names, denied, use):
    spec = remembering(names, *denied)
    assert spec.memory == use
    assert all(spec.tools.allows(name) for name in use.lent)
    assert not any(spec.tools.allows(name.lower()) for name in denied)


@given(
    st.none() | st.lists(st.sampled_from(["read", "write", "edit", "bash", "grep"]), unique=True).map(tuple),
    st.lists(st.sampled_from(["read", "write", "edit"]), unique=True).map(tuple),
)
def test_a_memory_gives_no_right_to_anything_else(names: tuple[str, ...] | None, denied: tuple[str, ...]):
    assert rights_of(remembering(names, *denied)) == ToolSelection(names, denied)


def test_what_was_lent_for_a_memory_is_not_given_on():
    above = parent(tools=ToolSelection(("read", "ls")), memory=MemoryUse("project", lent=("read",)))
    child = child_of(above, tools=ToolSelection(("read", "grep", "ls")))
    assert child.tools.names == ("ls",)


def test_a_childs_memory_is_read_only_below_who_may_not_write():
    spec = remembering(("read", "write", "edit"), above=parent(tools=ToolSelection(("read",))))
    assert spec.memory == MemoryUse("project")
    assert spec.tools.names == ("read",)


@pytest.mark.parametrize(
    ("written", "skills"),
    [
        ({}, True),
        ({"skills": True}, True),
        ({"skills": False}, False),
        ({"skills": ("pdf",)}, ("pdf",)),
        ({"skills": ("pdf",), "isolated": True}, False),
        ({"isolated": True}, False),
    ],
)
def test_skills_are_all_that_there_are_unless_something_else_is_said(written, skills):
    assert child_of(None, **written).skills == skills


def test_a_program_has_neither_skills_nor_memory():
    program = CommandLine(command=("coder", "{prompt}"))
    spec = child_of(None, runner=program, skills=("pdf",), memory=MemoryScope.USER)
    assert (spec.skills, spec.memory) == (False, None)
