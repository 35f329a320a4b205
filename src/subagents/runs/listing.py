"""Which runs a parent is shown, in which order: what is in progress, what went wrong, and the latest successes.

A listing is a copy of how things were: nothing that happens afterwards changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus

SUCCESSES_SHOWN = 2
MAX_ROWS = 200  # of the text; a session may have had thousands of runs
MAX_DESCRIPTION = 80  # characters
SHORT_TYPES = {"general-purpose": "general"}


class Group(StrEnum):
    """In the order in which they are shown."""

    ACTIVE = "active"
    PROBLEMS = "with problems"
    SUCCESSES = "done"


@dataclass(frozen=True, slots=True)
class Listing:
    """What is shown at the moment `now`, in seconds since the epoch; `total` are all there are, `hidden` those not
    shown, and `counts` all of each group."""

    now: float
    rows: tuple[RunState, ...]
    total: int
    hidden: int
    counts: Mapping[Group, int]


def group_of(run: RunState) -> Group:
    match run.status:
        case RunStatus.QUEUED | RunStatus.RUNNING:
            return Group.ACTIVE
        case RunStatus.COMPLETED:
            return Group.SUCCESSES
        case _:
            return Group.PROBLEMS


def listed(runs: Iterable[RunState], now: float, *, everything: bool = False) -> Listing:
    """Those in progress, then the problems, then the two latest successes, each group the newest first; with
    `everything` all of them, those that began last first."""
    known = tuple(runs)
    groups = {group: [run for run in known if group_of(run) is group] for group in Group}
    if everything:
        rows = _newest_first(known, by_ending=False)
    else:
        shown = [_newest_first(groups[group]) for group in Group]
        rows = [*shown[0], *shown[1], *shown[2][:SUCCESSES_SHOWN]]
    counts = {group: len(members) for group, members in groups.items()}
    return Listing(now, tuple(rows), len(known), len(known) - len(rows), counts)


def listing_text(listing: Listing, owner: RunId | None = None) -> str:
    """A line for each run, `id | type | status | description`, for a model; `owner` is who asks."""
    if not listing.total:
        return "No agents: none was started yet, or all were cleared."
    rows = [_row(run, owner) for run in listing.rows[:MAX_ROWS]]
    return "\n".join([_head(listing), *rows, *_hints(listing)])


def listing_json(listing: Listing) -> dict[str, Any]:
    """The same for programs; times are seconds since the epoch, null for what has not happened yet."""
    return {
        "now": listing.now,
        "total": listing.total,
        "hidden": listing.hidden,
        "counts": {group.name.lower(): count for group, count in listing.counts.items()},
        "agents": [
            {
                "id": run.id,
                "handle": run.handle,
                "type": run.spec.agent,
                "status": str(run.status),
                "reported": run.reported,
                "description": run.spec.description,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
            }
            for run in listing.rows
        ],
    }


def status_words(run: RunState) -> str:
    """The status, and what else decides whether somebody has to do something about it."""
    if run.reported:
        return f"{run.status}, reported"
    if run.parked or run.paused:
        return f"{run.status}, paused" if run.parked else f"{run.status}, pausing"
    wrapped = ", wrapped up" if run.outcome is not None and run.outcome.wrapped_up else ""
    unread = ", unread" if run.unread else ""
    return f"{run.status}{wrapped}{unread}"


def _newest_first(runs: Sequence[RunState], *, by_ending: bool = True) -> list[RunState]:
    def moment(run: RunState) -> float:
        return run.ended_at if by_ending and run.ended_at is not None else run.elapsed_from

    return sorted(runs, key=moment, reverse=True)


def _head(listing: Listing) -> str:
    shown = min(len(listing.rows), MAX_ROWS)
    counts = ", ".join(f"{count} {group}" for group, count in listing.counts.items() if count)
    return f"{shown} visible of {listing.total} retained: {counts}."


def _row(run: RunState, owner: RunId | None) -> str:
    kind = _fitting(SHORT_TYPES.get(run.spec.agent, run.spec.agent))
    below = f" (started by {run.parent})" if run.parent not in (owner, None) else ""
    said = _fitting(" ".join(run.spec.description.split()))
    return f"{run.id} | {kind} | {status_words(run)} | {said}{below}"


def _fitting(words: str) -> str:
    return words if len(words) <= MAX_DESCRIPTION else f"{words[: MAX_DESCRIPTION - 1]}…"


def _hints(listing: Listing) -> list[str]:
    hints = []
    if (left := len(listing.rows) - MAX_ROWS) > 0:
        hints.append(f"{left} more are not listed here.")
    if listing.hidden:
        earlier = "1 earlier success is" if listing.hidden == 1 else f"{listing.hidden} earlier successes are"
        hints.append(f"{earlier} not shown; call with all: true to see everything.")
    return hints
