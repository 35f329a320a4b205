"""`subagents mcp` between a client and the project's real host, which may be ended at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.conftest import Script
from tests.doors.program import BOUND, SOURCE
from tests.doors.test_host import gone, host, no_host_is_left, waits_for
from tests.serve.front_parts import OLD, Client, notification, request

__all__ = ["no_host_is_left"]  # a fixture that every story here uses


@pytest.fixture
def client(project: Path, script: Script) -> Iterator[Client]:
    model = script(waits_for(project / "go"), {"text": "done"}).removeprefix("--model=")
    with subprocess.Popen(
        [sys.executable, "-m", "subagents", "mcp"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": SOURCE, "SUBAGENTS_MODEL": model},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def shaken(client: Client) -> None:
    info = {"name": "tester", "version": "1"}
    client.send(
        request(0, "initialize", protocolVersion=OLD, capabilities={}, clientInfo=info),
        notification("notifications/initialized"),
    )
    assert client.read()["result"]["protocolVersion"] == OLD


def calling(identity: int, name: str, **arguments: Any) -> dict[str, Any]:
    return request(identity, "tools/call", name=name, arguments=arguments)


def answer(client: Client, identity: int) -> Any:
    """The answer to this request; news may come before it."""
    while (message := client.read()).get("id") != identity:
        pass
    return message["result"]


def test_a_call_whose_host_is_ended_is_answered_and_the_next_one_finds_what_was_started(
    client: Client, project: Path
):
    shaken(client)
    client.send(calling(1, "Agent", subagent_type="worker", prompt="go", description="goes on"))
    assert answer(client, 1)["isError"] is False
    first = host(project)
    client.send(calling(2, "get_subagent_result", agent_id="worker", wait=True), calling(3, "list_subagents"))
    assert "running" in answer(client, 3)["content"][0]["text"]

    os.kill(first, signal.SIGKILL)
    lost = answer(client, 2)
    assert lost["isError"] is True
    assert "call list_subagents" in lost["content"][0]["text"]

    client.send(calling(4, "list_subagents"))
    assert "interrupted" in answer(client, 4)["content"][0]["text"]
    assert host(project) != first
    gone(first)
    (project / "go").touch()
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.wait(BOUND) == 0
