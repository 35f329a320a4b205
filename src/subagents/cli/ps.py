"""`subagents ps`: the project's runs in columns. Hot, so it needs neither typer nor a model library."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from subagents.cli.place import project_here
from subagents.cli.seen import Seen, look
from subagents.cli.streams import answer_json, draw, say, width_of
from subagents.ids import RunId
from subagents.language import _
from subagents.runs.state import RunStatus
from subagents.view import figures
from subagents.view.activity import seconds
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table
from subagents.view.nesting import nested

RECENT = 3600.0  # seconds after its end that a run is still listed
LONGEST_HANDLE = 24


def ps(everything: bool = False, as_json: bool = False) -> int:
    """Lists the runs that are live or ended within the hour, or all of them."""
    now = time.time()
    found = look(project_here(), None if everything else now - RECENT)
    rows = listed(found.runs, now, everything=everything)
    if as_json:
        answer_json(
            msgspec.json.format(msgspec.json.encode([_object(seen, now) for seen, _depth in rows])).decode()
        )
    elif rows:
        draw(table(_columns(rows, now), width_of(sys.stdout)))
    say(*found.problems)
    if not rows and not as_json and not found.problems:
        say(_nothing(everything))
    return 0


def listed(runs: Sequence[Seen], now: float, *, everything: bool) -> list[tuple[Seen, int]]:
    """What is shown, with how deep it is nested: live ones first, then the newest; parents of what is shown, too."""
    by_id = {seen.run.id: seen for seen in runs}
    wanted = {seen.run.id for seen in runs if everything or _recent(seen, now)}
    lively = with_parents({seen.run.id for seen in runs if seen.live}, by_id)
    shown = [by_id[run] for run in with_parents(wanted, by_id)]
    shown.sort(key=lambda seen: (seen.run.id not in lively, _order(seen), -seen.run.spawned_at, seen.run.id))
    return [(by_id[run.id], depth) for run, depth in nested(seen.run for seen in shown)]


def _recent(seen: Seen, now: float) -> bool:
    return not seen.run.cleared and (seen.live or seen.last_sign >= now - RECENT)


def _order(seen: Seen) -> int:
    if not seen.live:
        return 2
    return 1 if seen.run.status is RunStatus.QUEUED else 0


def with_parents(runs: set[RunId], by_id: dict[RunId, Seen]) -> set[RunId]:
    """These and those above them."""
    found: set[RunId] = set()
    for run in runs:
        above: RunId | None = run
        while above is not None and above in by_id and above not in found:
            found.add(above)
            above = by_id[above].run.parent
    return found


def _columns(rows: Sequence[tuple[Seen, int]], now: float) -> list[Column]:
    runs = [seen.run for seen, _depth in rows]
    gone, gone_narrow = _(" (owner gone)"), _("owner gone")
    handles = [fit("  " * depth + printable(seen.run.handle), LONGEST_HANDLE) for seen, depth in rows]
    return [
        Column(_("ID"), [run.id for run in runs]),
        Column(_("HANDLE"), handles),
        Column(_("AGENT"), [fit(printable(run.spec.agent), LONGEST_HANDLE) for run in runs], 5),
        Column(
            _("STATUS"),
            [f"{seen.status}{gone if seen.owner_gone else ''}" for seen, _depth in rows],
            narrow=[gone_narrow if seen.owner_gone else seen.status for seen, _depth in rows],
        ),
        Column(_("AGE"), [figures.age(now - run.spawned_at) for run in runs], 2, right=True),
        Column(_("TIME"), [_time(seen, now) for seen, _depth in rows], 1, right=True),
        Column(_("TURNS"), [str(run.turns) for run in runs], 3, right=True),
        Column(_("TOKENS"), [figures.short(run.usage.total.tokens) for run in runs], 4, right=True),
        Column(_("DESCRIPTION"), [printable(run.spec.description) for run in runs]),
    ]


def _time(seen: Seen, now: float) -> str:
    if seen.run.started_at is None:
        return "–"
    return figures.row_duration(seconds(seen.run, seen.last_sign if seen.owner_gone else now))


def _object(seen: Seen, now: float) -> dict[str, Any]:
    """Times are seconds since the epoch. The status is the one recorded; `owner_gone` says that it is out of date."""
    run, usage = seen.run, seen.run.usage.total
    return {
        "id": run.id,
        "handle": run.handle,
        "agent": run.spec.agent,
        "status": str(RunStatus.INTERRUPTED if seen.owner_gone else run.status),
        "owner_gone": seen.owner_gone,
        "paused": run.parked,
        "reported": run.reported,
        "description": run.spec.description,
        "session": seen.folder.id,
        "owner": seen.owner,
        "parent": run.parent,
        "depth": run.depth,
        "turns": run.turns,
        "tool_uses": run.tool_uses,
        "tokens": usage.tokens,
        "cost": usage.cost,
        "model": run.model,
        "seconds": round(seconds(run, seen.last_sign if seen.owner_gone else now), 3),
        "spawned_at": run.spawned_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def _nothing(everything: bool) -> str:
    if everything:
        return _('Nothing has run in this project yet. Begin with: subagents run Explore "where is …?"')
    return _(
        "Nothing is running, and nothing ended within the last hour. `subagents ps --all` lists what did before."
    )
