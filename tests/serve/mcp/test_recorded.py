"""What ten clients really sent, sent again: no message is refused, and every request has an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.serve.mcp.stories import ByHand, settled, story

from subagents.definitions.model import AgentDefinition

pytestmark = pytest.mark.anyio

FRAMES = Path(__file__).parents[2] / "wire/mcp"
PLACEHOLDER = "ag-0001"
GENERAL = AgentDefinition(name="general-purpose", description="Does anything.")
LISTEN = "subscriptions/listen"
#: They left the agent type to the server they spoke to; here that is answered with the types there are.
NAMES_NO_AGENT = ("inspector", "qwen")


def _frames(name: str) -> list[dict[str, Any]]:
    """What the client sent."""
    lines = (FRAMES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [frame["msg"] for frame in map(json.loads, lines) if frame["dir"] == "in"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FRAMES.glob("*.jsonl")))
async def test_a_recorded_client_is_understood(name: str):
    async with story(agents=(GENERAL,)) as told:
        client = await told.by_hand()
        with anyio.fail_after(10):
            await _replay(client, _frames(name))
            await settled()
        refused = [each for each in client.heard if isinstance(each, dict) and "error" in each]
        assert refused == []
        started = [run.prompt for run in told.manager.state.runs.values()]
        if name not in NAMES_NO_AGENT:
            assert started == ["say hello from child"]
            assert client.heard[-1]["result"]["structuredContent"]["text"] == "done"


async def _replay(client: ByHand, frames: list[dict[str, Any]]) -> None:
    """Sends each message, and waits for the answer to each request but those that the client gives up at once."""
    run = PLACEHOLDER
    for frame, following in zip(frames, [*frames[1:], {}], strict=True):
        before = len(client.answers(frame.get("id")))
        await client.send(json.loads(json.dumps(frame).replace(PLACEHOLDER, run)))
        if "id" not in frame or frame["method"] == LISTEN or _gives_up(following, frame):
            continue
        while len(client.answers(frame["id"])) == before:
            await settled()
        answer = client.answers(frame["id"])[-1]
        if frame.get("params", {}).get("name") == "Agent" and not answer["result"]["isError"]:
            run = answer["result"]["structuredContent"]["id"]


def _gives_up(frame: dict[str, Any], request: dict[str, Any]) -> bool:
    cancels = frame.get("method") == "notifications/cancelled" and request["method"] == "initialize"
    return bool(cancels and frame["params"]["requestId"] == request["id"])


def test_there_are_ten():
    assert len(list(FRAMES.glob("*.jsonl"))) == 10
