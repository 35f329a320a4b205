"""Notices ride with the answers of tools, and have arrived when the client asks for something else."""

from __future__ import annotations

import anyio
import pytest
from tests.serve.mcp.stories import Story, called, envelope, settled, story

from subagents.serve.mcp.riding import MAX_TEXT

pytestmark = pytest.mark.anyio


async def _ended(told: Story) -> str:
    """An agent that has ended, of which nobody has read."""
    run = await told.manager.spawn("plain", "quick")
    await told.clock.advance(1)
    return run


async def test_a_notice_is_acknowledged_by_the_next_request_and_by_nothing_before():
    async with story() as told:
        client = await told.shaken()
        run = await _ended(told)
        answer = await client.call("list_subagents")
        notice = answer["content"][1]["text"]
        assert run in notice
        assert answer["structuredContent"]["notices"] == [notice]
        await told.clock.advance(3600)
        assert told.acknowledged == []
        await client.ask("ping")
        await settled()
        assert len(told.acknowledged) == 1
        assert len((await client.call("list_subagents"))["content"]) == 1


@pytest.mark.parametrize("meta", [None, envelope()])
async def test_a_client_that_comes_back_is_told_again(meta: object):
    async with story() as told:
        first = await told.shaken()
        await _ended(told)
        assert len((await first.call("list_subagents", meta))["content"]) == 2
        await first.stream.aclose()
        await settled()
        second = await told.shaken()
        assert len((await second.call("list_subagents", meta))["content"]) == 2
        assert told.acknowledged == []


async def test_what_the_answer_itself_tells_of_does_not_ride_with_it():
    async with story() as told:
        client = await told.shaken()
        one, other = await _ended(told), await _ended(told)
        answer = await client.call("get_subagent_result", agent_id=one)
        assert len(answer["content"]) == 2
        assert other in answer["content"][1]["text"]
        assert one not in answer["content"][1]["text"]


async def test_a_request_that_was_there_before_the_answer_does_not_acknowledge_it():
    async with story() as told:
        client = await told.shaken()
        await told.manager.spawn("plain", "a", name="slow")
        await settled()
        waiting = await client.request(
            "tools/call", called("get_subagent_result", agent_id="slow", wait=True)
        )
        await settled()
        await _ended(told)
        assert len((await client.call("list_subagents"))["content"]) == 2
        told.gates["a"].set()
        answer = (await client.answer_to(waiting))["result"]
        # It is under way with the other answer.
        assert len(answer["content"]) == 1
        assert told.acknowledged == []
        await client.ask("ping")
        await settled()
        assert len(told.acknowledged) == 1


async def test_an_answer_that_was_cancelled_gives_its_notices_back():
    async with story() as told:
        client = await told.shaken(room=0)
        await _ended(told)
        gone = await client.request("tools/call", called("list_subagents"))
        await client.notify("notifications/cancelled", requestId=gone)
        await settled()
        assert len((await client.call("list_subagents"))["content"]) == 2


async def test_many_notices_come_with_several_answers():
    async with story() as told:
        client = await told.shaken()
        runs = [
            await told.manager.spawn("plain", f"quick {'x' * 300}", description="d" * 300) for _ in range(60)
        ]
        await told.clock.advance(120)
        seen: set[str] = set()
        for _ in range(60):
            texts = [each["text"] for each in (await client.call("list_subagents"))["content"][1:]]
            if not texts:
                break
            assert sum(map(len, texts)) < MAX_TEXT + 2_000
            seen |= {run for run in runs if any(f"<task-id>{run}" in text for text in texts)}
        assert seen == set(runs)


async def test_a_notice_is_told_once_to_calls_side_by_side():
    async with story() as told:
        client = await told.shaken()
        await _ended(told)
        asked = [await client.request("tools/call", called("list_subagents")) for _ in range(5)]
        with anyio.fail_after(5):
            answers = [(await client.answer_to(each))["result"] for each in asked]
        assert sum(len(answer["content"]) for answer in answers) == 6
