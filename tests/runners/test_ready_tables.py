"""The four ready tables, over what the programs really printed (`make test-live` prints such lines)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.definitions.output_table import table_of
from subagents.runners.base import Called, Replied, Returned, TextArrived, TurnDone, Update
from subagents.runners.commands.messages import Standing
from subagents.runners.commands.reading import JsonReader
from subagents.runners.commands.spending import Spending
from subagents.runners.commands.turns import Turns
from subagents.usage import ModelUsage

FRAMES = Path(__file__).parent / "frames"


def played(program: str, story: str, before: Standing | None = None) -> tuple[Turns, list[str]]:
    """Where the program stands in the end, and what was reported of it, a line each, the answer last."""
    turns = Turns(program, "1.1.", "", Spending(before.totals if before else {}))
    reader = JsonReader(table_of(program), turns)
    told = [*reader.feed((FRAMES / f"{program}-{story}.jsonl").read_bytes()), *reader.close()]
    answer = turns.final
    told += turns.close(answered=not turns.error)
    assert not reader.strange
    return turns, [*map(_shown, told), answer]


def _shown(update: Update) -> str:
    match update:
        case TextArrived(text=text):
            return f"… {text}"
        case Replied():
            return f"{update.model}: {update.text!r} {update.tool_calls} calls, {_used(update.usage)}"
        case Called():
            return f"▸ {update.tool} {update.arguments}"
        case Returned():
            return f"  {'ok' if update.ok else 'not ok'} {update.text!r}"
        case TurnDone(more=more):
            return "—" if more else "end"
        case _:
            return str(update)


def _used(usage: ModelUsage) -> str:
    cache = f"{usage.cache_read}+{usage.cache_write}"
    price = f"${usage.cost:.6f}" + (f" {usage.unpriced:+d}?" if usage.unpriced else "")
    return f"{usage.requests}× {usage.input}/{usage.output} cache {cache} {price}"


def test_claude():
    turns, told = played("claude", "success")
    assert told == snapshot(
        [
            "claude-opus-4-8: '' 0 calls, 1× 10/1 cache 7+3 $0.000000 +1?",
            "… Hello from loopback",
            "claude-opus-4-8: 'Hello from loopback' 1 calls, 0× 0/0 cache 0+0 $0.000000",
            '▸ Bash {"command":"ls","description":"list"}',
            "  ok 'a.py'",
            "—",
            "claude-opus-4-8: '' 0 calls, 1× 10/1 cache 7+3 $0.000000 +1?",
            "… Hello from loopback again",
            "claude-opus-4-8: '' 0 calls, 0× 0/8 cache 0+0 $0.000394 -2?",
            "claude-opus-4-8: 'Hello from loopback again' 0 calls, 0× 0/0 cache 0+0 $0.000000",
            "end",
            "Hello from loopback again",
        ]
    )
    assert turns.session == snapshot("e256ec5d-2c7a-4dbc-8e0a-5906040f408c")


def test_codex():
    turns, told = played("codex", "success")
    assert told == snapshot(
        [
            "… Hello from loopback",
            "codex: 'Hello from loopback' 1 calls, 0× 0/0 cache 0+0 $0.000000",
            '▸ shell {"command":"/bin/bash -lc ls"}',
            "  ok 'a.py\\n'",
            "—",
            "… Hello from loopback",
            "codex: '' 0 calls, 2× 26/10 cache 14+0 $0.000000 +2?",
            "codex: 'Hello from loopback' 0 calls, 0× 0/0 cache 0+0 $0.000000",
            "end",
            "Hello from loopback",
        ]
    )
    assert turns.session == snapshot("01a1fb82-4b9d-71c1-bfcc-9c3acb660f78")


def test_gemini():
    turns, told = played("gemini", "success")
    assert told == snapshot(
        [
            "… Hello from loopback",
            "gemini-2.5-flash: 'Hello from loopback' 1 calls, 0× 0/0 cache 0+0 $0.000000",
            '▸ list_directory {"dir_path":"."}',
            "  ok ''",
            "—",
            "… Hello from loopback",
            "gemini-x: '' 0 calls, 2× 26/10 cache 14+0 $0.000000 +2?",
            "gemini-2.5-flash: 'Hello from loopback' 0 calls, 0× 0/0 cache 0+0 $0.000000",
            "end",
            "Hello from loopback",
        ]
    )
    assert turns.session == snapshot("023f5d51-2be6-4098-aa07-9e5b5f8f2f9f")


def test_opencode():
    turns, told = played("opencode", "success")
    assert told == snapshot(
        [
            "… Hello from loopback",
            "opencode: 'Hello from loopback' 1 calls, 0× 0/0 cache 0+0 $0.000000",
            '▸ bash {"command":"ls","description":"list"}',
            "  ok 'a.py\\n'",
            "opencode: '' 0 calls, 1× 13/5 cache 7+0 $0.000000 +1?",
            "—",
            "… Hello from loopback",
            "opencode: '' 0 calls, 1× 13/5 cache 7+0 $0.000000 +1?",
            "opencode: 'Hello from loopback' 0 calls, 0× 0/0 cache 0+0 $0.000000",
            "end",
            "Hello from loopback",
        ]
    )
    assert turns.session == snapshot("ses_e047d9fb8ffezd8oOLsWdAaZDO")


def test_what_codex_counts_for_a_whole_session_is_counted_once():
    first, _told = played("codex", "success")
    _turns, told = played("codex", "resumed", first.standing)
    assert told == snapshot(
        [
            "… Hello from loopback",
            "codex: '' 0 calls, 1× 13/5 cache 7+0 $0.000000 +1?",
            "codex: 'Hello from loopback' 0 calls, 0× 0/0 cache 0+0 $0.000000",
            "end",
            "Hello from loopback",
        ]
    )


@pytest.mark.parametrize("program", ["claude", "codex", "gemini", "opencode"])
def test_a_session_that_is_gone_on_with_keeps_its_name(program: str):
    first, _told = played(program, "success")
    resumed, told = played(program, "resumed", first.standing)
    assert resumed.session == first.session
    assert told[-1].startswith("Hello from loopback")


def errors() -> Iterator[str]:
    for program in ("claude", "codex", "gemini", "opencode"):
        turns, _told = played(program, "failure")
        yield f"{program}: {turns.error}"


def test_what_a_provider_refuses_is_an_error_and_never_an_answer():
    assert list(errors()) == snapshot(
        [
            "claude: API Error: 400 the loopback refuses",
            'codex: {"error": {"type": "invalid_request_error", "message": "the loopback refuses"}}',
            'gemini: [API Error: {"error":{"code":400,"status":"INVALID_ARGUMENT","message":"the loopback refuses"}}]',
            "opencode: the loopback refuses",
        ]
    )


def test_the_made_up_reply_with_an_error_is_no_reply():
    _turns, told = played("claude", "failure")
    assert told == snapshot(["API Error: 400 the loopback refuses"])


def read(program: str, *lines: Mapping[str, Any]) -> Turns:
    turns = Turns(program, "1.1.", "", Spending({}))
    reader = JsonReader(table_of(program), turns)
    for line in lines:
        list(reader.feed(json.dumps(line).encode() + b"\n"))
    return turns


@pytest.mark.parametrize("program", ["claude", "codex", "gemini", "opencode"])
def test_each_tells_its_end_and_only_then_has_ended(program: str):
    lines = [json.loads(line) for line in (FRAMES / f"{program}-success.jsonl").read_text().splitlines()]
    assert read(program, *lines).ended
    assert not read(program, *lines[:-1]).ended
    assert table_of(program).tells_its_end


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"subtype": "error_max_turns", "is_error": False}, "error_max_turns"),
        ({"subtype": "error_during_execution", "is_error": True, "errors": ["no disk"]}, "no disk"),
        ({"subtype": "success", "is_error": False, "result": "ok"}, ""),
        ({"is_error": False, "result": "ok"}, ""),
        ({"subtype": "success", "is_error": True, "result": "API Error: 500"}, "API Error: 500"),
    ],
)
def test_claude_that_did_not_succeed_failed(line: dict[str, Any], error: str):
    assert read("claude", {"type": "result", **line}).error == error


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("codex", {"type": "error", "message": "the quota is used up"}),
        ("gemini", {"type": "error", "severity": "error", "message": "the quota is used up"}),
    ],
)
def test_an_error_is_the_end_only_when_no_other_follows(program: str, line: dict[str, Any]):
    turns = read(program, line)
    assert (turns.error, turns.warning, turns.ended) == ("", "the quota is used up", False)
