"""Limits of turns, tokens and cost of a program, which ends its turns as it likes and tells what it likes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.runners.playing import BOUND, HELLO, TABLE, command, do, say

from subagents import AgentManager
from subagents.runs.result import Result
from subagents.runs.state import RunStatus
from subagents.settings.model import Settings

pytestmark = pytest.mark.anyio

HANG = do("hang")


async def run_of(
    folder: Path,
    *steps: Mapping[str, object],
    output: object = TABLE,
    **limits: Any,
) -> tuple[Result, list[str]]:
    """How a program of these steps ended, and its lines."""
    line = command(folder, *steps)
    front = {"description": "Repeats.", "runner": {"command": line.command, "output": output}}
    place = folder / ".subagents" / "agents" / "parrot.md"
    place.parent.mkdir(parents=True)
    place.write_text(f"---\n{json.dumps(front)}\n---\nRepeat.\n", encoding="utf-8")
    settings = Settings(grace_turns=1)
    async with AgentManager.open(folder, memory=True, settings=settings) as manager:
        run = await manager.spawn("parrot", "go", trust=True, **limits)
        result = await manager.get_result(run, wait=True, timeout=BOUND)
        return result, [each.text for each in (await manager.peek(run, lines=200)).lines]


def why(result: Result) -> str:
    assert result.run.outcome is not None
    assert result.run.status in (RunStatus.STOPPED, RunStatus.FAILED)
    return result.run.outcome.reason


def opens(call: str) -> dict[str, object]:
    return do("print", {"kind": "call", "id": call, "name": "look", "with": {}})


def used(tokens: int = 100, dollars: float = 0.0) -> dict[str, object]:
    return do("print", {"kind": "used", "in": tokens, "out": 0, "usd": dollars})


async def test_a_call_that_never_returns_keeps_no_limit_of_tokens_from_being_seen(tmp_path: Path):
    steps = [opens("a"), *[each for n in range(20) for each in (used(), opens(f"b{n}"))], HANG]
    result, _lines = await run_of(tmp_path, *steps, max_tokens=500)
    assert why(result) == "it used 500 tokens, and its limit was 500"


async def test_nor_one_of_cost(tmp_path: Path):
    steps = [opens("a"), *[each for n in range(20) for each in (used(1, 0.25), opens(f"b{n}"))], HANG]
    result, _lines = await run_of(tmp_path, *steps, max_cost=1.0)
    assert why(result) == "it cost $1.00, and its limit was $1.00"


async def test_nor_one_of_turns(tmp_path: Path):
    steps = [opens("a"), *[each for n in range(20) for each in (say("text", f"{n}"), used())], HANG]
    result, _lines = await run_of(tmp_path, *steps, max_turns=2)
    assert why(result) == "it used 3 turns, which was its limit"


async def test_replies_that_are_told_apart_are_turns_whatever_is_open(tmp_path: Path):
    table = {"rules": [*TABLE["rules"], {"when": {"kind": "of"}, "message": "id", "text": "said"}]}
    steps = [opens("a"), *[say("of", "word", id=f"m{n}") for n in range(20)], HANG]
    result, _lines = await run_of(tmp_path, *steps, output=table, max_turns=2)
    assert why(result) == "it used 3 turns, which was its limit"


async def test_a_turn_of_calls_without_end_ends(tmp_path: Path):
    steps = [*(opens(f"c{n}") for n in range(1_000)), HANG]
    result, lines = await run_of(tmp_path, *steps, max_turns=1)
    assert why(result) == "it used 2 turns, which was its limit"
    assert "[it was not said what became of this]" in lines


async def test_an_answer_that_comes_at_the_limit_is_one(tmp_path: Path):
    result, _lines = await run_of(tmp_path, say("text", "There."), used(9_000), max_tokens=500)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "There.")


def reply(message: str, *content: Mapping[str, object], model: str = "claude-opus-4-8") -> dict[str, object]:
    usage = {"input_tokens": 100_000, "output_tokens": 1}
    said = {"id": message, "model": model, "content": content, "usage": usage}
    return do("print", {"type": "assistant", "message": said})


def text(said: str) -> dict[str, object]:
    return {"type": "text", "text": said}


def call(name: str) -> dict[str, object]:
    return {"type": "tool_use", "id": name, "name": "Bash", "input": {}}


def returns(name: str) -> dict[str, object]:
    result = {"type": "tool_result", "tool_use_id": name, "content": "seen"}
    return do("print", {"type": "user", "message": {"content": [result]}})


def ended(said: str, cost: float, model: str = "claude-opus-4-8", tokens: int = 200_000) -> dict[str, object]:
    totals = {model: {"inputTokens": tokens, "outputTokens": 20, "costUSD": cost}}
    return do("print", {"type": "result", "subtype": "success", "result": said, "modelUsage": totals})


async def test_a_reply_that_is_over_a_limit_is_an_answer_and_the_next_one_is_not_awaited(tmp_path: Path):
    steps = [reply("m1", call("t1")), returns("t1"), reply("m2", text("There.")), ended("There.", 1.2)]
    result, _lines = await run_of(tmp_path, *steps, output="claude", max_tokens=150_000)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "There.")


async def test_what_a_program_prices_at_its_end_is_priced_meanwhile(tmp_path: Path):
    rounds = [(reply(f"m{n}", call(f"t{n}")), returns(f"t{n}")) for n in range(20)]
    steps = [each for pair in rounds for each in pair]
    result, _lines = await run_of(tmp_path, *steps, HANG, output="claude", max_cost=1.0)
    assert why(result).startswith("it cost $1.")
    assert result.run.usage.total.unpriced == 0


async def test_its_own_price_is_what_it_cost(tmp_path: Path):
    steps = [reply("m1", call("t1")), returns("t1"), reply("m2", text("There.")), ended("There.", 0.25)]
    result, _lines = await run_of(tmp_path, *steps, output="claude")
    total = result.run.usage.total
    assert (total.requests, total.input, total.unpriced) == (2, 200_000, 0)
    assert total.cost == pytest.approx(0.25)


async def test_a_price_that_nobody_knows_keeps_no_limit_of_cost(tmp_path: Path):
    steps = [
        reply("m1", call("t1"), model="parrot-2"),
        returns("t1"),
        reply("m2", text("There."), model="parrot-2"),
    ]
    result, _lines = await run_of(tmp_path, *steps, HANG, output="claude", max_cost=1.0)
    assert "the price of 1 of its 1 requests is not known" in why(result)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_tokens": 5_000}, "does not tell how many tokens it uses, so a limit of 5,000 (max_tokens)"),
        ({"max_cost": 2.0}, "tells neither its cost nor its tokens, so a limit of $2.00 (max_cost)"),
    ],
)
@pytest.mark.parametrize("output", ["text", {"rules": [{"text": "said"}]}])
async def test_a_limit_that_nobody_could_keep_is_refused(
    tmp_path: Path, limits: dict[str, Any], reason: str, output: object
):
    result, _lines = await run_of(tmp_path, say("text", "There."), output=output, **limits)
    assert reason in why(result)


async def test_a_program_that_tells_only_at_its_end_what_it_used_has_a_note_of_it(tmp_path: Path):
    table = {"rules": [{"text": "said"}, {"usage": {"input": "in", "counts": "run"}}]}
    result, lines = await run_of(tmp_path, say("text", "There."), output=table, max_tokens=500)
    assert result.run.status is RunStatus.COMPLETED
    assert lines[0].endswith("tells what it used as a total at its end, so max_tokens may not end it before]")


async def test_figures_without_sense_are_not_counted_and_told(tmp_path: Path):
    steps = [HELLO, used(10**13), used(10, 1e9), say("text", "There."), used(7, 0.5)]
    result, lines = await run_of(tmp_path, *steps)
    total = result.run.usage.total
    assert (total.input, total.cost, total.uncounted, total.unpriced) == (17, 0.5, 1, 2)
    assert any("told of usage that cannot be, which is not counted: in, usd]" in line for line in lines)
