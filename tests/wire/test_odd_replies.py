"""Replies over a real connection that no model should give: cut off, made of what cannot be stored, badly counted."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.wire.server.dialect import frame
from tests.wire.server.openai_chat import OpenAIChat
from tests.wire.server.providers import PROVIDERS
from tests.wire.server.script import Call, Refusal, Reply, Text, calls, says
from tests.wire.stories import Story, story

from subagents.runs.state import RunStatus

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Ending(OpenAIChat):
    """Chat completions of which the last says `why` it ended, and with these figures where some are given."""

    why: str = "stop"
    usage: Any = None

    def frames(self, reply: Reply) -> list[str]:
        frames = super().frames(reply)
        ended = {"index": 0, "delta": {}, "finish_reason": self.why}
        last = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        frames[-3] = frame(last | {"choices": [ended]})
        if self.usage is not None:
            frames[-2] = frame(last | {"choices": [], "usage": self.usage})
        return frames


def chat(**ending: Any) -> Any:
    return replace(PROVIDERS["chat"], dialect=Ending(**ending))


async def told(run: Story) -> tuple[RunStatus, str, str]:
    result = await run.result()
    assert result.run.outcome is not None
    return result.run.status, result.text, result.run.outcome.reason


@pytest.mark.parametrize(
    ("why", "limit"), [("length", "its length limit"), ("content_filter", "its content filter")]
)
async def test_an_answer_that_was_cut_off_is_partial_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str, limit: str
):
    async with story(chat(why=why), [says("It is in retr")], tmp_path, monkeypatch) as run:
        assert await told(run) == (
            RunStatus.FAILED,
            "It is in retr",
            f"the reply of the model 'openai:gpt-5-mini' was cut off by {limit}",
        )


async def test_a_reply_cut_off_behind_its_tool_calls_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    steps = [Reply((Text("I'll look"), Call("ls", {}))), says("cut")]
    async with story(chat(why="length"), steps, tmp_path, monkeypatch) as run:
        assert (await told(run))[:2] == (RunStatus.FAILED, "cut")
        assert len(run.play.bodies) == 2


async def test_half_a_surrogate_pair_neither_ends_a_run_nor_is_sent_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    looks = Reply((Text("a \ud83d b"), Call("grep", {"pattern": "\ud83d", "wrong": "\ud83d"})))
    steps = [looks, calls(Call("read", {"path": "\ud83d"})), says("done \ud83d")]
    async with story(PROVIDERS["chat"], steps, tmp_path, monkeypatch) as run:
        assert (await told(run))[:2] == (RunStatus.COMPLETED, "done \ufffd")
        transcript = await run.transcript()

    "".join(transcript).encode()
    assert transcript[0] == "a \ufffd b"
    assert "a \ufffd b" in json.dumps(run.play.bodies[1], ensure_ascii=False)


@pytest.mark.parametrize("figure", [-1000, 10**25])
async def test_figures_that_cannot_be_are_not_counted_and_nothing_is_said_over_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: int
):
    usage = {"prompt_tokens": figure, "completion_tokens": figure, "total_tokens": figure}
    with warnings.catch_warnings(record=True) as said:
        async with story(chat(usage=usage), [says("done")], tmp_path, monkeypatch) as run:
            result = await run.result()

    used = result.run.usage.total
    assert result.run.status is RunStatus.COMPLETED
    assert (used.tokens, used.uncounted, used.unpriced) == (0, 1, 1)
    assert not [warning for warning in said if "usage" in str(warning.message)]


@pytest.mark.parametrize("provider", ["chat", "responses", "anthropic"])
async def test_an_error_that_is_sent_as_a_reply_is_told_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
):
    steps = [Refusal(200, "the quota is used up")] * 3
    async with story(PROVIDERS[provider], steps, tmp_path, monkeypatch) as run:
        status, _, reason = await told(run)

    name = PROVIDERS[provider].model
    assert status is RunStatus.FAILED
    assert reason == (
        f"The model {name!r} could not answer: its provider failed (the quota is used up). It was asked 3 times."
    )
