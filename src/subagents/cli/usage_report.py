"""`subagents usage`: what models were used for, by agent, model, project, user or day."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.place import project_here
from subagents.cli.streams import answer_json, draw, say, width_of
from subagents.errors import SessionError
from subagents.language import _, counted
from subagents.places import Project, state_home
from subagents.runs.usage_report import By, Spent, Sum, UsageReport, report_json, usage_report
from subagents.sessions.folder import sessions
from subagents.sessions.soundness import examine
from subagents.sessions.spending import spendings
from subagents.usage import ModelUsage
from subagents.view import figures
from subagents.view.cells import fit, printable
from subagents.view.columns import Column, table

LONGEST_KEY = 40  # cells
_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d{1,6})([mhd])", re.ASCII)

HELP = _(
    """Print what models were used for in this project, summed up.

    Each request counts once, for the run that made it: a run's figures hold none of those it started. What was read
    from a provider's cache stands apart and is no part of the tokens. A cost with a + is a lower bound: some requests
    have no known price. With --by project all projects of yours are summed.
    """
)


def usage(
    by: Annotated[
        By,
        typer.Option(
            "--by",
            metavar="WHAT",
            show_default=False,
            help=_("agent, model, project, user or day; by agent."),
        ),
    ] = By.AGENT,
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help=_("Only what is younger: 2026-06-01, 7d, 24h, 90m.")),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    after = moment_of(since, time.time()) if since else 0.0
    places = _all_projects() if by is By.PROJECT else [project_here()]
    problems: list[str] = []
    report = usage_report((each for each in _requests(places, problems) if each.at >= after), by)
    if as_json:
        answer_json(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    elif report.sums:
        draw(table(_columns(report), width_of(sys.stdout)))
        say(*_remarks(report.total.usage.total))
    elif not problems:
        say(_("Nothing was used."))
    return 0


def _requests(places: list[Project], problems: list[str]) -> Iterator[Spent]:
    """What can be read; of what cannot it is said, and remembered, that it is missing."""
    for folder in (folder for place in places for folder in sessions(place)):
        examined = examine(folder)
        if examined.problem:
            say(examined.problem)
            problems.append(examined.problem)
        if examined.state is not None:
            # What is wrong with it was said.
            with suppress(SessionError):
                yield from spendings(folder.log, examined.state)


def _all_projects() -> list[Project]:
    """Every one that has sessions; where its root is stands with its runs."""
    with suppress(OSError):
        return [Project(Path(), place) for place in sorted(state_home().iterdir()) if place.is_dir()]
    return []


def moment_of(text: str, now: float) -> float:
    """In seconds since the epoch. Raises `typer.BadParameter`."""
    if (span := _SPAN.fullmatch(text.strip())) is not None:
        return now - int(span[1]) * _UNITS[span[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        said = _("{text!r} is no time; write a day such as 2026-06-01, or how long ago: 7d, 24h, 90m.")
        raise typer.BadParameter(said.format(text=text)) from None


# --- the table


def _columns(report: UsageReport) -> list[Column]:
    rows = [row for each in report.sums for row in _rows(each, report.by)]
    if len(report.sums) > 1:
        rows.append((_("all"), str(report.total.runs), report.total.usage.total))
    used = [row[2] for row in rows]
    return [
        Column(report.by.upper(), [row[0] for row in rows]),
        Column(_("RUNS"), [row[1] for row in rows], 3, right=True),
        Column(_("REQUESTS"), [str(each.requests) for each in used], 4, right=True),
        Column(_("INPUT"), [figures.short(each.input) for each in used], 1, right=True),
        Column(_("OUTPUT"), [figures.short(each.output) for each in used], 1, right=True),
        Column(_("CACHED"), [figures.short(each.cache_read) for each in used], 2, right=True),
        Column(_("TOKENS"), [_tokens(each) for each in used], right=True),
        Column(_("COST"), [_cost(each) for each in used], right=True),
    ]


def _rows(each: Sum, by: By) -> Iterator[tuple[str, str, ModelUsage]]:
    """The sum, and below it that of each model where there are several."""
    yield fit(printable(each.key) or "–", LONGEST_KEY), str(each.runs), each.usage.total
    if by is not By.MODEL and len(each.usage.models) > 1:
        for model, used in sorted(each.usage.models.items()):
            yield fit(f"  {printable(model)}", LONGEST_KEY), "", used


def _tokens(used: ModelUsage) -> str:
    return figures.short(used.tokens) + ("+" if used.uncounted else "")


def _cost(used: ModelUsage) -> str:
    if price := figures.cost(used.cost, unpriced=used.unpriced):
        return price
    return _("unknown") if used.unpriced else "–"


def _remarks(used: ModelUsage) -> Iterator[str]:
    """What the figures leave out."""
    if used.unpriced:
        yield counted(
            "{n} request has no known price; the cost is at least this.",
            "{n} requests have no known price; the cost is at least this.",
            used.unpriced,
        )
    if used.uncounted:
        yield counted(
            "Of {n} request the provider told no tokens.",
            "Of {n} requests the provider told no tokens.",
            used.uncounted,
        )
