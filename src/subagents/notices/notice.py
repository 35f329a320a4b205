"""What a model reads of endings: an XML element for each, well-formed whatever an agent wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from subagents.runs.result import Result
from subagents.runs.state import RunState, RunStatus
from subagents.runs.workspace_text import workspace_text
from subagents.texts import storable

MAX_ALONE = 500  # characters of a result that is told alone
MAX_IN_GROUP = 300
MAX_STRUCTURED = 4_000  # characters of JSON
MAX_STRUCTURED_IN_GROUP = 1_000
# Characters of a group's elements; the others are counted, for a message to a run has a limit.
MAX_TEXT = 60_000
MAX_REASON = 300
MOST_CONFLICTS = 5  # of one run

# What XML 1.0 cannot hold, in whatever spelling (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Notice:
    """Endings that their owner has not acknowledged, as they are now: `runs` without what was read meanwhile, and
    `text` for its model."""

    id: str
    runs: tuple[RunState, ...]
    text: str
    partial: bool = False


def notice_text(results: Sequence[Result], *, partial: bool = False) -> str:
    """The text for a model. `partial` tells that others of the group are still in progress."""
    alone = len(results) == 1
    elements = list(_fitting(results, alone=alone))
    if alone and not partial:
        return elements[0]
    still = " (partial: others are still running)" if partial else ""
    head = f"{len(results)} agent{'' if alone else 's'} finished{still}."
    more = len(results) - len(elements)
    rest = [f"And {more} more: list_subagents with all: true lists them."] if more > 0 else []
    return "\n".join((head, *elements, *rest))


def _fitting(results: Sequence[Result], *, alone: bool) -> Iterator[str]:
    """The elements, the first of them at least, as long as there is room."""
    taken = 0
    for number, result in enumerate(results):
        element = "\n".join(_element(result, alone=alone))
        taken += len(element)
        if number and taken > MAX_TEXT:
            return
        yield element


def _element(result: Result, *, alone: bool) -> Iterator[str]:
    run = result.run
    yield "<task-notification>"
    yield _tag("task-id", run.id)
    yield _tag("handle", run.handle)
    yield _tag("status", _status(run))
    yield _tag("summary", f"{run.spec.agent}: {run.spec.description}{_note(run)}")
    yield _tag("result", _preview(result.text, MAX_ALONE if alone else MAX_IN_GROUP))
    if result.structured is not None:
        most = MAX_STRUCTURED if alone else MAX_STRUCTURED_IN_GROUP
        yield _tag("structured-output", _json(result.structured, most))
    for conflict in result.conflicts[:MOST_CONFLICTS]:
        yield _tag("conflict", conflict)
    if worktree := workspace_text(run):
        yield _tag("worktree", worktree)
    yield _tag("full-output", f'get_subagent_result with agent_id "{run.handle}" gives all of it.')
    yield f"<usage>{''.join(_usage(run))}</usage>"
    yield "</task-notification>"


def _status(run: RunState) -> str:
    outcome = run.outcome
    reason = outcome.reason[:MAX_REASON] if outcome is not None else ""
    match run.status:
        case RunStatus.COMPLETED:
            if outcome is None or not outcome.wrapped_up:
                return "completed"
            return f"completed, asked to wrap up at its limit of {run.wrap_up or 'something'}"
        case RunStatus.STOPPED:
            by = f" by {outcome.by}" if outcome is not None and outcome.by is not None else ""
            return f"stopped{by}: {reason}" if reason else f"stopped{by}"
        case status:
            return f"{status}: {reason}" if reason else str(status)


def _note(run: RunState) -> str:
    """What must be known to judge the result."""
    if run.outcome is not None and run.outcome.schema_valid is False:
        return " (its answer does not fit the output schema)"
    return "" if run.status is RunStatus.COMPLETED else " (not finished; the result is partial)"


def _preview(text: str, most: int) -> str:
    said = text.strip()
    if not said:
        return "No output."
    return said if len(said) <= most else f"{said[:most]}… [{len(said) - most:,} more characters]"


def _json(value: str, most: int) -> str:
    return value if len(value) <= most else f"[{len(value):,} characters of JSON; fetch the result]"


def _usage(run: RunState) -> Iterator[str]:
    used = run.usage.total
    yield _tag("total_tokens", str(used.tokens))
    yield _tag("tool_uses", str(run.tool_uses))
    if used.cost > 0 and not used.unpriced:
        yield _tag("estimated_cost_usd", f"{used.cost:.4f}")
    seconds = run.outcome.seconds if run.outcome is not None else 0.0
    yield _tag("duration_ms", str(round(seconds * 1000)))


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(_NOT_XML.sub('', storable(text)))}</{name}>"
