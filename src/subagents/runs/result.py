"""What a parent or a program is told of a run, bounded. Written for models, so it is the same in every language.

Where more can be found, and how to wait, differs by door: the doors say it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from subagents.errors import BadAnswer
from subagents.events import Ending, Event, RunCompleted, StoppedBy
from subagents.runs.output_types import output_type
from subagents.runs.state import Outcome, RunState, RunStatus
from subagents.runs.usage_report import as_json
from subagents.runs.workspace_text import workspace_json, workspace_text
from subagents.spec import AskedBy

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

MAX_BODY = 20_000  # characters of a result, or of partial work
MAX_REASON = 2_000
MAX_GLANCE = 500  # of the latest text of a run that has not ended
MAX_STEER = 60  # of a message that was slipped in

_WHO = {
    StoppedBy.USER: "by the user",
    StoppedBy.PARENT: "by its parent",
    StoppedBy.LIMIT: "at its limit",
    StoppedBy.TIMEOUT: "at its time limit",
    StoppedBy.SHUTDOWN: "because its program ended",
}


@dataclass(frozen=True, slots=True)
class Result:
    """A run with its words: the whole answer, or the partial work of one that has none (yet).

    `structured` is the answer's value as JSON, where an output schema was asked for and fits. `read` makes an instance
    of it where the schema was given as a class, in the process that did so. `conflicts` has a line for each place where
    it meets others.
    """

    run: RunState
    text: str
    structured: str | None = None
    read: Callable[[str], Any] | None = field(default=None, repr=False, compare=False)
    conflicts: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        run: RunState,
        ending: Event,
        read: Callable[[str], Any] | None = None,
        conflicts: tuple[str, ...] = (),
    ) -> Result:
        """What an ended run came to, by the fact that ended it, which has all its words."""
        match ending:
            case RunCompleted(text=text, structured=structured):
                return cls(run, text, structured, read, conflicts)
            case Ending(partial=partial):
                return cls(run, partial, conflicts=conflicts)
            case other:
                raise TypeError(f"a fact ended run {run.id}, but it is {type(other).__name__}")

    @property
    def value(self) -> Any:
        """The structured answer: an instance of the pydantic class that was asked for, else plain values; None where
        there is none. After a restart only the schema is known, and the value is plain: see `value_as`.

        Raises `BadAnswer` where a rule of the class, that its schema does not say, refuses the answer.
        """
        if self.structured is None:
            return None
        return json.loads(self.structured) if self.read is None else self.read(self.structured)

    def value_as(self, kind: type[T] | TypeAdapter[T]) -> T:
        """The structured answer as an instance of a pydantic model class, or of what a `TypeAdapter` describes.

        Raises `BadAnswer` where there is no structured answer, or it is not one of these.
        """
        known = output_type(kind)
        if self.structured is None or known is None:
            raise BadAnswer(f"Run {self.run.id!r} is {self.run.status} and has no structured answer.")
        value: T = known.read(self.structured)
        return value


def result_text(
    result: Result, *, now: float, while_running: str = "", when_cut: str = "", most: int = MAX_BODY
) -> str:
    """What is told of a run: a head of facts, then the answer or what there is of one.

    `now` is seconds since the epoch. `while_running` is added for a run that has not ended, `when_cut` where some
    of the text had to be left out, because it has more than `most` characters: each a sentence of the door's on what to
    do next.
    """
    run = result.run
    ended = run.outcome is not None
    body = (
        _finished(result, run.outcome, when_cut, most)
        if run.outcome is not None
        else _unfinished(result, now)
    )
    conflicts = "\n".join(f"Conflict: {line}" for line in result.conflicts)
    parts = [_header(run, now), body, workspace_text(run), conflicts, "\n".join(_receipts(run))]
    parts.append("" if ended else while_running)
    return "\n\n".join(part for part in parts if part)


def foreground_text(result: Result, *, when_cut: str = "") -> str:
    """What is told of an ended run that its parent waited for: how it ended and its text, and no id to fetch it by.

    Raises `ValueError` for one that has not ended.
    """
    run = result.run
    if run.outcome is None:
        raise ValueError(f"run {run.id!r} is {run.status}")
    head = f"{' | '.join(_facts(run, 0.0))}."
    said = (*run.notes, _note(run, run.outcome), *_left_out(run.outcome))
    notes = [f"Note: {note}" for note in said if note]
    parts = (
        "\n".join((head, *notes)),
        _finished(result, run.outcome, when_cut, MAX_BODY),
        workspace_text(run),
        "\n".join(f"Conflict: {line}" for line in result.conflicts),
    )
    return "\n\n".join(part for part in parts if part)


def result_json(result: Result, *, session: str = "", now: float | None = None) -> dict[str, Any]:
    """The one object that `--json` prints. Times are ISO 8601 in UTC, null where nothing has happened yet.

    `left_out` counts the characters of the answer that were too many to be kept.
    `seconds` is the measured length of the ended episode, or the time so far when `now` is given. `schema_valid` is
    null when no schema was asked for, or the run never came to an answer.
    """
    run = result.run
    outcome = run.outcome or Outcome(seq=0)
    return {
        "id": run.id,
        "handle": run.handle,
        "agent": run.spec.agent,
        "description": run.spec.description,
        "status": str(run.status),
        "wrapped_up": outcome.wrapped_up,
        "reason": outcome.reason,
        "by": str(outcome.by) if outcome.by is not None else None,
        "text": result.text,
        "structured": json.loads(result.structured) if result.structured is not None else None,
        "schema_valid": _schema_valid(result),
        "model": run.model,
        "asked_model": run.spec.asked_model,
        "notes": [*run.notes, *_left_out(outcome)],
        "left_out": outcome.left_out,
        "turns": run.turns,
        "tool_uses": run.tool_uses,
        "compactions": run.compactions,
        "usage": as_json(run.usage),
        "seconds": _seconds(run, now),
        "session": session,
        "cwd": run.spec.cwd,
        **workspace_json(run),
        **({"conflicts": list(result.conflicts)} if result.conflicts else {}),
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
    }


def bounded(text: str, when_cut: str = "", most: int = MAX_BODY) -> str:
    """The text, or its beginning and its end with what is missing said between them: at most `most` characters of the
    text itself, three quarters of them from its beginning: the end often is the conclusion."""
    if len(text) <= most:
        return text
    missing = f"[… {len(text) - most:,} characters left out …]"
    if when_cut:
        missing += f"\n[{when_cut}]"
    head = most * 3 // 4
    return f"{text[:head]}\n\n{missing}\n\n{text[len(text) - (most - head) :]}"


def duration(seconds: float) -> str:
    """`45s`, `4m 30s`, `1h 5m`: whole seconds, and none beside hours."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    named = ((hours, "h"), (minutes, "m"), (0 if hours else whole % 60, "s"))
    return " ".join(f"{count}{unit}" for count, unit in named if count) or "0s"


# --- the head


def _header(run: RunState, now: float) -> str:
    lines = [
        f"Agent: {run.handle} ({run.spec.agent}, run {run.id})",
        f"Status: {' | '.join(_facts(run, now))}",
    ]
    if run.spec.description:
        lines.append(f"Description: {run.spec.description}")
    lines += [f"Note: {note}" for note in run.notes]
    if run.outcome is not None:
        lines += [f"Note: {note}" for note in (_note(run, run.outcome), *_left_out(run.outcome)) if note]
    return "\n".join(lines)


def _facts(run: RunState, now: float) -> list[str]:
    """The status and how much there was of it; what is nothing is left out."""
    counts = ((run.turns, "turn"), (run.tool_uses, "tool use"), (run.usage.total.tokens, "token"))
    counted = [f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    if (share := run.context_share) is not None and not run.status.ended:
        counted.append(f"context {share:.0f}%")
    if run.compactions:
        counted.append(f"{run.compactions} compaction{'' if run.compactions == 1 else 's'}")
    return [_status(run), *counted, duration(_seconds(run, now) or 0.0)]


def _status(run: RunState) -> str:
    if run.parked:
        return "running, paused"
    return (
        f"{run.status}, wrapped up" if run.outcome is not None and run.outcome.wrapped_up else str(run.status)
    )


def _note(run: RunState, outcome: Outcome) -> str:
    """What must be known to judge the text below. Facts only: what follows from them is the reader's decision."""
    why = f" ({outcome.reason[:MAX_REASON]})" if outcome.reason else ""
    match run.status:
        case RunStatus.COMPLETED:
            limit = f"limit of {run.wrap_up}" if run.wrap_up else "limit"
            return (
                f"It was asked to wrap up at its {limit}; the result may be partial."
                if outcome.wrapped_up
                else ""
            )
        case RunStatus.FAILED:
            return ""
        case RunStatus.STOPPED:
            who = _WHO[outcome.by] if outcome.by is not None else ""
            if outcome.by in (StoppedBy.LIMIT, StoppedBy.TIMEOUT):
                return f"It was stopped {who}{why} before it finished; what follows may be incomplete."
            return f"It was STOPPED {who}{why} before it finished; what follows is partial, the task is NOT done."
        case RunStatus.INTERRUPTED:
            began = "what follows is partial" if outcome.started else "it had not begun"
            return f"It was INTERRUPTED{why} before it finished; {began}, the task is NOT done."
        case RunStatus.QUEUED | RunStatus.RUNNING:
            return ""
        case _:
            assert_never(run.status)


def _left_out(outcome: Outcome) -> Iterator[str]:
    if outcome.left_out:
        yield (
            f"Its answer is longer than can be kept: {outcome.left_out:,} characters of its middle are left out. "
            "Let it write to a file what is that long."
        )


# --- the body


def _finished(result: Result, outcome: Outcome, when_cut: str, most: int) -> str:
    text = (result.structured if result.structured is not None else result.text).strip()
    if result.run.status is not RunStatus.FAILED:
        return bounded(text, when_cut, most) or "No output."
    error = f"Error: {outcome.reason[:MAX_REASON]}"
    return f"{error}\n\nPartial work before it failed:\n{bounded(text, when_cut, most)}" if text else error


def _unfinished(result: Result, now: float) -> str:
    run = result.run
    if run.status is RunStatus.QUEUED:
        return "It waits for its turn and has not begun."
    lines = [
        "It is still running; there is no result yet." if not run.parked else "It rests until it is unpaused."
    ]
    lines += [
        f"In progress for {duration(now - flight.since)}: {flight.tool} {flight.arguments[:MAX_GLANCE]}".rstrip()
        for flight in run.in_flight
    ]
    lines.append(f"Last sign of life: {duration(now - run.progress_at)} ago.")
    if text := result.text.strip():
        lines.append(f"Latest text: {text[-MAX_GLANCE:]}")
    return "\n".join(lines)


def _receipts(run: RunState) -> Iterator[str]:
    """What became of the messages that people and models slipped in; what the program itself said is no news."""
    for steer in run.steers:
        if steer.asked_by is AskedBy.PROGRAM:
            continue
        glance = " ".join(steer.text.split())
        shown = glance if len(glance) <= MAX_STEER else f"{glance[:MAX_STEER]}…"
        if steer.missed:
            yield f'Message "{shown}": missed, it had ended.'
        elif steer.turn is None:
            yield f'Message "{shown}": queued, it is read before the next turn.'
        else:
            yield f'Message "{shown}": delivered at turn {steer.turn}.'


# --- the object


def _schema_valid(result: Result) -> bool | None:
    run = result.run
    if run.spec.output_schema is None or run.outcome is None:
        return None
    if run.outcome.schema_valid is not None or result.structured is not None:
        return run.outcome.schema_valid is not False
    return False if run.status is RunStatus.FAILED and run.rejections else None


def _seconds(run: RunState, now: float | None) -> float | None:
    if run.outcome is not None:
        return run.outcome.seconds
    return None if now is None else max(0.0, now - run.elapsed_from)


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
