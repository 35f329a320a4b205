"""The same server over HTTP: only with the token, only on this machine, in both eras."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.client.client import Client as OfficialClient
from mcp.client.streamable_http import streamable_http_client
from tests.serve.mcp.stories import Story, envelope, story

from subagents.errors import SessionError
from subagents.own_tasks import own_tasks
from subagents.serve.mcp import http as served_http
from subagents.serve.mcp.conversations import Client
from subagents.serve.mcp.http import http_app, serve_http

pytestmark = pytest.mark.anyio

TOKEN = "a token"
BOTH = pytest.mark.parametrize("mode", ["auto", "legacy"])


class Served:
    """A story whose server listens on a port."""

    def __init__(self, told: Story, port: int, begun: list[Client]) -> None:
        self.told = told
        self.url = f"http://127.0.0.1:{port}/mcp"
        self.begun = begun

    def http(self, token: str = TOKEN, **headers: str) -> httpx2.AsyncClient:
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(headers={**given, **headers}, trust_env=False, timeout=20)

    @asynccontextmanager
    async def official(self, mode: str) -> AsyncIterator[OfficialClient]:
        async with (
            self.http() as http,
            OfficialClient(streamable_http_client(self.url, http_client=http), mode=mode) as client,
        ):
            yield client


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[Served]:
    begun: list[Client] = []
    async with story(**settings) as told:

        def conversations_for(client: Client) -> Any:
            begun.append(client)
            return told.host

        with socket.create_server(("127.0.0.1", 0)) as sock:
            async with own_tasks() as tasks:
                tasks.start_soon(serve_http, http_app(conversations_for, TOKEN), sock)
                yield Served(told, sock.getsockname()[1], begun)
                tasks.cancel_scope.cancel()


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("token", ["", "another", f"{TOKEN}x", TOKEN[:-1]])
async def test_without_the_token_nothing_is_answered(token: str):
    async with served() as server, server.http(token, **ACCEPT) as http:
        for answer in (await http.post(server.url, json=INITIALIZE), await http.get(server.url)):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert server.begun == []


async def test_the_token_counts_as_a_bearers_only():
    async with served() as server, server.http("", **ACCEPT) as http:
        for given in (TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}, Bearer x"):
            answer = await http.post(server.url, json=INITIALIZE, headers={"Authorization": given})
            assert answer.status_code == 401
        answer = await http.post(server.url, json=INITIALIZE, headers={"Authorization": f"bearer {TOKEN}"})
        assert answer.status_code == 200


async def test_what_a_browser_was_tricked_into_is_refused():
    async with served() as server, server.http(**ACCEPT) as http:
        rebound = await http.post(server.url, json=INITIALIZE, headers={"Host": "evil.example"})
        assert rebound.status_code == 421
        foreign = await http.post(server.url, json=INITIALIZE, headers={"Origin": "http://evil.example"})
        assert foreign.status_code == 403


@BOTH
async def test_a_client_starts_waits_and_reads(mode: str):
    async with served() as server, server.official(mode) as client:
        assert client.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")
        started = await client.call_tool("Agent", {"prompt": "quick", "subagent_type": "plain"})
        run = started.structured_content["id"]
        waited = await client.call_tool("get_subagent_result", {"agent_id": run, "wait": True})
        assert waited.structured_content["text"] == "done"
        assert (await client.list_resources()).resources[0].name == "plain"
        assert len(server.begun) == 1


async def test_clients_of_one_name_share_their_sessions_in_both_eras():
    async with served() as server:
        async with server.official("legacy") as one, server.official("auto") as other:
            await one.call_tool("Agent", {"prompt": "quick", "subagent_type": "plain"})
            listed = await other.call_tool("list_subagents", {})
            assert listed.structured_content["total"] == 1
        assert len(server.begun) == 1


@BOTH
async def test_a_notice_is_acknowledged_by_the_request_after_its_answer(mode: str):
    async with served() as server, server.official(mode) as client:
        told = server.told
        await client.list_tools()  # or it does so after the first answer, to check that
        await told.manager.spawn("plain", "quick")
        await told.clock.advance(1)
        assert len((await client.call_tool("list_subagents", {})).content) == 2
        assert told.acknowledged == []
        assert len((await client.call_tool("list_subagents", {})).content) == 1
        assert len(told.acknowledged) == 1


@BOTH
async def test_progress_and_cancellation(mode: str):
    async with served() as server, server.official(mode) as client:
        told, heard = server.told, list[str | None]()
        run = (await client.call_tool("Agent", {"prompt": "a", "subagent_type": "plain"})).structured_content[
            "id"
        ]

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            heard.append(message)
            scope.cancel()

        with anyio.CancelScope() as scope:
            await client.call_tool(
                "get_subagent_result", {"agent_id": run, "wait": True}, progress_callback=progress
            )
        assert heard
        with anyio.fail_after(10):
            while told.manager.waits.watching(run, None):
                await client.call_tool("list_subagents", {})
        assert not told.manager.state.run(run).status.ended


async def test_it_ends_when_it_is_cancelled_and_frees_its_connections():
    async with served() as server, server.http(**ACCEPT) as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": envelope()}}
        headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
        assert (await http.post(server.url, json=body, headers=headers)).status_code == 200
    assert len(server.begun) == 1


def asked(client: str, method: str = "tools/list", **params: Any) -> dict[str, Any]:
    """A request of the era without handshakes, from a client that goes by that name."""
    named = {"Mcp-Name": params["name"]} if "name" in params else {}
    return {
        "json": {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": {**params, "_meta": envelope(client)},
        },
        "headers": {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **named},
    }


@pytest.fixture
def two_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_http, "MAX_PEERS", 2)


@pytest.mark.usefixtures("two_peers")
async def test_of_many_names_the_one_that_was_quiet_longest_is_let_go():
    async with served() as server, server.http(**ACCEPT) as http:
        for name in ("one", "two", "one", "three", "one"):
            assert (await http.post(server.url, **asked(name))).status_code == 200
        assert [client.name for client in server.begun] == ["one", "two", "three"]
        await http.post(server.url, **asked("two"))
        assert [client.name for client in server.begun] == ["one", "two", "three", "two"]


@pytest.mark.usefixtures("two_peers")
async def test_who_is_let_go_hears_that_it_listens_no_more_and_is_still_answered():
    async with served() as server, server.http(**ACCEPT) as http:
        told, answers = server.told, list[str]()
        run = await told.manager.spawn("plain", "a")

        async def wait() -> None:
            arguments = {"agent_id": run, "wait": True}
            waiting = asked("one", "tools/call", name="get_subagent_result", arguments=arguments)
            answers.append((await http.post(server.url, **waiting)).text)

        async with own_tasks() as tasks:
            tasks.start_soon(wait)
            with anyio.fail_after(10):
                while not told.manager.waits.watching(run, None):
                    await anyio.lowlevel.checkpoint()
            listening = asked("one", "subscriptions/listen", notifications={"toolsListChanged": True})
            async with http.stream("POST", server.url, **listening) as stream:
                lines = stream.aiter_lines()
                while "subscriptions/acknowledged" not in await anext(lines):
                    pass
                for name in ("two", "three"):
                    await http.post(server.url, **asked(name))
                with anyio.fail_after(10):
                    assert '"result"' in "".join([line async for line in lines])
            assert answers == []
            told.gates["a"].set()
        assert "a is done" in answers[0]


async def test_a_socket_that_others_can_reach_is_not_served_on():
    with socket.create_server(("0.0.0.0", 0)) as sock, pytest.raises(SessionError, match=r"0\.0\.0\.0"):
        await serve_http(http_app(lambda _client: None, TOKEN), sock)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="token"):
        http_app(lambda _client: None, "")  # type: ignore[arg-type, return-value]
