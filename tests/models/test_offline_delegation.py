"""As a parent the offline model splits the prompt, starts an agent for each part at once, waits, and joins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import ModelMessage, ToolCallPart
from tests.models.conftest import AskOf

from subagents.errors import NeedsLanguageModel
from subagents.models.offline import offline_model
from subagents.models.offline.delegating import parts_of

pytestmark = pytest.mark.anyio


class Agents:
    """Agents that answer at the second asking, and the tools for them."""

    def __init__(self) -> None:
        self.prompts: dict[str, str] = {}
        self.asked: list[str] = []

    async def start(self, prompt: str, description: str, subagent_type: str) -> str:
        agent = f"k3f9x2a{len(self.prompts)}"
        self.prompts[agent] = prompt
        return f"Started agent {agent} ({subagent_type}). Fetch its result with get_subagent_result."

    async def get_result(self, agent_id: str, wait: bool = False) -> str:
        self.asked.append(agent_id)
        assert wait
        head = f"Agent: explore (Explore, run {agent_id})"
        if self.asked.count(agent_id) == 1 and agent_id.endswith("0"):
            return f"{head}\nStatus: running | 3 turns\n\nIt is still running; there is no result yet."
        return f"{head}\nStatus: completed | 5 turns\n\nStill the answer to: {self.prompts[agent_id]}"

    @property
    def tools(self) -> list[Tool[None]]:
        return [Tool(self.start, name="Agent"), Tool(self.get_result, name="get_subagent_result")]


def replies(messages: list[ModelMessage]) -> list[list[str]]:
    found = [[part.tool_name for part in m.parts if isinstance(part, ToolCallPart)] for m in messages]
    return [reply for reply in found if reply]


async def test_each_part_gets_an_agent_and_the_answers_are_joined():
    agents = Agents()
    parent: Agent[None, str] = Agent(offline_model(), tools=agents.tools)

    result = await parent.run("Find out:\n1. Where are retries handled?\n2. How are settings loaded?")

    assert replies(result.all_messages()) == snapshot(
        [["Agent", "Agent"], ["get_subagent_result", "get_subagent_result"], ["get_subagent_result"]]
    )
    assert list(agents.prompts.values()) == ["Where are retries handled?", "How are settings loaded?"]
    assert result.output == snapshot("""\
offline (no language model): 2 agents were asked.

## 1. Where are retries handled? (agent k3f9x2a0)

Agent: explore (Explore, run k3f9x2a0)
Status: completed | 5 turns

Still the answer to: Where are retries handled?

## 2. How are settings loaded? (agent k3f9x2a1)

Agent: explore (Explore, run k3f9x2a1)
Status: completed | 5 turns

Still the answer to: How are settings loaded?\
""")


async def test_agents_that_cannot_be_started_are_told():
    async def start(prompt: str, subagent_type: str) -> str:
        return "Error: the tree has its 50 agents already"

    async def get_result(agent_id: str, wait: bool) -> str:
        raise AssertionError("there is nobody to wait for")

    tools = [Tool(start, name="Agent"), Tool(get_result, name="get_subagent_result")]
    parent: Agent[None, str] = Agent(offline_model(), tools=tools)

    assert (await parent.run("Where are retries handled?")).output == snapshot("""\
offline (no language model): 0 agents were asked.

## 1. Where are retries handled? (no agent)

Error: the tree has its 50 agents already\
""")


async def test_a_parent_that_can_search_delegates_only_when_asked_to(
    agent_in: AskOf, repository: Callable[[dict[str, str]], Path]
):
    agents, root = Agents(), repository({"a.py": "def start_agent() -> None: ...\n"})

    async def Agent(prompt: str, description: str, subagent_type: str) -> str:  # noqa: N802
        return await agents.start(prompt, description, subagent_type)

    async def get_subagent_result(agent_id: str, wait: bool = False) -> str:
        return await agents.get_result(agent_id, wait)

    parent = agent_in(root, others=(Agent, get_subagent_result))
    await parent.run("Where do we start an agent?")
    assert agents.prompts == {}

    await parent.run("Use two agents to find out: where is the cache? And how are errors shown?")
    assert list(agents.prompts.values()) == ["where is the cache?", "And how are errors shown?"]


async def test_asked_to_wrap_up_it_does_not_wait_any_longer():
    agents = Agents()
    parent: Agent[None, str] = Agent(offline_model(), tools=agents.tools)
    async with parent.iter("Where are retries handled?") as run:
        async for node in run:
            if parent.is_call_tools_node(node) and run.usage.requests == 1:
                run.enqueue("Wrap up now.")

    assert run.result is not None
    assert agents.asked == []
    assert "It had not answered yet." in run.result.output


async def test_asked_for_a_change_a_parent_starts_no_agent_for_what_none_can_do():
    agents = Agents()
    parent: Agent[None, str] = Agent(offline_model(), tools=agents.tools)
    with pytest.raises(NeedsLanguageModel):
        await parent.run("Implement retries.")
    assert agents.prompts == {}


async def test_a_schema_is_filled_from_what_the_agents_found():
    answer = (
        "offline (no language model): `retry` (src/client.py:7) fits the words of the question best.\n\n"
        "1. src/client.py:7 — def retry(self) -> None\n   Defines `retry`, with: retries, handled.\n"
        "```\n7  def retry(self) -> None:\n8      ...\n```\n\n2. src/queue.py:30 — class Queue\n   "
        "Found here: retries."
    )

    async def start(prompt: str) -> str:
        return "Started agent k3f9x2ab (Explore)."

    async def get_result(agent_id: str, wait: bool) -> str:
        return f"Agent: {agent_id}\n\n{answer}"

    tools = [Tool(start, name="Agent"), Tool(get_result, name="get_subagent_result")]
    instructions = """Your final answer must be JSON:

```json
{"type": "array", "items": {"type": "object", "required": ["path", "line"], "properties":
  {"path": {"type": "string"}, "line": {"type": "integer"}, "symbol": {"type": "string"}, "code": {"type": "string"}}}}
```"""
    parent: Agent[None, str] = Agent(offline_model(), tools=tools, instructions=instructions)

    assert (await parent.run("Where are retries handled?")).output == snapshot("""\
[
  {
    "path": "src/client.py",
    "line": 7,
    "symbol": "retry",
    "code": "def retry(self) -> None:\\n    ..."
  },
  {
    "path": "src/queue.py",
    "line": 30,
    "symbol": "Queue"
  }
]\
""")


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("Where is the cache?", ["Where is the cache?"]),
        ("Where is the cache and how is it emptied?", ["Where is the cache", "how is it emptied?"]),
        ("- one thing\n- another thing", ["one thing", "another thing"]),
        ("Look into these:\n\n1) first\n2) second\n3) third", ["first", "second", "third"]),
        ("Where is A used? How does B work?", ["Where is A used?", "How does B work?"]),
        ("Delegate: where is the cache, and where is the log?", ["where is the cache", "where is the log?"]),
        ("- a\n- b\n- c\n- d\n- e\n- f", ["a", "b", "c", "d\ne\nf"]),
        ("read and write errors", ["read and write errors"]),
    ],
)
def test_what_can_be_asked_separately(prompt: str, parts: list[str]):
    assert parts_of(prompt) == parts
