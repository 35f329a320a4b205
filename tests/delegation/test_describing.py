"""How the tools introduce themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from subagents.definitions.model import AgentDefinition
from subagents.delegation.describing import TEMPLATE, Place, described, expanded, tokens_of
from subagents.delegation.door import ASKS, CONVERSATION, LIBRARY, TELLS
from subagents.delegation.registry import TOOLS
from subagents.spec import ProviderRule, ToolSelection

EXAMPLE = Path(__file__).parents[2] / "examples" / TEMPLATE
AGENTS = (
    AgentDefinition(
        name="Explore", description="Searches code. Never changes it.", tools=ToolSelection(("read", "grep"))
    ),
    AgentDefinition(name="general", description="Does anything.", model="opus"),
    AgentDefinition(
        name="talker", description="Talks.", tools=ToolSelection((), providers=(ProviderRule(included=()),))
    ),
)


def place(mode: str = "full", project: Path | None = None, next_depth: int = 2) -> Place:
    return Place(AGENTS, next_depth, 4, CONVERSATION, mode, project)


def test_in_full():
    assert described("Agent", place()).text == snapshot("""\
Start a subagent: another agent that works on a task of its own, in the background and in parallel with you, and hands back its final answer. Delegate what can be described in full and done without you: research across many files, a self-contained change, a review, several independent questions at once.

Agents:
- Explore: Searches code. Never changes it. (tools: read, grep)
- general: Does anything. (model opus, tools: *)
- talker: Talks. (tools: none)

When not to: reading one file you know, searching for one name, or anything you would finish in two or three calls of your own tools.

How to write the prompt:
- It sees nothing of this conversation unless it inherits it: give the goal, the context, the paths, and what its answer should contain.
- Say whether it is to change files or only to find out, and how it can check its work.
- Ask for the form you need; its last message is all you get.
- inherit_context: true begins with this conversation: the agent then sees the chat history; recommended for questions that need current context.

How it goes:
- This returns at once with an id and a handle. Start independent agents in one message, so that they run in parallel, or with start_agents; then go on with your own work.
- You are told by yourself when it ends, so do not poll or sleep. get_subagent_result gives the result and waits for it with wait: true.
- Do not do again yourself what you have delegated, and do not invent results of agents that have not ended.
- What an agent says it changed is its claim: look at the change before you rely on it.
- steer_subagent tells a running agent something, stop_subagent ends it; resume goes on with one that has ended and knows all it knew.
- run_in_background: false is for when you can do nothing without the answer. It waits like get_subagent_result, and the agent ends with you.
- subagent_type: auto picks the agent that fits the task best and says which and why.
- A call that is refused can be made again with retry and what is to be different; the prompt is kept.
- isolation: worktree gives it a git worktree of its own, for changes beside others' or yours: made from the current state at HEAD; its work is kept on a branch; a repository with a commit is required. Its result names the branch, which you merge.
- An agent you start is at depth 2 of 4; only those whose file names Agent can start others.\
""")


def test_compactly():
    assert described("Agent", place("compact")).text == snapshot("""\
Start a subagent: delegate a self-contained task to another agent, which works in the background and in parallel, and hands back its last message.

Agents:
- Explore: Searches code. (tools: read, grep)
- general: Does anything. (model opus, tools: *)
- talker: Talks. (tools: none)

- It sees nothing of this conversation unless inherit_context: true (the agent then sees the chat history; recommended for questions that need current context): put goal, context, paths and the form of the answer into prompt.
- Returns at once with an id; start independent agents in one message. You are told by yourself when it ends, so do not poll or sleep.
- get_subagent_result waits (wait: true) and gives the result. Do not redo what you delegated; check changes it claims.
- steer_subagent, stop_subagent; resume goes on with an ended one; retry makes a refused call again with its prompt kept.
- run_in_background: false waits for the answer; subagent_type: auto picks the best fitting agent.
- isolation: worktree gives it a git worktree of its own, for changes beside others' or yours: made from the current state at HEAD; its work is kept on a branch; a repository with a commit is required. Its result names the branch, which you merge.
- An agent you start is at depth 2 of 4; only those whose file names Agent can start others.\
""")


CONTRACTS = (
    "sees nothing of this conversation", "background", "parallel", "one message", "told by yourself", "wait: true", "steer_subagent",
    "stop_subagent", "resume", "retry", "run_in_background: false", "auto", "get_subagent_result", "delegate",
)  # fmt: skip


@pytest.mark.parametrize("mode", ["full", "compact"])
def test_each_length_states_what_must_be_known(mode: str):
    text = described("Agent", place(mode)).text
    assert [contract for contract in CONTRACTS if contract.lower() not in text.lower()] == []


def test_the_compact_one_is_short():
    none = Place((), 2, 4, CONVERSATION, "compact")
    assert len(described("Agent", none).text) < 1_600
    assert tokens_of(described("Agent", place()).text) < 1_400


def test_what_is_true_of_being_told_depends_on_the_door():
    assert TELLS in described("Agent", place()).text
    assert ASKS in described("Agent", Place(AGENTS, 1, 4, LIBRARY)).text


def test_the_depth_is_that_of_the_next_one():
    assert "at depth 2 of 4; only those whose file names Agent" in described("Agent", place()).text
    assert "at depth 4 of 4 and cannot start others" in described("Agent", place(next_depth=4)).text


def test_the_example_of_a_template_renders_as_the_full_text(tmp_path: Path):
    folder = tmp_path / ".subagents"
    folder.mkdir()
    (folder / TEMPLATE).write_bytes(EXAMPLE.read_bytes())
    assert described("Agent", place("custom", tmp_path)) == described("Agent", place())


def test_a_template_of_the_user_serves_where_the_project_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SUBAGENTS_HOME", str(tmp_path))
    (tmp_path / TEMPLATE).write_text("Mine: {{compactTypeList}}")
    assert described("Agent", place("custom", tmp_path / "nowhere")).text == snapshot("""\
Mine: - Explore: Searches code. (tools: read, grep)
- general: Does anything. (model opus, tools: *)
- talker: Talks. (tools: none)\
""")


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_template_that_is_missing_or_empty_is_the_full_text_with_a_warning(
    tmp_path: Path, text: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SUBAGENTS_HOME", str(tmp_path / "home"))
    (tmp_path / ".subagents").mkdir()
    if text is not None:
        (tmp_path / ".subagents" / TEMPLATE).write_text(text)
    found = described("Agent", place("custom", tmp_path))
    assert found.text == described("Agent", place()).text
    assert "the full one is used" in found.warnings[0]


def test_unknown_placeholders_stay_and_are_told_and_values_are_literal(tmp_path: Path):
    (tmp_path / ".subagents").mkdir()
    (tmp_path / ".subagents" / TEMPLATE).write_text(
        "{{agentDir}} {{nonsense}} {{currentDepth}}/{{maxDepth}} $& \\1"
    )
    found = described("Agent", place("custom", tmp_path))
    assert found.text == ".subagents/agents {{nonsense}} 2/4 $& \\1"
    assert found.warnings == (
        "The template agent-tool-description.md has placeholders that there are not: {{nonsense}}.",
    )


def test_a_line_of_which_nothing_is_left_goes():
    text, unknown = expanded("- {{a}}\n- {{b}} c\n\n{{a}}\nend", {"a": "", "b": "B"})
    assert (text, unknown) == ("- B c\n\nend", [])


def test_the_other_tools():
    texts = {tool.name: described(tool.name, place()).text for tool in TOOLS if tool.name != "Agent"}
    assert all(20 < len(text) < 1_200 for text in texts.values())
    for words in ("subagent", "background", "parallel", "delegate"):
        assert any(words in text for text in (*texts.values(), described("Agent", place()).text))
