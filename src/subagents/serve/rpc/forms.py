"""What a manager gives, as it goes over a socket and back: JSON values that `msgspec` makes of frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from subagents.events import EVENTS, Entry
from subagents.notices.notice import Notice
from subagents.runs.peek import Peek
from subagents.runs.result import Result
from subagents.runs.state import RunState, Steer

MOST_RUNS = 4_000_000  # bytes of the runs that one answer holds: each has its whole prompt


def told(value: Any) -> Any:
    """A run, a receipt, a peek or a notice as JSON values."""
    return msgspec.to_builtins(value)


def fitting(runs: Iterable[RunState]) -> list[Any]:
    """As many of them, from the first on, as one answer should hold: at least one."""
    taken, room = list[Any](), MOST_RUNS
    for run in runs:
        room -= len(msgspec.json.encode(run))
        if taken and room < 0:
            break
        taken.append(told(run))
    return taken


def run_of(told: Any) -> RunState:
    return msgspec.convert(told, RunState)


def steer_of(told: Any) -> Steer:
    return msgspec.convert(told, Steer)


def peek_of(told: Any) -> Peek:
    return msgspec.convert(told, Peek)


def notice_of(told: Any) -> Notice:
    return msgspec.convert(told, Notice)


def told_result(result: Result) -> dict[str, Any]:
    """`structured` is JSON text; what makes an instance of it stays where it is."""
    return {"run": told(result.run), "text": result.text, "structured": result.structured}


def result_of(told: Mapping[str, Any]) -> Result:
    return Result(run_of(told["run"]), str(told["text"]), told["structured"])


def told_entry(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "id": entry.id,
        "at": entry.at,
        "kind": type(entry.event).__name__,
        "event": told(entry.event),
    }


def entry_of(told: Mapping[str, Any]) -> Entry:
    """Raises `KeyError` for a kind of fact that this version does not know."""
    event = msgspec.convert(told["event"], EVENTS[told["kind"]])
    return Entry(int(told["seq"]), str(told["id"]), float(told["at"]), event)
