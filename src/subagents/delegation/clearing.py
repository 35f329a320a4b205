"""`clear_subagents`: takes ended agents off a parent's list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field

from subagents.delegation.answers import ClearAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent
from subagents.ids import RunId
from subagents.runs.clearing import OLDER_THAN, Clearing, Kept, Rules, by_age, by_name

MAX_NAMED = 20  # ids in a line of the report


class ClearParams(Parameters):
    """What `clear_subagents` takes."""

    agent_ids: list[str] = Field(
        default=[],
        description="Ids, beginnings of ids or handles; these go however old. None: all that are old enough.",
    )
    older_than_minutes: Annotated[
        float, Field(description="Without ids: how many minutes ago they ended.", ge=0)
    ] = OLDER_THAN
    include_errors: Annotated[
        bool, Field(description="Without ids: also those that failed, were stopped or interrupted.")
    ] = False
    include_unread: Annotated[
        bool, Field(description="Also completed ones whose result you have not fetched.")
    ] = False


async def clear(parent: Parent, asked: ClearParams) -> Answer:
    """Clears what may go and says what stays and why. The log keeps everything."""
    scope, now = parent.scope, parent.manager.clock.now()
    rules = Rules(asked.older_than_minutes * 60, asked.include_errors, asked.include_unread)
    runs = scope.runs(cleared=True)
    if asked.agent_ids:
        clearing = by_name(asked.agent_ids, runs, rules, scope.find)
    else:
        clearing = by_age(runs, rules, now)
    # Nothing was awaited since the runs were looked at, so none of them began to work again.
    await parent.manager.clear(clearing.cleared)
    return Answer(clearing_text(clearing), _json(clearing), ok=bool(clearing.cleared) or not clearing.errors)


def clearing_text(clearing: Clearing) -> str:
    """The report: how many went and which, how many stay for which reason, and what was asked for in vain."""
    return "\n".join([_cleared(clearing.cleared), *_kept(clearing), *_refused(clearing.errors)])


def _json(clearing: Clearing) -> dict[str, Any]:
    kept = {why.value: list(runs) for why in Kept if (runs := clearing.stays(why))}
    return {"cleared": list(clearing.cleared), "kept": kept, "errors": list(clearing.errors)}


def _cleared(runs: Sequence[RunId]) -> str:
    return f"Cleared {len(runs)}: {_named(runs)}." if runs else "Cleared none."


def _kept(clearing: Clearing) -> Iterator[str]:
    words = {
        Kept.ACTIVE: "active",
        Kept.ABOVE: "with agents below that have not ended",
        Kept.PROBLEM: "that failed, were stopped or interrupted (include_errors)",
        Kept.UNREAD: "unread (fetch the results, or include_unread)",
        Kept.YOUNG: "that ended too recently (older_than_minutes)",
    }
    for why, text in words.items():
        if runs := clearing.stays(why):
            yield f"Kept {len(runs)} {text}: {_named(runs)}."


def _refused(errors: Sequence[str]) -> Iterator[str]:
    yield from (f"Error: {why}" for why in errors[:MAX_NAMED])
    if (more := len(errors) - MAX_NAMED) > 0:
        yield f"Error: {more} more of these names were refused."


def _named(runs: Sequence[RunId]) -> str:
    return ", ".join(runs[:MAX_NAMED]) + (", …" if len(runs) > MAX_NAMED else "")


CLEAR = DelegationTool("clear_subagents", ClearParams, clear, (ClearAnswer,))
