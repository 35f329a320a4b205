"""What a person sees of a notice: who ended and how, at what price, and the beginning of what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from subagents.language import _, counted
from subagents.runs.result import Result
from subagents.runs.state import RunState
from subagents.sessions.transcript import printable as spelled_out
from subagents.usage import ModelUsage
from subagents.view import figures
from subagents.view.activity import seconds
from subagents.view.cells import ELLIPSIS, fit, printable, wrapped
from subagents.view.run_line import LEAST_DESCRIPTION, ending, name
from subagents.view.theme import BELOW, BETWEEN, GLYPHS, STYLES

COLLAPSED = 80  # cells of the first line of what it said
EXPANDED = 30  # lines of what it said
GAP = "  "


def notice_lines(
    results: Sequence[Result], width: int, *, partial: bool = False, expanded: bool = False
) -> Iterator[Text]:
    """The lines of a notice of ended runs, none wider than `width` cells; above several stand their sums.

    Of what each said they have the first line, with `expanded` up to 30. `partial` tells that others of the group are
    still in progress.
    """
    if not results:
        return
    if len(results) > 1 or partial:
        yield _cut(Text(_heading([result.run for result in results], partial=partial), style="bold"), width)
    for result in results:
        yield _cut(_who(result.run, width), width)
        yield _cut(Text(f"{GAP}{_statistics(result.run)}", style="dim"), width)
        for line in _expanded(result.text, width) if expanded else _collapsed(result.text, width):
            yield _cut(Text(line, style="dim"), width)


def _heading(runs: Sequence[RunState], *, partial: bool) -> str:
    """`3 agents finished · 45.1k tok · ~$0.42`."""
    still = _(" (others are still running)") if partial else ""
    used = sum((run.usage.total for run in runs), ModelUsage())
    said = counted("{n} agent finished", "{n} agents finished", len(runs))
    return BETWEEN.join((f"{said}{still}", *_price(used)))


def _who(run: RunState, width: int) -> Text:
    """`✓ Explore  where are retries handled?  completed`; the description is cut before the status is, but a long
    reason leaves it some room."""
    line = Text(GLYPHS[run.status], style=STYLES[run.status])
    line.append(f" {name(run)}", style="bold default not dim")
    status, said = f"{GAP}{_status(run)}", printable(run.spec.description)
    room = width - line.cell_len - len(GAP) - cell_len(status)
    if said := fit(said, max(room, min(LEAST_DESCRIPTION, width // 3))):
        line.append(f"{GAP}{said}", style="default not dim")
    return line.append(status)


def _status(run: RunState) -> str:
    how = ending(run) or str(run.status)
    if run.outcome is not None and run.outcome.schema_valid is False:
        return _("{how}, but its answer does not fit the output schema").format(how=how)
    return how


def _statistics(run: RunState) -> str:
    """`↻5 · 3 tools · 12.4k tok · ~$0.10 · 1m 12s`, without what there is none of."""
    turns = [figures.turns(run.episode_turns)] if run.episode_turns else []
    tools = [counted("{n} tool", "{n} tools", run.tool_uses)] if run.tool_uses else []
    spent = figures.row_duration(seconds(run, run.ended_at or run.progress_at))
    return BETWEEN.join((*turns, *tools, *_price(run.usage.total), spent))


def _price(used: ModelUsage) -> Iterator[str]:
    if used.tokens:
        yield figures.row_tokens(used.tokens)
    if cost := figures.cost(used.cost, unpriced=used.unpriced):
        yield cost


def _collapsed(text: str, width: int) -> Iterator[str]:
    """The first line that says something; an ellipsis at its end tells that more follows."""
    said = text.strip()
    if not said:
        yield _nothing()
        return
    first, _line_end, more = said.partition("\n")
    line = f"{printable(first)} {ELLIPSIS}" if more else printable(first)
    yield f"{GAP}{BELOW}{fit(line, min(COLLAPSED, width - len(GAP + BELOW)))}"


def _expanded(text: str, width: int) -> Iterator[str]:
    """Its beginning, broken into lines that fit, and how many lines of it are not there."""
    lines, margin = text.strip("\n").split("\n"), GAP + " " * len(BELOW)
    if not text.strip():
        yield _nothing()
        return
    shown = 0
    for number, line in enumerate(lines):
        for piece in _pieces(line, width - len(margin)):
            if shown == EXPANDED:
                yield margin + counted("… {n} more line", "… {n} more lines", len(lines) - number)
                return
            yield f"{margin if shown else GAP + BELOW}{piece}".rstrip()
            shown += 1


def _pieces(line: str, room: int) -> list[str]:
    # More than this is never shown, and a line may be as long as its agent likes.
    start = spelled_out(line[: (EXPANDED + 1) * max(room, 1)].rstrip())
    return wrapped(start, room) if start else [""]


def _nothing() -> str:
    return f"{GAP}{BELOW}{_('No output.')}"


def _cut(line: Text, width: int) -> Text:
    """The line in at most `width` cells."""
    line.end = ""
    line.truncate(max(width, 0), overflow="ellipsis")
    return line
