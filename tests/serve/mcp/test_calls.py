"""Calls of tools by hand: waits and how long, progress, cancellation, threads."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from tests.serve.mcp.stories import called, envelope, settled, story

from subagents.errors import SessionNotFound
from subagents.runs.state import RunStatus
from subagents.serve.mcp.patience import longest_wait, patience_of
from subagents.testing.builders import open_manager
from subagents.testing.runner import Say, Step, Tool, Wait

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("client", "progress", "seconds"),
    [
        ("claude-code", True, 270),
        ("codex-mcp-client", True, 270),
        ("gemini-cli-mcp-client", False, 270),
        ("opencode", True, 270),
        ("opencode", False, 50),
        ("pi-mcp-sub", True, 50),
        ("mcp", True, 50),
        ("kimi-code", False, 50),
        ("qwen-cli-mcp-client-sub", False, 270),
        ("somebody", True, 50),
        ("", False, 50),
    ],
)
def test_a_wait_ends_before_the_client_gives_up(client: str, progress: bool, seconds: float):
    assert longest_wait(client, 270, progress=progress) == seconds


def test_a_longer_setting_is_still_bounded_by_what_a_client_was_seen_to_take():
    assert longest_wait("codex-mcp-client", 3600, progress=True) == 290
    assert longest_wait("claude-code", 3600, progress=False) == 320
    assert longest_wait("opencode", 3600, progress=True) == 3600
    assert longest_wait("claude-code", 30, progress=False) == 30
    assert patience_of("mcp-remote") == patience_of("nobody")


async def test_a_stranger_waits_fifty_seconds_and_is_told_to_ask_again():
    async with story() as told:
        client = await told.shaken("stranger")
        await client.call("Agent", prompt="a", subagent_type="plain")
        await settled()
        asked = await client.request("tools/call", called("get_subagent_result", wait=True))
        await told.clock.advance(49.9)
        assert client.answers(asked) == []
        await told.clock.advance(0.2)
        answer = (await client.answer_to(asked))["result"]
        assert answer["isError"] is False
        assert "timed out after 50s" in answer["content"][0]["text"]
        assert "call again with wait: true" in answer["content"][0]["text"]
        assert "Word of an ending comes with your next call" in answer["content"][0]["text"]
        assert answer["structuredContent"]["status"] == "running"


async def test_an_agent_in_the_foreground_is_waited_for_as_long_and_goes_on_then():
    async with story() as told:
        client = await told.shaken("mcp")
        asked = await client.request(
            "tools/call", called("Agent", prompt="a", subagent_type="plain", run_in_background=False)
        )
        await told.clock.advance(50.1)
        answer = (await client.answer_to(asked))["result"]
        assert "timed out after 50s" in answer["content"][0]["text"]
        assert next(iter(told.manager.state.runs.values())).status is RunStatus.RUNNING


async def test_progress_is_told_at_once_when_something_moves_and_every_ten_seconds():
    async with story() as told:
        client = await told.shaken("opencode")
        await client.call("Agent", prompt="a", subagent_type="plain")
        await settled()
        asked = await client.request(
            "tools/call", called("get_subagent_result", {"progressToken": "p1"}, wait=True)
        )
        await settled()
        assert [each["message"] for each in client.told("notifications/progress")] == snapshot(
            ["turn 2 · 110 tokens"]
        )
        await told.clock.advance(35)
        assert len(client.told("notifications/progress")) == 4
        told.gates["a"].set()
        await settled()
        answer = (await client.answer_to(asked))["result"]
        assert answer["structuredContent"]["text"] == "a is done"
        told_of = client.told("notifications/progress")
        numbers = [each["progress"] for each in told_of]
        assert numbers == sorted(set(numbers))
        assert {each["progressToken"] for each in told_of} == {"p1"}
        await told.clock.advance(60)
        assert client.told("notifications/progress") == told_of


async def test_many_turns_are_told_of_once_a_second():
    async with story() as told:
        steps: list[Step] = [Wait(told.gates["b"]), *[Tool("bash")] * 30, Wait(told.gates["c"]), Say("x")]
        told.runner.scripts = {**told.runner.scripts, "busy": steps}
        client = await told.shaken("opencode")
        await client.call("Agent", prompt="busy", subagent_type="plain")
        await settled()
        await client.request("tools/call", called("get_subagent_result", {"progressToken": 1}, wait=True))
        await settled()
        told.gates["b"].set()
        await settled()
        assert len(client.told("notifications/progress")) == 1
        await told.clock.advance(1)
        assert [each["message"] for each in client.told("notifications/progress")] == snapshot(
            ["turn 1", "turn 31 · 3.3k tokens"]
        )


async def test_of_several_it_is_told_how_many_have_ended():
    async with story() as told:
        client = await told.shaken("opencode")
        for prompt in ("a", "b", "quick"):
            await client.call("Agent", prompt=prompt, subagent_type="plain", name=prompt)
        await settled()
        await client.request("tools/call", called("get_subagent_result", {"progressToken": 1}, wait=True))
        await settled()
        assert client.told("notifications/progress")[0]["message"] == snapshot("1 of 3 ended · a: turn 2")


@pytest.mark.parametrize("meta", [None, envelope("codex-mcp-client")])
async def test_a_cancelled_wait_ends_and_its_agent_goes_on(meta: object):
    async with story() as told:
        client = await told.shaken("codex-mcp-client")
        await client.call("Agent", meta, prompt="a", subagent_type="plain")
        await settled()
        asked = await client.request("tools/call", called("get_subagent_result", meta, wait=True))
        await settled()
        await client.notify("notifications/cancelled", requestId=asked, reason="time-out")
        await settled()
        run = next(iter(told.manager.state.runs.values()))
        assert not told.manager.waits.watching(run.id, None)
        assert run.status is RunStatus.RUNNING
        assert client.answers(asked) == []
        told.gates["a"].set()
        await settled()
        answer = await client.call("get_subagent_result", meta, wait=True)
        assert answer["structuredContent"]["text"] == "a is done"


async def test_late_cancellations_and_answers_to_nothing_are_ignored():
    async with story() as told:
        client = await told.shaken()
        before = len(client.heard)
        for request in (1, "x", None, 999, {"odd": 1}):
            await client.notify("notifications/cancelled", requestId=request)
        await client.send({"jsonrpc": "2.0", "id": 7, "result": {}})
        await client.send({"jsonrpc": "2.0", "id": 8, "error": {"code": 1, "message": "no"}})
        await settled()
        assert len(client.heard) == before
        assert await client.ask("ping") == {}


async def test_two_threads_of_one_client_have_two_sessions():
    async with story() as told, open_manager(clock=told.clock) as other:
        told.host.others["t2"] = other
        client = await told.shaken("codex-mcp-client")
        await client.call("Agent", {"threadId": "t1"}, prompt="a", subagent_type="plain")
        await client.call("Agent", {"threadId": "t2"}, prompt="b", subagent_type="plain")
        await settled()
        assert [thread for _, thread in told.host.asked] == ["t1", "t2"]
        assert len(told.manager.state.runs) == len(other.state.runs) == 1
        listed = await client.call("list_subagents", {"threadId": "t2"})
        assert [each["id"] for each in listed["structuredContent"]["agents"]] == list(other.state.runs)


async def test_an_unknown_tool_is_an_error_and_a_session_that_cannot_be_had_an_answer():
    async with story() as told:
        client = await told.shaken()
        error = await client.call("nonsense")
        assert error["code"] == -32602
        assert "'nonsense'" in error["message"]
        told.host.error = SessionNotFound("The disk is full.")
        answer = await client.call("list_subagents")
        assert answer["isError"]
        assert "The disk is full." in answer["content"][0]["text"]
        assert "structuredContent" not in answer
        listing = await client.ask("resources/list")
        assert listing["message"] == "The disk is full."
