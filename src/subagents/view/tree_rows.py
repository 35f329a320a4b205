"""One run of the tree as a line, or with a second one below it. How deep it stands is only its prefix here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from subagents.language import _, counted
from subagents.runs.state import RunStatus
from subagents.usage import ModelUsage
from subagents.view import figures
from subagents.view.activity import activity, seconds
from subagents.view.badge import badge
from subagents.view.cells import fit, printable
from subagents.view.run_line import ending, name
from subagents.view.theme import BETWEEN, STYLES, glyph
from subagents.view.tree_model import Kind, Node

NEEDS_WORD = "?"  # the mark of one that waits for a person's approval
WARNING = "⚠"
DETAIL = "  ⎿ "
GAP = "  "
LEAST_DESCRIPTION = 16  # cells; before a description gets less, chips go
LEVELS = {"dim": "dim", "warning": "yellow", "error": "red"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Which figures are shown: with `rollup` a parent's are those of all below it too; `cost` beside the tokens."""

    rollup: bool = False
    cost: bool = False


def main_line(node: Node, parent: Node | None, prefix: str, now: float, width: int, tail: Text) -> Text:
    """Mark, agent, chips, description, and at the end what is to be said of it; none wider than `width` cells."""
    line = Text(prefix, style="", end="")
    line.append(_mark(node, now), style=_style(node))
    line.append(" ")
    line.append_text(badge(name(node.run), node.run.spec.color))
    said = printable(node.run.spec.description)
    room = width - line.cell_len - tail.cell_len
    chips = list(_chips(node, parent))
    while chips and room - _cells_of(chips) < min(cell_len(said), LEAST_DESCRIPTION) + len(GAP):
        chips.pop()
    for chip in chips:
        line.append(f"{GAP}{chip}", style="dim")
    if node.kind is Kind.FINISHED:
        # A long reason is not to leave nothing of what it is about.
        least = min(cell_len(said), LEAST_DESCRIPTION) + len(GAP)
        tail = cropped(tail, max(width * 3 // 5, width - line.cell_len - least))
    room = width - line.cell_len - tail.cell_len - len(GAP)
    if said and room >= min(cell_len(said), 3):
        line.append(f"{GAP}{fit(said, room)}")
    line.append_text(tail)
    return cropped(line, width)


def tail_of(
    node: Node, now: float, places: dict[str, int], shown: Sequence[str] = (), *, timed: bool = True
) -> Text:
    """What stands at the end of its line: how it ended, where in the queue it is, what it needs; else the figures."""
    run, tail = node.run, Text(end="")
    match node.kind:
        case Kind.APPROVAL:
            return tail.append(
                f"{GAP}{_('needs approval: {what}').format(what=printable(node.doing.approval))}", "yellow"
            )
        case Kind.QUEUED:
            place = places.get(run.id)
            said = _("queued") if place is None else _("queued ({place})").format(place=ordinal(place))
            return tail.append(f"{BETWEEN}{said}", "dim")
        case Kind.FINISHED:
            how = "" if run.status is RunStatus.COMPLETED else ending(run)
            wrapped = run.outcome is not None and run.outcome.wrapped_up
            took = figures.row_duration(seconds(run, now)) if timed else ""
            parts = [text for text in (how or (_("wrapped up") if wrapped else ""), *shown, took) if text]
            style = "red" if run.status is RunStatus.FAILED else "dim"
            return tail.append(BETWEEN + BETWEEN.join(parts), style) if parts else tail
        case _:
            return tail.append(BETWEEN + BETWEEN.join(shown), "dim") if shown else tail


def detail_line(node: Node, prefix: str, now: float, width: int, which: Figures) -> Text:
    """What one in progress does, where nobody below it does it, and its figures; what finds no room is left out."""
    line = Text(f"{prefix}{DETAIL}", end="")
    busy_below = any(child.lively < Kind.QUEUED for child in node.children)
    doing = "" if busy_below else (node.doing.text or activity(node.run, now, aged=False))
    parts = [*([Text(doing, end="")] if doing else []), *figures_of(node, now, which)]
    used = line.cell_len
    for number, part in enumerate(parts):
        gap = len(BETWEEN) if number else 0
        if used + gap + part.cell_len > width and number:
            continue
        line.append_text(Text(BETWEEN, style="dim", end="") if number else Text(end=""))
        line.append_text(part)
        used += gap + part.cell_len
    line.stylize("dim", len(prefix), len(prefix) + len(DETAIL))
    return cropped(line, width)


def figures_of(node: Node, now: float, which: Figures) -> Iterator[Text]:
    """Turns, tools, tokens with how full the context is, cost, what else is known, and the time."""
    run, doing = node.run, node.doing
    used = node.used if which.rollup else run.usage.total
    if run.turns:
        # The limit that everybody has says nothing, until it is near.
        limit = run.spec.limits.max_turns
        usual = run.spec.decided.get("max_turns") == "settings"
        near = limit is not None and run.episode_turns * 2 >= limit
        yield _dim(figures.turns(run.episode_turns or run.turns, limit if near or not usual else None))
    if run.tool_uses:
        yield _dim(counted("{n} tool", "{n} tools", run.tool_uses))
    if used.tokens:
        text = _dim(_("{figure} tokens").format(figure=figures.short(used.tokens)))
        context = run.context_share if doing.context is None else doing.context
        share = figures.context_share(context, doing.compactions or run.compactions)
        if share:
            level = figures.context_level(context) if context is not None else figures.Level.DIM
            text.append(" ").append(share, style=LEVELS[level])
        yield text
    if which.cost and (price := figures.cost(used.cost, unpriced=used.unpriced)):
        yield _dim(price)
    if doing.conflicts:
        yield Text(counted("{n} conflict", "{n} conflicts", doing.conflicts), style="yellow", end="")
    if doing.worktree:
        yield _dim(printable(doing.worktree))
    took = seconds(run, now)
    yield _dim(figures.duration(took) if took < 60 else figures.row_duration(took))


def short_model(name_of_it: str) -> str:
    """`opus-4-6` of `anthropic:claude-opus-4-6-20260101`: what tells it from others, in few cells."""
    last = re.split(r"[:/]", name_of_it)[-1]
    return re.sub(r"^claude-|-\d{8}$", "", last)


def cost_and_tokens(used: ModelUsage) -> list[str]:
    """The sums of a heading."""
    tokens = [_("{figure} tokens").format(figure=figures.short(used.tokens))] if used.tokens else []
    price = figures.cost(used.cost, unpriced=used.unpriced)
    return [*tokens, *([price] if price else [])]


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return f"{number}{suffix}"


def cropped(line: Text, width: int) -> Text:
    """The line, its end cut off with an ellipsis where it is too wide."""
    if line.cell_len > width:
        line.truncate(max(width, 0), overflow="ellipsis")
    return line


def _mark(node: Node, now: float) -> str:
    if node.kind is Kind.APPROVAL:
        return NEEDS_WORD
    return glyph(node.run, now)


def _style(node: Node) -> str:
    return "yellow" if node.kind is Kind.APPROVAL else STYLES[node.run.status]


def _chips(node: Node, parent: Node | None) -> Iterator[str]:
    """What sets it apart from its parent: its model, how hard it thinks, what it may not."""
    run, spec = node.run, node.run.spec
    model = run.model or spec.model
    if model and (parent is None or model != (parent.run.model or parent.run.spec.model)):
        yield printable(short_model(model))
    if spec.thinking and (parent is None or spec.thinking != parent.run.spec.thinking):
        yield printable(spec.thinking)
    if any(rule.included == () for rule in spec.tools.providers):
        yield _("isolated")


def _cells_of(chips: Sequence[str]) -> int:
    return sum(cell_len(chip) + len(GAP) for chip in chips)


def _dim(text: str) -> Text:
    return Text(text, style="dim", end="")
