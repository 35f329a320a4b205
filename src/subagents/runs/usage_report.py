"""What was used, summed by agent, model, project, user or day: each request once, for the run that made it.

A parent's figures hold none of its children's, so that nothing is counted twice whoever started whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

import msgspec

from subagents.events import ContextCompacted, Entry, ModelReplied, ModelRequestFailed
from subagents.ids import RunId
from subagents.spec import RunSpec
from subagents.usage import ModelUsage, Usage

#: The facts that tell of usage, by the names they are stored under.
TELLING = (ModelReplied.__name__, ModelRequestFailed.__name__, ContextCompacted.__name__)


class By(StrEnum):
    """What usage is summed by."""

    AGENT = "agent"
    MODEL = "model"
    PROJECT = "project"
    USER = "user"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Spent:
    """What one request to a model used, for which run; `at` is in seconds since the epoch."""

    run: RunId
    agent: str
    project: str
    user: str
    at: float
    model: str
    usage: ModelUsage


@dataclass(frozen=True, slots=True)
class Sum:
    """The usage of all that has one `key` in common, and of how many runs it is."""

    key: str
    runs: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Days stand in their order, everything else by cost and then by tokens, the most first."""

    by: By
    sums: tuple[Sum, ...]
    total: Sum


def spent(entry: Entry, spec: RunSpec) -> Spent | None:
    """What a fact tells of usage; None when it tells of none. `spec` is its run's."""
    match entry.event:
        case (
            ModelReplied(run=run, model=model, usage=usage)
            | ModelRequestFailed(run=run, model=model, usage=usage)
            | ContextCompacted(run=run, model=model, usage=usage)
        ) if usage != ModelUsage():
            return Spent(run, spec.agent, spec.project, spec.user, entry.at, model, usage)
        case _:
            return None


def usage_report(requests: Iterable[Spent], by: By, zone: tzinfo | None = None) -> UsageReport:
    """The sums. A day is one in `zone`, None for that of the machine, and written `2026-06-22`."""
    usages: dict[str, Usage] = {}
    runs: dict[str, set[RunId]] = {}
    for each in requests:
        key = _key(each, by, zone)
        usages[key] = usages.get(key, Usage()).plus(each.model, each.usage)
        runs.setdefault(key, set()).add(each.run)
    sums = [Sum(key, len(runs[key]), usage) for key, usage in usages.items()]
    everything = Sum("", len(set().union(*runs.values())), sum(usages.values(), start=Usage()))
    return UsageReport(by, tuple(sorted(sums, key=_day if by is By.DAY else _weight)), everything)


def report_json(report: UsageReport) -> dict[str, Any]:
    """The report as one object. `cost` is in US dollars, a lower bound while requests are `unpriced`; `tokens` are
    without `cache_read`, which repeats what was counted before."""
    return {
        "by": str(report.by),
        "sums": [_sum_json(each, str(report.by)) for each in report.sums],
        "total": _sum_json(report.total),
    }


def as_json(usage: Usage) -> dict[str, Any]:
    """The counts of all models together, and of each in `models`."""
    return {**_counts(usage.total), "models": {model: _counts(used) for model, used in usage.models.items()}}


def _key(each: Spent, by: By, zone: tzinfo | None) -> str:
    match by:
        case By.AGENT:
            return each.agent
        case By.MODEL:
            return each.model
        case By.PROJECT:
            return each.project
        case By.USER:
            return each.user
        case By.DAY:
            return datetime.fromtimestamp(each.at, zone).date().isoformat()


def _day(each: Sum) -> tuple[str]:
    return (each.key,)


def _weight(each: Sum) -> tuple[float, int, str]:
    used = each.usage.total
    return -used.cost, -used.tokens, each.key


def _sum_json(each: Sum, name: str = "") -> dict[str, Any]:
    named = {name: each.key} if name else {}
    return {**named, "runs": each.runs, **as_json(each.usage)}


def _counts(usage: ModelUsage) -> dict[str, Any]:
    return {**msgspec.structs.asdict(usage), "tokens": usage.tokens}
