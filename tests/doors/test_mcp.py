"""The official client drives agents through `subagents mcp`, as a process and over HTTP, in both eras."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.doors.conftest import Script, Start
from tests.doors.program import SOURCE
from tests.doors.test_host import no_host_is_left

__all__ = ["no_host_is_left"]  # a fixture that every story here uses

pytestmark = pytest.mark.anyio

BOUND = 100.0
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
Mode = Literal["auto", "legacy"]


@pytest.fixture
def environ(project: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Of the server: its agents wait for a file, and then count."""
    command = f"until [ -e {project / 'go'} ]; do sleep 0.05; done"
    waiting = {
        "match": "wait",
        "text": "a needle",
        "tool_calls": [{"name": "bash", "arguments": {"command": command}}],
    }
    model = script(waiting, {"match": "count", "text": '{"n": 7}'}, {"text": "done"}, repeat=True)
    own = {
        "SUBAGENTS_MODEL": model.removeprefix("--model="),
        "SUBAGENTS_HOST_IDLE_SECONDS": "1",
        "PYTHONPATH": SOURCE,
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


@asynccontextmanager
async def over_stdio(
    project: Path, environ: dict[str, str], start: Start, mode: Mode
) -> AsyncIterator[Client]:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "subagents", "mcp"],
        cwd=str(project),
        env={**os.environ, **environ},
    )
    async with Client(command, mode=mode) as client:
        yield client


@asynccontextmanager
async def over_http(
    project: Path, environ: dict[str, str], start: Start, mode: Mode
) -> AsyncIterator[Client]:
    serving = start("mcp", "--http")
    url = serving.prints("http://").strip()
    token = re.search(r"Bearer ([^\"]+)", serving.says("Bearer"))
    assert token is not None
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token[1]}"}, timeout=BOUND) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client
    serving.send(signal.SIGINT)
    assert serving.ends().code == 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("way", [over_stdio, over_http])
async def test_a_whole_session(way: Any, mode: Mode, project: Path, environ: dict[str, str], start: Start):
    told: list[str] = []

    async def progress(_done: float, _total: float | None, message: str | None) -> None:
        told.append(message or "")

    with anyio.fail_after(BOUND):
        async with way(project, environ, start, mode) as client:
            assert client.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")

            async def call(tool: str, **arguments: Any) -> Any:
                answer = await client.call_tool(tool, arguments, progress_callback=progress)
                assert not answer.is_error, answer.content
                return answer

            begun = await call("Agent", subagent_type="worker", prompt="wait", name="long")
            run = begun.structured_content["id"]
            while "a needle" not in (await _peeked(call, run)):
                await anyio.lowlevel.checkpoint()
            with anyio.move_on_after(0.5) as given_up:  # a wait that is cancelled ends nothing
                await call("get_subagent_result", agent_id=run, wait=True)
            assert given_up.cancelled_caught
            receipt = await call("steer_subagent", agent_id=run, message="hurry")
            assert receipt.structured_content["receipt"] in ("queued", "delivered")
            counted = await call("Agent", subagent_type="worker", prompt="count", output_schema=SCHEMA)
            (project / "go").touch()
            ended = await call(
                "get_subagent_result", agent_ids=[run, counted.structured_content["id"]], wait="all"
            )
            texts = {each["id"]: each for each in ended.structured_content["agents"]}
            assert texts[run]["status"] == "completed"
            assert texts[counted.structured_content["id"]]["structured"] == {"n": 7}
            listed = await call("list_subagents", all=True)
            assert {each["handle"] for each in listed.structured_content["agents"]} == {"long", "worker"}
            assert [str(each.uri) for each in (await client.list_resources()).resources]
    assert any("turn 1" in message for message in told)


async def _peeked(call: Any, run: str) -> str:
    looked = await call("get_subagent_result", agent_id=run, peek={"regex": "need.e"})
    return " ".join(line["text"] for line in looked.structured_content["lines"])
