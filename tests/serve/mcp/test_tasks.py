"""Runs as tasks of MCP's extension, for requests that name it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from tests.serve.mcp.stories import TASKS, ByHand, called, envelope, settled, story

from subagents.events import StoppedBy
from subagents.runs.state import RunStatus
from subagents.serve.mcp.data import data_schema
from subagents.testing.runner import Break

pytestmark = pytest.mark.anyio

META = envelope("poller", TASKS)


async def _start(client: ByHand, prompt: str, **more: Any) -> Any:
    created = await client.call("Agent", META, prompt=prompt, subagent_type="plain", **more)
    await settled()
    return created


async def _get(client: ByHand, task: str, meta: Any = META) -> Any:
    return await client.ask("tasks/get", {"_meta": meta, "taskId": task})


async def test_a_call_of_agent_is_a_task_whose_id_is_the_runs():
    async with story() as told:
        client = await told.by_hand()
        created = await _start(client, "a", run_in_background=False)
        run = next(iter(told.manager.state.runs))
        assert created["resultType"] == "task"
        assert created["taskId"] == run
        assert created["status"] == "working"
        assert created["ttlMs"] is None
        assert created["createdAt"].endswith("Z")
        working = await _get(client, run)
        assert (working["resultType"], working["status"]) == ("complete", "working")
        assert working["statusMessage"] == "turn 2 · 110 tokens"
        told.gates["a"].set()
        await settled()
        done = await _get(client, run)
        assert done["status"] == "completed"
        assert "a is done" in done["result"]["content"][0]["text"]
        assert done["result"]["isError"] is False
        jsonschema.validate(done["result"]["structuredContent"], data_schema("Agent"))
        assert told.manager.state.run(run).delivered
        # Another line of the same client, as after a restart.
        again = await told.by_hand()
        assert (await _get(again, run))["status"] == "completed"


async def test_a_task_that_is_cancelled_has_its_run_stopped():
    async with story() as told:
        client = await told.by_hand()
        task = (await _start(client, "a"))["taskId"]
        assert (await client.ask("tasks/cancel", {"_meta": META, "taskId": task}))["resultType"] == "complete"
        await settled()
        assert told.manager.state.run(task).status is RunStatus.STOPPED
        assert (await _get(client, task))["status"] == "cancelled"


async def test_how_other_endings_are_told():
    async with story({"fails": [Break(RuntimeError("it broke"))]}) as told:
        client = await told.by_hand()
        failed = await _get(client, (await _start(client, "fails"))["taskId"])
        assert (failed["status"], failed["result"]["isError"]) == ("completed", True)
        assert "it broke" in failed["result"]["content"][0]["text"]
        limited = (await _start(client, "b"))["taskId"]
        await told.manager.stop(limited, by=StoppedBy.LIMIT, reason="its limit of turns")
        told_of = await _get(client, limited)
        assert (told_of["status"], told_of["statusMessage"]) == ("completed", "its limit of turns")


async def test_a_call_that_is_refused_is_no_task():
    async with story() as told:
        client = await told.by_hand()
        refused = await client.call("Agent", META, prompt="x", subagent_type="nobody")
        assert refused["isError"]
        assert refused["resultType"] == "complete"
        assert "retry" in refused["content"][0]["text"]


async def test_without_the_extension_and_in_the_other_era_there_are_no_tasks():
    async with story() as told:
        client = await told.shaken()
        plain = await client.call("Agent", envelope(), prompt="quick", subagent_type="plain")
        assert plain["resultType"] == "complete"
        run = plain["structuredContent"]["id"]
        missing = await _get(client, run, envelope())
        assert missing["code"] == -32021
        assert missing["data"]["requiredCapabilities"]["extensions"] == {TASKS: {}}
        assert (await client.ask("tasks/get", {"taskId": run}))["code"] == -32601
        unknown = await _get(client, "nobody")
        assert unknown["code"] == -32602
        assert "'nobody'" in unknown["message"]


async def test_other_tools_answer_as_always_and_input_that_nobody_asked_for_is_ignored():
    async with story() as told:
        client = await told.by_hand()
        assert (await client.ask("tools/call", called("list_subagents", META)))["resultType"] == "complete"
        task = (await _start(client, "a"))["taskId"]
        updated = await client.ask("tasks/update", {"_meta": META, "taskId": task, "inputResponses": {}})
        assert updated["resultType"] == "complete"
        assert "inputRequests" not in await _get(client, task)
