"""One run in a line or two: mark, agent, description, figures; below it what it is doing, or how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from subagents.ids import slug
from subagents.language import _, counted
from subagents.runs.state import Outcome, RunState, RunStatus
from subagents.view import figures
from subagents.view.activity import activity, seconds
from subagents.view.cells import fit, printable
from subagents.view.theme import BELOW, BETWEEN, STYLES, glyph

LEAST_DESCRIPTION = 24  # cells; before a description gets less than this, figures are left out
MAX_REASON = 1_000  # characters that are looked at; no terminal has a line for more
GAP = "  "


def run_lines(run: RunState, now: float, width: int, depth: int = 0) -> Iterator[Text]:
    """The lines of a run, none wider than `width` cells; `depth` indents a nested one."""
    yield run_line(run, now, width, depth)
    if doing := ending(run) if run.status.ended else activity(run, now):
        yield Text(fit(GAP * (depth + 1) + BELOW + doing, width), style="dim", end="")


def run_line(run: RunState, now: float, width: int, depth: int = 0) -> Text:
    """The first of them alone."""
    mark = GAP * depth + glyph(run, now)
    head = f"{mark} {name(run)}"
    said = printable(run.spec.description)
    numbers = _that_fit(
        _figures(run, now), width - cell_len(head) - len(GAP) - min(cell_len(said), LEAST_DESCRIPTION)
    )
    tail = GAP + BETWEEN.join(numbers) if numbers else ""
    room = width - cell_len(head) - cell_len(tail) - len(GAP)
    middle = GAP + fit(said, room) if said and room > 0 else ""
    line = Text(fit(head + middle + tail, width), end="")
    line.stylize(STYLES[run.status], len(mark) - 1, len(mark))
    line.stylize("bold", len(mark), len(head))
    line.stylize("dim", len(head + middle))
    return line


def name(run: RunState) -> str:
    """Its agent type, or its handle where that says more; both where they have nothing in common."""
    agent, kind = printable(run.spec.agent), slug(run.spec.agent)
    if run.reported:
        return _("{agent} (reported)").format(agent=run.handle if run.handle != kind else agent)
    if run.handle == kind:
        return agent
    return run.handle if run.handle.startswith(f"{kind}-") else f"{run.handle} ({agent})"


def ending(run: RunState) -> str:
    """How it ended, for a person; "" for one that is not over or simply completed."""
    outcome = run.outcome
    if outcome is None:
        return ""
    if run.status is RunStatus.COMPLETED:
        return _completed(outcome)
    by = _(" by {who}").format(who=outcome.by) if outcome.by is not None else ""
    reason = printable(outcome.reason[:MAX_REASON])
    return f"{run.status}{by}: {reason}" if reason else f"{run.status}{by}"


def _completed(outcome: Outcome) -> str:
    """What is to be known of an answer; "" for one that is all it should be."""
    wrapped = _("completed after it was asked to wrap up") if outcome.wrapped_up else ""
    if not outcome.left_out:
        return wrapped
    text = _("{completed}; its answer is too long, and {n:,} characters of its middle are left out")
    return text.format(completed=wrapped or _("completed"), n=outcome.left_out)


def _figures(run: RunState, now: float) -> list[tuple[int, str]]:
    """Each figure with its weight: the lightest is the first to go where there is no room."""
    usage, shown = run.usage.total, list[tuple[int, str]]()
    if run.turns:
        limit = run.spec.limits.max_turns
        near = limit is not None and run.episode_turns * 2 >= limit
        shown.append((3, figures.turns(run.episode_turns, limit if near else None)))
    if run.tool_uses:
        shown.append((1, counted("{n} tool", "{n} tools", run.tool_uses)))
    if usage.tokens:
        shown.append((2, figures.row_tokens(usage.tokens)))
    if price := figures.cost(usage.cost, unpriced=usage.unpriced):
        shown.append((0, price))
    return [*shown, (4, figures.row_duration(seconds(run, now)))]


def _that_fit(weighed: Sequence[tuple[int, str]], room: int) -> list[str]:
    kept = list(weighed)
    while kept and cell_len(BETWEEN.join(text for _weight, text in kept)) + len(GAP) > room:
        kept.remove(min(kept))
    return [text for _weight, text in kept]
