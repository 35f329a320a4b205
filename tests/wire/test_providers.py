"""Four ways of speaking to a model, each with a real run over a real connection to a server on this machine."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.wire.server.providers import Provider
from tests.wire.server.script import (
    Call,
    Cut,
    Hang,
    Overload,
    Refusal,
    Reply,
    Text,
    Thought,
    Tokens,
    calls,
    says,
)
from tests.wire.server.serving import served
from tests.wire.stories import BOUND, Tell

from subagents import AgentManager
from subagents.runs.state import RunStatus
from subagents.settings.model import Settings

pytestmark = pytest.mark.anyio

ANSWER = says("It is in retry.py, in line 1.", Tokens(input=10, output=5, cache_read=100))
LOOKS = calls(Call("grep", {"pattern": "retries"}), Call("read", {"path": "retry.py"}))


async def test_a_run_with_two_tool_calls_completes_and_its_usage_adds_up(tell: Tell, provider: Provider):
    written = 7 if provider.writes_cache else 0
    looks = Reply(LOOKS.parts, Tokens(100, 20, cache_read=30, cache_write=written))
    async with tell(looks, ANSWER) as run:
        result, transcript = await run.result(), await run.transcript()

    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "It is in retry.py, in line 1.")
    calls, results, answer = transcript[:2], transcript[2:4], transcript[4:]
    assert calls == ["▸ grep retries", "▸ read retry.py"]
    assert set(results) == {"retry.py:1: retries = 5", "1\tretries = 5"}  # whichever is there first
    assert answer == ["It is in retry.py, in line 1."]
    used = result.run.usage.models[provider.model]
    assert (used.requests, used.input, used.output) == (2, 110, 25)
    assert (used.cache_read, used.cache_write) == (130, written)
    assert (used.cost > 0, used.unpriced) == ((True, 0) if provider.priced else (False, 2))
    assert "retries = 5" in json.dumps(run.play.bodies[1])


async def test_a_rate_limit_is_waited_for_as_long_as_the_provider_asks(tell: Tell):
    async with tell(Refusal(429, "slow down", {"retry-after": "7"}), ANSWER) as run:
        result = await run.result()

    assert result.run.status == RunStatus.COMPLETED
    (failed,) = run.failed
    assert failed.reason == "too many requests (HTTP 429: slow down)"
    assert failed.wait is not None
    assert 7 <= failed.wait <= 8
    assert result.run.usage.total.requests == 1  # what was refused used nothing


@pytest.mark.parametrize("broken", [Overload(ANSWER), Cut(ANSWER), Cut(ANSWER, cleanly=True)])
async def test_a_reply_that_breaks_off_is_asked_for_again_and_said_once(
    tell: Tell, provider: Provider, broken: Overload | Cut
):
    async with tell(broken, ANSWER) as run:
        result, transcript = await run.result(), await run.transcript()

    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "It is in retry.py, in line 1.")
    assert transcript == ["It is in retry.py, in line 1."]
    assert len(run.failed) == 1
    used = result.run.usage.models[provider.model]
    if provider.model.startswith("anthropic"):  # it says at once what the prompt was
        assert (used.requests, used.input, used.cache_read, used.output) == (2, 20, 200, 6)
    else:
        assert (used.requests, used.input, used.cache_read, used.output) == (1, 10, 100, 5)


async def test_a_provider_that_stays_broken_fails_the_run_with_its_partial_work(
    tell: Tell, provider: Provider
):
    said = Reply((Text("I'll look."), *LOOKS.parts))
    async with tell(said, Refusal(500, "we broke"), settings=Settings(model_retries=2)) as run:
        result = await run.result()

    assert (result.run.status, result.text) == (RunStatus.FAILED, "I'll look.")
    assert result.run.outcome is not None
    assert result.run.outcome.reason == (
        f"The model '{provider.model}' could not answer: its provider failed (HTTP 500: we broke). "
        "It was asked 3 times."
    )
    assert [failed.wait is None for failed in run.failed] == [False, False, True]
    assert len(run.play.asked) == 4


async def test_a_request_that_hangs_is_let_go_when_the_run_is_stopped(tell: Tell):
    said = Reply((Text("I'll look."), *LOOKS.parts))
    async with tell(said, Hang(ANSWER)) as run:
        await run.silence()
        await run.manager.stop(run.run)
        result = await run.result()
        assert await run.left()

    assert (result.run.status, result.run.tool_uses) == (RunStatus.STOPPED, 2)
    # Its last whole words, or what of the next had arrived when it was stopped.
    assert result.text.startswith(("I'll look.", "It is in"))
    assert len(run.play.asked) == 2


async def test_a_key_that_is_refused_fails_at_once_and_names_its_variable(tell: Tell, provider: Provider):
    async with tell(Refusal(401, "invalid key")) as run:
        result = await run.result()

    assert result.run.status == RunStatus.FAILED
    assert result.run.outcome is not None
    assert "its provider refused the key (HTTP 401: invalid key); check " in result.run.outcome.reason
    assert provider.key in result.run.outcome.reason
    assert len(run.play.asked) == 1


TOO_LONG = {
    "anthropic": Refusal(400, "prompt is too long: 210000 tokens > 200000 maximum"),
    "google": Refusal(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)"),
    "openai": Refusal(400, "too many tokens", kind="context_length_exceeded"),
}


async def test_a_conversation_that_is_too_long_fails_at_once_and_says_what_helps(
    tell: Tell, provider: Provider
):
    family = provider.model.partition(":")[0].partition("-")[0]
    async with tell(TOO_LONG[family]) as run:
        result = await run.result()

    assert result.run.status == RunStatus.FAILED
    assert result.run.outcome is not None
    assert "the conversation is longer than it can read" in result.run.outcome.reason
    assert "take a model that reads more" in result.run.outcome.reason
    assert len(run.play.asked) == 1


# --- thinking


def asked_for(body: dict[str, Any]) -> Any:
    """What a request says about thinking, in its provider's words."""
    effort = body.get("reasoning_effort", body.get("reasoning", {}).get("effort"))
    return body.get("thinking", body.get("generationConfig", {}).get("thinkingConfig", effort))


async def test_thinking_is_asked_for_kept_and_handed_back_but_is_no_answer(tell: Tell, provider: Provider):
    thinks = Reply((Thought("Where would it be?"), *LOOKS.parts))
    async with tell(thinks, ANSWER, thinking="high") as run:
        result, transcript = await run.result(), await run.transcript()
        await run.manager.resume(run.run, "and now?")
        await run.result()

    assert result.text == "It is in retry.py, in line 1."
    assert not any("Where would it be?" in line for line in transcript)
    assert asked_for(run.play.bodies[0]) in (
        {"type": "enabled", "budget_tokens": 16384},
        {"include_thoughts": True, "thinking_budget": 24576},
        "high",
    )
    again, resumed = json.dumps(run.play.bodies[1]), json.dumps(run.play.bodies[2])
    sealed = {"openai": "Where would it be?", "google": "c2VhbGVk"}.get(
        provider.model.partition(":")[0], "sealed"
    )
    assert sealed in again
    assert sealed in resumed


EFFORTS = {"": None, "off": "minimal", "minimal": "minimal", "max": "high"}
LEVELS: dict[str, dict[str, Any]] = {
    "anthropic": {
        "": None,
        "off": None,
        "minimal": {"type": "enabled", "budget_tokens": 1024},
        "max": {"type": "enabled", "budget_tokens": 32768},
    },
    "openai": EFFORTS,  # this model cannot stop thinking, and knows nothing beyond high
    "openai-responses": EFFORTS,
    "google": {
        "": None,
        "off": {"thinking_budget": 0},
        "minimal": {"include_thoughts": True, "thinking_budget": 128},
        "max": {"include_thoughts": True, "thinking_budget": 24576},
    },
}


@pytest.mark.parametrize("level", ["", "off", "minimal", "max"])
async def test_a_level_becomes_the_nearest_that_the_model_has(tell: Tell, provider: Provider, level: str):
    async with tell(ANSWER, thinking=level) as run:
        assert (await run.result()).run.status == RunStatus.COMPLETED
    assert asked_for(run.play.bodies[0]) == LEVELS[provider.model.partition(":")[0]][level]


# --- connections


def test_event_loops_that_come_and_go_leave_no_connection_behind(
    provider: Provider, project: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each run is on a loop of its own; a connection that is left open would be a warning, and so a failure."""

    async def ask() -> str:
        async with AgentManager.open(project, memory=True) as manager:
            run = await manager.spawn("Explore", "where are retries?", model=provider.model)
            return (await manager.get_result(run, wait=True)).text

    with served(provider.dialect, [ANSWER]) as play:
        for name, value in provider.environment(play.url).items():
            monkeypatch.setenv(name, value)
        answers = [anyio.run(ask) for _ in range(3)]
        gc.collect()
    assert answers == ["It is in retry.py, in line 1."] * 3


async def test_many_runs_at_once_share_the_connections_of_their_provider(
    provider: Provider, project: Path, monkeypatch: pytest.MonkeyPatch
):
    with served(provider.dialect, [ANSWER]) as play, anyio.fail_after(BOUND):
        for name, value in provider.environment(play.url).items():
            monkeypatch.setenv(name, value)
        async with AgentManager.open(project, memory=True, settings=Settings(max_concurrent=20)) as manager:
            runs = [await manager.spawn("Explore", "where?", model=provider.model) for _ in range(20)]
            results = [await manager.get_result(run, wait=True) for run in runs]
    assert {result.text for result in results} == {"It is in retry.py, in line 1."}
    assert len(play.asked) == 20


async def test_an_empty_answer_is_an_answer(tell: Tell):
    async with tell(LOOKS, Reply(())) as run:
        result = await run.result()
    assert (result.run.status, result.text, run.failed) == (RunStatus.COMPLETED, "", [])
