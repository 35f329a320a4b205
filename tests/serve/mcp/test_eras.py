"""A client of either era, and one that speaks both on one line."""

from __future__ import annotations

import pytest
from tests.serve.mcp.stories import envelope, settled, story

from subagents.delegation.registry import FOR_CLIENTS

pytestmark = pytest.mark.anyio


async def test_a_client_that_shakes_hands_lists_the_tools_and_no_session_is_opened():
    async with story() as told:
        client = await told.by_hand()
        hello = await client.shake_hands()
        assert hello["serverInfo"]["name"] == "subagents"
        assert "tools" in hello["capabilities"]
        assert "extensions" not in hello["capabilities"]
        tools = await client.ask("tools/list")
        assert [tool["name"] for tool in tools["tools"]] == list(FOR_CLIENTS)
        assert told.host.asked == []


async def test_a_client_may_probe_the_modern_era_shake_hands_and_go_on_in_each():
    async with story() as told:
        client = await told.by_hand()
        probe = await client.request("server/discover", {"_meta": envelope()}, id="probe")
        hello = await client.shake_hands("claude-code")
        found = (await client.answer_to(probe))["result"]
        assert found["supportedVersions"] == ["2026-07-28"]
        assert "io.modelcontextprotocol/tasks" in found["capabilities"]["extensions"]
        assert hello["protocolVersion"] == "2025-11-25"
        modern = await client.ask("tools/list", {"_meta": envelope()})
        legacy = await client.ask("tools/list")
        assert [tool["name"] for tool in modern["tools"]] == [tool["name"] for tool in legacy["tools"]]
        started = await client.call("Agent", envelope(), prompt="go", subagent_type="plain")
        assert started["structuredContent"]["status"] == "queued"
        await settled()
        assert (await client.call("list_subagents"))["structuredContent"]["total"] == 1


async def test_a_second_handshake_on_a_line_works():
    async with story() as told:
        client = await told.shaken()
        assert (await client.shake_hands(version="2025-06-18"))["protocolVersion"] == "2025-06-18"
        assert not (await client.call("list_subagents"))["isError"]


async def test_without_a_handshake_or_an_envelope_a_request_is_refused_and_told_what_it_needs():
    async with story() as told:
        client = await told.by_hand()
        error = await client.ask("tools/list")
        assert error["code"] == -32600
        assert "initialize" in error["message"]
        assert await client.ask("ping") == {}
        # The line is not spoiled for either era.
        assert (await client.ask("tools/list", {"_meta": envelope()}))["tools"]
        assert (await client.shake_hands())["serverInfo"]
        assert (await client.ask("tools/list"))["tools"]
