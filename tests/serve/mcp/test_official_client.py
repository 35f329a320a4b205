"""The official client over a pair of sockets, in both eras: everything a parent does with its agents."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from tests.serve.mcp.stories import settled, story

from subagents.runs.state import RunStatus
from subagents.testing.runner import Say

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("mode", ["auto", "legacy"])
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Told:
    """What was told of progress."""

    def __init__(self) -> None:
        self.progress: list[tuple[float, str | None]] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress.append((progress, message))


@BOTH
async def test_a_parent_starts_waits_peeks_steers_and_lists(mode: str):
    async with story() as told, told.official(mode) as client:
        assert client.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")
        assert "start subagents with Agent" in (client.instructions or "")
        assert (await client.list_tools()).tools[0].name == "Agent"
        started = await client.call_tool(
            "Agent", {"prompt": "a", "subagent_type": "plain", "name": "explore"}
        )
        run = started.structured_content["id"]
        await settled()
        peeked = await client.call_tool("get_subagent_result", {"agent_id": run, "peek": {"regex": "gr.p"}})
        assert [each["text"] for each in peeked.structured_content["lines"]] == ["▸ grep x"]
        steered = await _with_time(
            told, client.call_tool, "steer_subagent", {"agent_id": "explore", "message": "hurry"}
        )
        assert steered.structured_content["receipt"] == "queued"
        heard, answers = Told(), list[Any]()

        async def wait() -> None:
            arguments = {"agent_id": run, "wait": True}
            answers.append(await client.call_tool("get_subagent_result", arguments, progress_callback=heard))

        told.tasks.start_soon(wait)
        await told.clock.advance(15)
        told.gates["a"].set()
        await settled()
        assert answers[0].structured_content["text"] == "a is done"
        assert [message for _, message in heard.progress[:2]] == ["turn 2 · 110 tokens"] * 2
        listed = await client.call_tool("list_subagents", {})
        assert listed.structured_content["agents"][0]["status"] == "completed"
        resources = (await client.list_resources()).resources
        status = await client.read_resource(str(resources[0].uri))
        assert json.loads(status.contents[0].text)["id"] == run  # type: ignore[union-attr]
        assert len((await client.list_resource_templates()).resource_templates) == 3
        assert [each.name for each in (await client.list_prompts()).prompts] == ["plain"]
        prompt = await client.get_prompt("plain", {"task": "Look."})
        assert "Look." in prompt.messages[0].content.text  # type: ignore[union-attr]


async def _with_time(told: Any, call: Any, *arguments: Any) -> Any:
    """The answer to a call that waits for a second of the story's clock."""
    answers = []

    async def ask() -> None:
        answers.append(await call(*arguments))

    told.tasks.start_soon(ask)
    await told.clock.advance(2)
    return answers[0]


@BOTH
async def test_a_structured_result_arrives_as_data(mode: str):
    async with story({"count": [Say('{"n": 3}')]}) as told, told.official(mode) as client:
        arguments = {
            "prompt": "count",
            "subagent_type": "plain",
            "output_schema": SCHEMA,
            "run_in_background": False,
        }
        answer = await client.call_tool("Agent", arguments)
        assert answer.structured_content["structured"] == {"n": 3}
        refused = await client.call_tool("Agent", {"prompt": "x", "subagent_type": "nobody"})
        assert refused.is_error
        assert refused.structured_content is None


@BOTH
async def test_who_cancels_a_wait_leaves_the_agent_alone(mode: str):
    async with story() as told, told.official(mode) as client:
        run = (await client.call_tool("Agent", {"prompt": "a", "subagent_type": "plain"})).structured_content[
            "id"
        ]
        await settled()
        with anyio.CancelScope() as scope:
            told.tasks.start_soon(_when_waited_for, told, run, scope)
            await client.call_tool("get_subagent_result", {"agent_id": run, "wait": True})
        assert scope.cancelled_caught
        await settled()
        assert not told.manager.waits.watching(run, None)
        assert told.manager.state.run(run).status is RunStatus.RUNNING
        told.gates["a"].set()
        answer = await client.call_tool("get_subagent_result", {"agent_id": run, "wait": True})
        assert answer.structured_content["text"] == "a is done"


async def _when_waited_for(told: Any, run: str, scope: anyio.CancelScope) -> None:
    await settled()
    assert told.manager.waits.watching(run, None)
    scope.cancel()


async def test_a_modern_client_listens_for_what_moves():
    async with story() as told, told.official("auto") as client:
        run = (await client.call_tool("Agent", {"prompt": "a", "subagent_type": "plain"})).structured_content[
            "id"
        ]
        await settled()
        async with client.listen(resource_subscriptions=[f"subagents://runs/{run}"]) as events:
            told.gates["a"].set()
            await told.clock.advance(5)
            async for event in events:
                assert event.uri == f"subagents://runs/{run}"  # type: ignore[union-attr]
                break


async def test_two_clients_at_once_don_t_wait_for_each_other():
    async with story() as told, told.official("auto") as one, told.official("legacy") as other:
        await one.call_tool("Agent", {"prompt": "a", "subagent_type": "plain"})
        await settled()
        told.tasks.start_soon(one.call_tool, "get_subagent_result", {"wait": True})
        await settled()
        answer = await other.call_tool("Agent", {"prompt": "quick", "subagent_type": "plain"})
        assert not answer.is_error
        told.gates["a"].set()
        await settled()
