"""Who decides what of a run, and which wishes are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.definitions.model import AgentDefinition
from subagents.definitions.tool_names import DELEGATING
from subagents.errors import InvalidSchema, SpawnRefused
from subagents.ids import RunId
from subagents.runs.resolve import resolve, wanted_folder
from subagents.runs.rights import narrowed
from subagents.runs.state import RunState
from subagents.settings.model import Settings
from subagents.spec import (
    AskedBy,
    DefinitionSource,
    Limits,
    PromptMode,
    ProviderRule,
    RunSpec,
    SpawnRequest,
    ToolSelection,
)

S1 = {"type": "object"}
S2 = {"type": "array"}
READING = ("read", "grep", "find", "ls")


def definition(**decided: Any) -> AgentDefinition:
    return AgentDefinition(
        **{"name": "scout", "description": "finds things", "body": "You scout.", **decided}
    )


def request(**asked: Any) -> SpawnRequest:
    return SpawnRequest(**{"prompt": "find it", "asked_by": AskedBy.MODEL, **asked})


def run(depth: int = 1, workspace: str = "", directory: str = "/srv/shop", **spec: Any) -> RunState:
    values = {
        "agent": "boss",
        "prompt": "p",
        "description": "d",
        "instructions": "",
        "cwd": "/srv/shop",
        "project": "/srv/shop",
    }
    return RunState(
        id=RunId("aaaaaaaa"),
        handle="boss",
        parent=None,
        root=RunId("aaaaaaaa"),
        depth=depth,
        spec=RunSpec(**{**values, **spec}),
        asked_by=AskedBy.PERSON,
        spawned_at=0.0,
        workspace=workspace,
        directory=directory,
        model="anthropic:what-really-answered",
    )  # fmt: skip


def resolved(
    asked: SpawnRequest | None = None,
    file: AgentDefinition | None = None,
    settings: Settings | None = None,
    parent: RunState | None = None,
    **around: Any,
) -> RunSpec:
    given_around = {"project": "/srv/shop", "cwd": "/srv/shop", **around}
    return resolve(asked or request(), file or definition(), settings or Settings(), parent, **given_around)


def refused(*arguments: Any, **keywords: Any) -> str:
    with pytest.raises(SpawnRefused) as caught:
        resolved(*arguments, **keywords)
    return str(caught.value)


# --- all of it


def test_a_spec_holds_all_that_decides_how_the_run_runs():
    source = DefinitionSource("/agents/scout.md", "digest", "user")
    file = definition(
        tools=ToolSelection(("read",), ("bash",)),
        prompt_mode=PromptMode.APPEND,
        source=source,
        output_schema=S1,
        display_name="Scout",
        color="#827DBD",
    )

    assert resolved(
        request(prompt="find it", description="look"), file, Settings(model="offline"), user="ann"
    ) == RunSpec(
        agent="scout",
        prompt="find it",
        description="look",
        instructions="You scout.",
        prompt_mode=PromptMode.APPEND,
        tools=ToolSelection(("read",), ("bash",)),
        model="offline",
        asked_model="offline",
        limits=Limits(max_turns=100, grace_turns=5, max_seconds=None),
        output_schema=S1,
        corrections=2,
        display_name="Scout",
        color="#827DBD",
        cwd="/srv/shop",
        project="/srv/shop",
        user="ann",
        source=source,
        skills=True,
        decided={
            "model": "settings",
            "thinking": "default",
            "isolated": "default",
            "max_turns": "settings",
            "max_seconds": "default",
            "max_tokens": "settings",
            "max_cost": "settings",
            "tools": "definition",
            "output_schema": "definition",
            "corrections": "settings",
            "on_invalid": "default",
            "background": "settings",
            "isolation": "settings",
            "inherit_context": "default",
        },
    )


# --- who decides


MODEL_FILE, MODEL_CALL, MODEL_PARENT, MODEL_SET = "file", "call", "parent", "set"


@pytest.mark.parametrize(
    ("asked_by", "file", "call", "parent", "setting", "model", "decided"),
    [
        (AskedBy.MODEL, "file", "call", "parent", "set", "file", "definition"),
        (AskedBy.SCHEDULE, "file", "call", "parent", "set", "file", "definition"),
        (AskedBy.PERSON, "file", "call", "parent", "set", "call", "caller"),
        (AskedBy.PROGRAM, "file", "call", "parent", "set", "call", "caller"),
        (AskedBy.PERSON, "file", "", "parent", "set", "file", "definition"),
        (AskedBy.MODEL, "", "call", "parent", "set", "call", "caller"),
        (AskedBy.MODEL, "", "", "parent", "set", "parent", "parent"),
        (AskedBy.MODEL, "", "", "", "set", "set", "settings"),
        (AskedBy.PERSON, "", "", "", "", "", "default"),
    ],
)
def test_who_chooses_the_model(asked_by, file, call, parent, setting, model, decided):
    spec = resolved(
        request(model=call, asked_by=asked_by),
        definition(model=file),
        Settings(model=setting),
        run(model=parent) if parent else None,
    )

    assert (spec.model, spec.decided["model"]) == (model, decided)


def test_a_parent_without_a_choice_of_its_own_gives_on_what_answers_it():
    assert resolved(parent=run(model="")).model == "anthropic:what-really-answered"


@pytest.mark.parametrize(
    ("asked_by", "file", "call", "setting", "turns", "decided"),
    [
        (AskedBy.MODEL, 7, 9, 20, 7, "definition"),
        (AskedBy.PERSON, 7, 9, 20, 9, "caller"),
        (AskedBy.MODEL, 7, None, 20, 7, "definition"),
        (AskedBy.MODEL, None, 9, 20, 9, "caller"),
        (AskedBy.MODEL, None, None, 20, 20, "settings"),
        (AskedBy.MODEL, None, None, 0, None, "settings"),
        (AskedBy.MODEL, 0, 9, 20, None, "definition"),
        (AskedBy.PERSON, 7, 0, 20, None, "caller"),
        (AskedBy.MODEL, None, 0, 20, None, "caller"),
    ],
)
def test_who_chooses_the_turns_and_none_is_no_limit(asked_by, file, call, setting, turns, decided):
    spec = resolved(
        request(max_turns=call, asked_by=asked_by),
        definition(max_turns=file),
        Settings(default_max_turns=setting, grace_turns=2),
    )

    assert spec.limits == Limits(max_turns=turns, grace_turns=2)
    assert spec.decided["max_turns"] == decided


def test_who_chooses_the_time():
    file = definition(max_seconds=60.0)

    assert resolved(request(max_seconds=5.0), file).limits.max_seconds == 60.0
    assert resolved(request(max_seconds=5.0, asked_by=AskedBy.PERSON), file).limits.max_seconds == 5.0
    assert resolved(request(max_seconds=5.0)).limits.max_seconds == 5.0
    assert resolved().limits.max_seconds is None


@pytest.mark.parametrize("asked_by", AskedBy)
def test_any_caller_chooses_the_schema_and_nothing_is_free_text(asked_by):
    file = definition(output_schema=S1)

    assert resolved(request(output_schema=S2, asked_by=asked_by), file).output_schema == S2
    assert resolved(request(output_schema='{"type": "array"}', asked_by=asked_by), file).output_schema == S2
    free = resolved(request(output_schema="", asked_by=asked_by), file)
    assert (free.output_schema, free.decided["output_schema"]) == (None, "caller")
    assert resolved(request(asked_by=asked_by), file).output_schema == S1
    assert resolved(request(asked_by=asked_by)).output_schema is None


@pytest.mark.parametrize(
    ("file", "asked", "settings", "key", "effective", "decided"),
    [
        pytest.param({"model": "m1"}, {"model": "m2"}, {}, "model", "m1", "definition", id="F1"),
        pytest.param(
            {"thinking": "high"}, {"thinking": "minimal"}, {}, "thinking", "high", "definition", id="F3"
        ),
        # Until a run can inherit its parent's conversation, `isolated` is the one boolean that a caller may ask for.
        pytest.param({"isolated": False}, {"isolated": True}, {}, "isolated", False, "definition", id="F5"),
        pytest.param({}, {}, {}, "isolated", False, "default", id="F7"),
        pytest.param({"max_turns": 7}, {}, {"default_max_turns": 20}, "max_turns", 7, "definition", id="F13"),
        pytest.param({}, {}, {"default_max_turns": 0}, "max_turns", None, "settings", id="F15"),
        pytest.param(
            {"output_schema": S1}, {"output_schema": ""}, {}, "output_schema", None, "caller", id="F17"
        ),
    ],
)
def test_what_a_model_asks_for_gives_way_to_what_the_file_decided(
    file, asked, settings, key, effective, decided
):
    spec = resolved(request(**asked), definition(**file), Settings(**settings))

    isolated = spec.tools.providers == (ProviderRule(included=()),)
    found = {"isolated": isolated, "max_turns": spec.limits.max_turns}.get(key, getattr(spec, key, None))
    assert (found, spec.decided[key]) == (effective, decided)


# --- what is refused


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"prompt": " \n"}, "The prompt is empty"),
        ({"max_turns": -1}, "max_turns is -1"),
        ({"max_seconds": 0}, "max_seconds is 0"),
        ({"max_seconds": float("nan")}, "max_seconds is nan"),
        ({"max_seconds": float("inf")}, "max_seconds is inf"),
        ({"output_schema": "{bad"}, "The output schema cannot be used: it is not JSON"),
    ],
)
def test_an_impossible_wish_is_refused_with_what_would_be_possible(asked, said):
    assert said in refused(request(**asked))


def test_a_bad_schema_of_a_file_is_refused_with_the_file():
    file = definition(
        output_schema={"type": "strin"}, source=DefinitionSource("/agents/scout.md", "", "user")
    )

    with pytest.raises(InvalidSchema, match=r"It stands in /agents/scout\.md\.$"):
        resolved(file=file)


def test_runs_are_nested_as_deep_as_the_setting_says():
    assert resolved(settings=Settings(max_depth=2), parent=run(depth=1)).agent == "scout"
    assert refused(settings=Settings(max_depth=2), parent=run(depth=2)) == snapshot(
        "Run 'aaaaaaaa' is at depth 2, and agents may be nested 2 deep (the setting max_depth); do the work yourself."
    )
    assert resolved(settings=Settings(max_depth=0)).agent == "scout"


def test_the_folder_must_be_absolute_and_be_there():
    assert refused(cwd="shop") == "The folder 'shop' is relative; give an absolute one."
    assert refused(folder_exists=False) == "There is no folder '/srv/shop'; name one that exists."


def test_a_child_works_inside_its_parents_folder():
    parent = run(workspace="/trees/one")

    assert resolved(parent=parent, cwd="/trees/one/src").cwd == "/trees/one/src"
    assert refused(parent=parent, cwd="/srv/shop") == snapshot(
        "The folder '/srv/shop' is outside of '/trees/one', where the parent works; name one inside it."
    )
    assert "outside of '/srv/shop'" in refused(parent=run(), cwd="/srv/shopping")


# --- the folder that is wanted


HERE = Path("/here")


@pytest.mark.parametrize(
    ("asked", "parent", "folder"),
    [
        ("", None, "/here"),
        ("src", None, "/here/src"),
        ("/there/../other", None, "/other"),
        ("", run(), "/srv/shop"),
        ("", run(directory="/srv/shop/src"), "/srv/shop/src"),
        ("lib", run(directory="/srv/shop/src"), "/srv/shop/src/lib"),
        ("", run(directory="/tmp"), "/srv/shop"),
        ("", run(workspace="/trees/one"), "/trees/one"),
        ("..", run(), "/srv"),
    ],
)
def test_a_run_works_where_it_is_asked_to_else_where_its_parent_is_else_here(asked, parent, folder):
    assert wanted_folder(request(cwd=asked), parent, HERE) == Path(folder)


def test_a_home_is_understood(home: Path):
    assert wanted_folder(request(cwd="~/x"), None, HERE) == home / "x"


# --- the description


@pytest.mark.parametrize(
    ("asked", "prompt", "description"),
    [
        ("  find\nthe retries ", "p", "find the retries"),
        ("", "  Find the\n\n  retries.", "Find the retries."),
        ("", "x" * 60, "x" * 60),
        ("", "x" * 61, "x" * 59 + "…"),
        ("", "word " * 100, "word " * 11 + "word…"),
        ("y" * 500, "p", "y" * 199 + "…"),
        ("", "\n" * 1000 + "find it", "find it"),
    ],
)
def test_a_run_nobody_described_is_described_by_the_first_words_of_its_prompt(asked, prompt, description):
    spec = resolved(request(description=asked, prompt=prompt))

    assert spec.description == description
    assert spec.prompt == prompt


# --- rights


@pytest.mark.parametrize(
    ("child", "parent", "names"),
    [
        (None, None, None),
        (("read", "bash"), None, ("read", "bash")),
        (("read", "write"), ("read",), ("read",)),
        (READING, ("read",), READING),
        (READING, ("ls",), ("find", "ls")),
        (("write", "read"), ("edit",), ("write",)),
        (("bash", "grep"), ("bash",), ("bash", "grep")),
        (None, ("read", "x"), (*READING, "x")),
        (None, ("Agent", "get_subagent_result", "read"), READING),
        (("Agent", "stop_subagent", "read"), ("Agent", "read"), ("Agent", "stop_subagent", "read")),
        (("Agent", "read"), ("read",), ("read",)),
        ((), ("read",), ()),
    ],
)  # fmt: skip
def test_a_childs_tools_are_no_wider_than_its_parents(child, parent, names):
    assert narrowed(ToolSelection(child), ToolSelection(parent)).names == names


def test_what_a_parent_is_denied_its_child_is_denied_too():
    tools = narrowed(ToolSelection(None, ("ls",)), ToolSelection(None, ("bash", "ls")))

    assert tools == ToolSelection(None, ("ls", "bash"))


def test_who_narrowed_the_tools_is_recorded():
    assert resolved(parent=run()).decided["tools"] == "definition"
    assert resolved(parent=run(tools=ToolSelection(("read",)))).decided["tools"] == "parent"


def test_an_agent_that_could_use_none_of_its_tools_is_refused():
    file = definition(tools=ToolSelection(("bash", "write")))

    assert refused(file=file, parent=run(tools=ToolSelection(("read",)))) == snapshot(
        "The agent 'scout' could use none of its tools here: a child may use no more than its parent, which has read."
    )
    assert (
        resolved(
            file=definition(tools=ToolSelection(())), parent=run(tools=ToolSelection(("read",)))
        ).tools.names
        == ()
    )


TOOLS = (*READING, "write", "edit", "bash", *DELEGATING, "mcp_x")
NAMES = st.lists(st.sampled_from(TOOLS), unique=True).map(tuple)
SELECTIONS = st.builds(ToolSelection, st.none() | NAMES, NAMES)
RIGHTS = {"read": "r", "grep": "r", "write": "w", "edit": "w", "find": "l", "ls": "l", "bash": "rwlx"}


def rights(tools: ToolSelection) -> set[str]:
    """What can be done with them: read, write, list, execute, and each other tool by its name."""
    found = {right for name in tools.among(TOOLS) for right in RIGHTS.get(name, (name,))}
    return found | ({"l"} if "r" in found else set()) - set(DELEGATING)


@given(SELECTIONS, SELECTIONS)
def test_no_child_can_do_what_its_parent_cannot(child, parent):
    assert rights(narrowed(child, parent)) - set(DELEGATING) <= rights(parent)
    assert not set(narrowed(child, parent).among(TOOLS)) & set(parent.denied)
    assert set(narrowed(child, parent).among(TOOLS)) <= set(child.among(TOOLS))


@pytest.mark.parametrize(
    ("file", "setting", "written"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_the_file_decides_whether_there_is_a_transcript_beside_the_log(file, setting, written):
    spec = resolved(request(), definition(output_transcript=file), Settings(output_transcript=setting))
    assert spec.output_transcript is written
