"""`subagents mcp` between a client and the project's real host, which may be ended at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    with begun(project, script(waits_for(project / "go"), {"text": "done"})) as started:
        yield started


@contextmanager
def begun(project: Path, model: str, **environ: str) -> Iterator[Client]:
    """A client with our program at its other end."""
    with subprocess.Popen(
        [sys.executable, "-m", "subagents", "mcp"],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": SOURCE,
            "SUBAGENTS_MODEL": model.removeprefix("--model="),
            **environ,
        },
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


def test_a_client_that_comes_back_with_other_keys_finds_what_it_had_at_once(project: Path, script: Script):
    """Another host takes over for them, and the first one does not hold on to a session that nobody needs."""
    model = script({"text": "done"})
    with begun(project, model, SOME_API_KEY="one") as first:
        shaken(first)
        first.send(calling(1, "Agent", subagent_type="worker", prompt="go", description="ends soon"))
        assert answer(first, 1)["isError"] is False
        first.send(calling(2, "get_subagent_result", agent_id="worker", wait=True))
        assert "done" in answer(first, 2)["content"][0]["text"]
        before = host(project)
        first.process.kill()
        first.process.wait(BOUND)
    with begun(project, model, SOME_API_KEY="another") as again:
        shaken(again)
        again.send(calling(1, "list_subagents", all=True))
        assert "ends soon" in answer(again, 1)["content"][0]["text"]
        assert host(project) != before
