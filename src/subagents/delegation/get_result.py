"""`get_subagent_result`: what an agent came to, or what it is doing; with a wait that ends nothing, and with a peek."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from subagents.delegation.answers import PartAnswer, PeekAnswer, RunAnswer, SeveralAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent, refused
from subagents.errors import BadAnswer
from subagents.events import OutputFault
from subagents.ids import RunId
from subagents.runs.json_pointer import part_of
from subagents.runs.peek import PeekQuery, peek_json, peek_text
from subagents.runs.result import (
    Result,
    bounded,
    duration,
    foreground_text,
    result_json,
    result_text,
)
from subagents.runs.structured import structured_reply
from subagents.runtime.waiting import Waited, WaitEnd, WaitFor

LEAST_WAIT, MOST_WAIT = 1.0, 3600.0  # seconds
MAX_BODIES = 20_000  # characters of all the results that one answer shows
MOST_TOLD = 50  # agents that one answer tells of, as many as one call starts; the others are counted
MAX_CONVERSATION = 20_000
CUT = "The middle is left out: look at it with peek, or ask for a shorter answer when you start the next one."
OTHER_FORM = "Call it without peek for the result."
MORE = "And {n} more: list_subagents with all: true lists them; ask for them by agent_ids."

#: A number to be understood as well as it can be: models write much in its place, and a look is no place to be strict.
Number = Annotated[Any, Field(json_schema_extra={"type": "integer"})]


class PeekParams(Parameters):
    """What `peek` takes; see `PeekQuery`."""

    lines: Number = Field(
        None, description="How many of the last lines, 20 unless said otherwise, at most 200."
    )
    regex: Annotated[
        str,
        Field(
            description="Only lines that match; RE2: (?i) ignores case, there is no look-around and no back-reference."
        ),
    ] = ""
    after: Number = Field(None, description="In place of lines: the first 200 after this line number.")
    before: Number = Field(None, description="Only lines before this line number.")
    context: Number = Field(None, description="So many lines around each match, at most 20.")


class ResultParams(Parameters):
    """What `get_subagent_result` takes."""

    agent_id: Annotated[
        str, Field(description="An agent's id or handle; without one it is about all of yours.")
    ] = ""
    agent_ids: list[str] = Field(default=[], description="Several of them.")
    wait: Annotated[
        bool | Literal["any", "all"],
        Field(
            description="Wait until it has ended; with several until all have, or with any until one has. After the "
            "configured limit (default {wait}) the current status comes back with how to go on; no agent is ended."
        ),
    ] = False
    timeout_seconds: Annotated[
        float, Field(description="How long to wait at most, 1 to 3600; 0 for the limit.", ge=0)
    ] = 0
    verbose: Annotated[bool, Field(description="Also what it said and which tools it called.")] = False
    peek: Annotated[
        PeekParams | None, Field(description="In place of the result a look at its transcript, line by line.")
    ] = None
    pointer: Annotated[
        str, Field(description="One part of a structured result, as a JSON Pointer: /files/0/path.")
    ] = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """How the parent wants to be told. `seconds` None is the setting."""

    wait: bool = False
    wanted: WaitFor = WaitFor.ALL
    seconds: float | None = None
    verbose: bool = False
    peek: PeekQuery | None = None
    pointer: str = ""


async def get_result(parent: Parent, params: ResultParams) -> Answer:
    """Waits first if it is to, and then tells; a look at the transcript is no reading of the result."""
    names = dict.fromkeys(name for name in (params.agent_id, *params.agent_ids) if name.strip())
    runs = [parent.scope.find(name) for name in names] or [run.id for run in parent.scope.runs()]
    if not runs:
        return refused("You have no agents; start one with Agent.")
    look = PeekQuery(**params.peek.model_dump()) if params.peek is not None else None
    return await told(
        parent,
        runs,
        Asked(
            wait=bool(params.wait),
            wanted=WaitFor.ANY if params.wait == "any" else WaitFor.ALL,
            seconds=params.timeout_seconds or None,
            verbose=params.verbose,
            peek=None if params.verbose else look,
            pointer=params.pointer,
        ),
    )


async def told(parent: Parent, runs: Sequence[RunId], asked: Asked) -> Answer:
    """Waits, if that is asked for, for all of `runs`, and tells of one or of several."""
    why = why_not_ended(await _wait(parent, runs, asked)) if asked.wait else ""
    if len(runs) == 1:
        return await _told_of_one(parent, runs[0], asked, why)
    shown, more = _worth_most(parent, runs), len(runs) - MOST_TOLD
    share = MAX_BODIES // len(shown)
    answers = [await _told_of_one(parent, run, asked, most=share) for run in shown]
    rest = MORE.format(n=more) if more > 0 else ""
    text = "\n\n".join(part for part in (why, *(answer.text for answer in answers), rest) if part)
    return Answer(
        text, {"agents": [dict(answer.data) for answer in answers], "wait": why, "more": max(0, more)}
    )


def _worth_most(parent: Parent, runs: Sequence[RunId]) -> Sequence[RunId]:
    """As many as one answer tells of: of more those first whose result is news, since a wait may have been for it."""
    if len(runs) <= MOST_TOLD:
        return runs
    states = [parent.manager.state.run(run) for run in runs]
    states.sort(key=lambda run: not run.status.ended or run.delivered)
    return [run.id for run in states[:MOST_TOLD]]


async def answered(parent: Parent, run: RunId, *, named: bool = False) -> Answer:
    """What a run in the foreground came to. Its id stays untold unless it can be gone on with: there is nothing left to
    fetch, and models try."""
    if named:
        return await _told_of_one(parent, run, Asked())
    result = await parent.manager.get_result(run, to=parent.reader)
    return Answer(foreground_text(result, when_cut="The middle is left out."), result_json(result))


async def _wait(parent: Parent, runs: Sequence[RunId], asked: Asked) -> Waited:
    setting = float(parent.manager.settings.wait_timeout_seconds)
    seconds = setting if asked.seconds is None else min(max(asked.seconds, LEAST_WAIT), MOST_WAIT)
    if parent.door.longest_wait is not None:
        seconds = min(seconds, parent.door.longest_wait)
    parent.waits_for(runs)
    return await parent.manager.waits.wait(
        runs, wanted=asked.wanted, seconds=seconds, owner=parent.owner, cancelled=parent.cancelled
    )


def why_not_ended(waited: Waited) -> str:
    """Why a wait is over although not all has ended; "" when it has."""
    match waited.end:
        case WaitEnd.ENDED:
            return ""
        case WaitEnd.TIMED_OUT:
            after = duration(waited.seconds or 0.0)
            return (
                f"{_going(waited)}: the wait timed out after {after}, so as not to block you. Nothing was stopped; "
                "call again with wait: true to go on waiting, or omit it for a status."
            )
        case WaitEnd.CANCELLED:
            return (
                "The wait was cancelled by the user. The agent was NOT stopped and goes on in the background."
            )
        case WaitEnd.STEERED:
            return (
                "The wait was interrupted by an incoming steering message, which is delivered after this tool returns. "
                "The agent was NOT stopped and goes on in the background."
            )


def _going(waited: Waited) -> str:
    going = [run for run in waited.runs if not run.status.ended]
    if len(waited.runs) > 1:
        return f"Of {len(waited.runs)} agents {len(going)} have not ended"
    return f"It is still {going[0].status}" if going else "It ended just now"


async def _told_of_one(
    parent: Parent, run: RunId, asked: Asked, why: str = "", most: int = MAX_BODIES
) -> Answer:
    if asked.peek is not None:
        return await _peeked(parent, run, asked.peek, why)
    result = await parent.manager.get_result(run, to=parent.reader)
    if asked.pointer:
        return _part(result, asked.pointer)
    parts = [why, await _status_and_text(parent, result, most)]
    if asked.verbose:
        said = "\n\n".join(await parent.manager.conversation(run))
        parts.append(f"--- Agent conversation ---\n\n{bounded(said, CUT, MAX_CONVERSATION)}")
    data = result_json(result, now=parent.manager.clock.now())
    if (reply := structured_reply(result)) is not None:
        data["reply"] = reply
        if not reply["ok"] and reply["validationErrors"]:
            parts.append(_faults(reply))
    return Answer("\n\n".join(part for part in parts if part), data)


async def _status_and_text(parent: Parent, result: Result, most: int) -> str:
    going_on = f"{await _last_line(parent, result)}{parent.door.go_on}"
    path = parent.manager.transcript_of(result.run.id)
    cut = CUT if path is None else f"{CUT} The transcript is {path}."
    return result_text(
        result, now=parent.manager.clock.now(), while_running=going_on, when_cut=cut, most=most
    )


def _faults(reply: Mapping[str, Any]) -> str:
    wrong = [f"- {OutputFault(each['path'], each['message'])}" for each in reply["validationErrors"]]
    return "\n".join((reply["error"], *wrong))


async def _last_line(parent: Parent, result: Result) -> str:
    """What an agent in progress did or said last, which shows whether it gets on."""
    if result.run.status.ended or result.run.started_at is None:
        return ""
    seen = await parent.manager.peek(result.run.id, lines=1)
    return f"Last line: [{seen.lines[0].n}] {seen.lines[0].text}\n\n" if seen.lines else ""


async def _peeked(parent: Parent, run: RunId, query: PeekQuery, why: str) -> Answer:
    seen = await parent.manager.peek(run, query)
    ended = parent.manager.state.run(run).status.ended
    going_on = "" if ended else f"It is still running. {parent.door.go_on}"
    text = peek_text(seen, while_running=going_on, more=OTHER_FORM)
    return Answer("\n\n".join(part for part in (why, text) if part), {"id": run, **peek_json(seen)})


def _part(result: Result, pointer: str) -> Answer:
    """One part of a structured answer. Raises `BadAnswer` where there is none."""
    if result.structured is None:
        raise BadAnswer(
            f"Agent {result.run.handle!r} is {result.run.status} and has no structured result; leave pointer out."
        )
    part: Any = part_of(json.loads(result.structured), pointer)
    return Answer(
        bounded(json.dumps(part, ensure_ascii=False, indent=1), CUT), {"id": result.run.id, "part": part}
    )


GET_RESULT = DelegationTool(
    "get_subagent_result",
    ResultParams,
    get_result,
    (RunAnswer, SeveralAnswer, PeekAnswer, PartAnswer),
    reads_only=True,
)
