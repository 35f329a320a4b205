"""What a run is doing right now, in a few words, and for how long it has been at it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from subagents.language import _, counted
from subagents.runs.state import RunState, RunStatus, ToolInFlight
from subagents.view import figures
from subagents.view.cells import fit, printable

MAX_WORDS = 60  # cells of a text's first line

# Which argument says most about a call, by what it is commonly called.
_TELLING = ("command", "pattern", "path", "file_path", "subagent_type", "agent_id", "query", "prompt")


def activity(run: RunState, now: float, *, aged: bool = True) -> str:
    """The tools in flight by kind, else that its model must be asked again, else the first line of what it said last,
    else that it thinks.

    With `aged`, how long ago it last gave a sign of life. An ended run does nothing, "".
    """
    if run.status.ended:
        return ""
    if run.parked:
        return _("paused")
    if run.status is RunStatus.QUEUED:
        return _("waiting for its turn")
    if run.reported:
        return _("works outside")
    doing = _calls(run.in_flight) or _set_back(run.setback) or _said(run.text) or _("thinking…")
    since = run.in_flight[0].since if run.in_flight else run.progress_at
    return f"{doing} · {figures.duration(now - since)}" if aged and since else doing


def seconds(run: RunState, now: float) -> float:
    """How long the episode took, or has taken so far."""
    return run.outcome.seconds if run.outcome is not None else max(0.0, now - run.elapsed_from)


def _calls(calls: Sequence[ToolInFlight]) -> str:
    by_tool: dict[str, list[ToolInFlight]] = {}
    for call in calls:
        by_tool.setdefault(call.tool, []).append(call)
    return ", ".join(_several(tool, same) for tool, same in by_tool.items())


def _set_back(reason: str) -> str:
    """A request to its model failed, and it asks again."""
    return _("asking again: {reason}").format(reason=fit(printable(reason), MAX_WORDS)) if reason else ""


def _several(tool: str, calls: Sequence[ToolInFlight]) -> str:
    if len(calls) > 1:
        return _many(tool, len(calls))
    what = fit(printable(main_argument(calls[0].arguments)), MAX_WORDS)
    return f"{_one(tool)} {what}".rstrip() if what else f"{_one(tool)}…"


def _one(tool: str) -> str:
    match tool:
        case "read":
            return _("reading")
        case "bash":
            return _("running")
        case "edit":
            return _("editing")
        case "write":
            return _("writing")
        case "grep":
            return _("searching for")
        case "find":
            return _("finding")
        case "ls":
            return _("listing")
        case "Agent":
            return _("starting agent")
        case "get_subagent_result":
            return _("waiting for agent")
        case _:
            return printable(tool)


def _many(tool: str, count: int) -> str:
    match tool:
        case "read":
            return counted("reading {n} file…", "reading {n} files…", count)
        case "bash":
            return counted("running {n} command…", "running {n} commands…", count)
        case "edit":
            return counted("editing {n} file…", "editing {n} files…", count)
        case "write":
            return counted("writing {n} file…", "writing {n} files…", count)
        case "grep":
            return counted("searching for {n} pattern…", "searching for {n} patterns…", count)
        case "find":
            return counted("finding {n} kind of files…", "finding {n} kinds of files…", count)
        case "ls":
            return counted("listing {n} folder…", "listing {n} folders…", count)
        case "Agent":
            return counted("starting {n} agent…", "starting {n} agents…", count)
        case "get_subagent_result":
            return counted("waiting for {n} agent…", "waiting for {n} agents…", count)
        case _:
            return f"{printable(tool)} ×{count}"


def main_argument(arguments: str) -> str:
    """The argument that says most about a call, "" when there is none or its JSON was cut off."""
    try:
        given = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ""
    if not isinstance(given, dict):
        return ""
    texts = [given[name] for name in _TELLING if isinstance(given.get(name), str)]
    return next((text.strip() for text in texts if text.strip()), "")


def _said(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return fit(printable(first), MAX_WORDS)
