"""What a client finds again when the program that runs its agents was started anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.serve.mcp.stories import TASKS, ByHand, Host, envelope, line

from subagents.bootstrap import AgentManager
from subagents.own_tasks import own_tasks
from subagents.serve.mcp.speak import speak
from subagents.testing.runner import Say, ScriptedRunner, Step, Wait

pytestmark = pytest.mark.anyio

META = envelope("poller", TASKS)


@asynccontextmanager
async def hosted(project: Path, session: str | None = None) -> AsyncIterator[tuple[AgentManager, ByHand]]:
    """A session on the disk and a client of it, without a handshake."""
    scripts: dict[str, Sequence[Step]] = {"waits": [Wait(anyio.Event()), Say("never")]}
    runner = ScriptedRunner(scripts, default=[Say("the answer")])
    async with (
        AgentManager.open(project, session=session, runners={"native": runner}) as manager,
        own_tasks() as tasks,
    ):
        ours, theirs = line()
        client = ByHand(theirs)
        tasks.start_soon(speak, ours, Host(manager))
        tasks.start_soon(client.listen)
        with anyio.fail_after(20):
            yield manager, client
        tasks.cancel_scope.cancel()


async def test_a_task_is_the_same_one_after_a_restart(tmp_path: Path):
    async with hosted(tmp_path) as (manager, client):
        done, stopped = [await _started(client, prompt) for prompt in ("quick", "waits")]
        await manager.get_result(done, wait=True, to="nobody")
        session = manager.session
    async with hosted(tmp_path, session) as (_, client):
        told = await client.ask("tasks/get", {"_meta": META, "taskId": done})
        assert told["status"] == "completed"
        assert told["result"]["structuredContent"]["text"] == "the answer"
        # It was stopped in order, because its program ended.
        assert (await client.ask("tasks/get", {"_meta": META, "taskId": stopped}))["status"] == "cancelled"


async def test_a_notice_that_nobody_read_is_told_to_the_next_client(tmp_path: Path):
    async with hosted(tmp_path) as (manager, client):
        run = await _started(client, "quick")
        await manager.waits.wait((run,), seconds=20)
        session = manager.session
    for _ in range(2):
        async with hosted(tmp_path, session) as (_, client):
            answer = await client.call("list_subagents", envelope("poller"))
            assert run in answer["content"][1]["text"]
    async with hosted(tmp_path, session) as (_, client):
        await client.call("list_subagents", envelope("poller"))
        await client.ask("tools/list", {"_meta": envelope("poller")})
    async with hosted(tmp_path, session) as (_, client):
        answer = await client.call("list_subagents", envelope("poller"))
        assert len(answer["content"]) == 1


async def _started(client: ByHand, prompt: str) -> Any:
    created = await client.call("Agent", META, prompt=prompt, subagent_type="Explore")
    assert created["resultType"] == "task"
    return created["taskId"]
