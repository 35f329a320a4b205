"""The tree of agents, the face that everything else shows: runs in, lines out, none too wide and none too many.

The same runs at the same moment give the same lines. Drawn in Unicode; `theme.ascii_of` has it in plain characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from rich.cells import cell_len
from rich.text import Text

from subagents.ids import RunId
from subagents.language import _, counted
from subagents.runs.state import RunState, RunStatus
from subagents.view.theme import BETWEEN
from subagents.view.tree_focus import Branch, branch_of
from subagents.view.tree_model import STALLED, Counts, Doing, Forest, Kind, Node, forest, recent
from subagents.view.tree_overflow import admitted
from subagents.view.tree_rows import (
    WARNING,
    Figures,
    cost_and_tokens,
    cropped,
    detail_line,
    figures_of,
    main_line,
    tail_of,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

NARROW = 88  # cells; below, `auto` takes one line for each agent
BUSY, IDLE = "●", "○"
TEE, END, BAR, BLANK = "├─ ", "└─ ", "│  ", "   "
UNLIMITED = 1_000_000  # lines
ROOM = 24  # cells that an agent's name and description are to have before figures get any


class TreeMode(StrEnum):
    """`rich`: two lines for one in progress. `compact`: one for each. `auto`: what fits. `focused`: one branch."""

    RICH = "rich"
    COMPACT = "compact"
    AUTO = "auto"
    FOCUSED = "focused"


@dataclass(frozen=True, slots=True)
class Tree:
    """The lines, to be printed as they are."""

    lines: tuple[Text, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n", end="\n").join(self.lines)


@dataclass(frozen=True, slots=True)
class _Look:
    """How it is drawn."""

    now: float
    width: int
    rich: bool
    figures: Figures
    places: dict[str, int]


def tree(
    runs: Iterable[RunState],
    *,
    now: float,
    width: int,
    height: int | None = None,
    mode: TreeMode = TreeMode.RICH,
    doing: Mapping[RunId, Doing] | None = None,
    focus: RunId | None = None,
    everything: bool = False,
    max_depth: int | None = None,
    rollup: bool = False,
    cost: bool = False,
    stalled: float = STALLED,
) -> Tree:
    """The tree of these runs in `width` cells and at most `height` lines (None: as many as it takes).

    `doing` is what else is known of them. `focus` is the run that `focused` shows the branch of, None for the
    liveliest. Runs that ended a while ago are left out unless `everything` is wanted; the heading still sums them up.
    `max_depth` stands beside the depth there is. `rollup` counts for a parent what is below it as well.
    """
    whole = forest(runs, doing)
    if width < 1 or (height is not None and height < 1):
        return Tree(())
    room = UNLIMITED if height is None else height - 1
    which, places = Figures(rollup, cost), _places(whole)
    if mode is TreeMode.FOCUSED and (branch := branch_of(whole, focus, now, stalled)) is not None:
        return _focused(branch, _Look(now, width, rich=True, figures=which, places=places), room)
    known = whole if everything else recent(whole, now)
    is_rich = _is_rich(known, mode, width, room)
    look = _Look(now, width, is_rich, which, places)
    heading = _heading(whole, max_depth, width, full=mode is not TreeMode.COMPACT)
    return Tree((heading, *_body(known, look, room)))


# --- the heading


def _heading(whole: Forest, max_depth: int | None, width: int, *, full: bool) -> Text:
    counts = whole.counts
    parts = [
        _("{n} running").format(n=counts.running),
        *([_("{n} queued").format(n=counts.queued)] if counts.queued else []),
        *([_("{n} waiting for approval").format(n=counts.approval)] if counts.approval else []),
    ]
    if full and whole.deepest:
        deepest = str(whole.deepest) if max_depth is None else f"{whole.deepest}/{max_depth}"
        parts.append(_("depth {depth}").format(depth=deepest))
    if full:
        parts += cost_and_tokens(whole.used)
    busy = bool(counts.running or counts.approval)
    line = Text(BUSY if busy else IDLE, style="cyan" if busy else "dim", end="")
    line.append(f" {_('Agents')}", style="bold default not dim")
    # What finds no room is left out from the end on, but for how many are running.
    while len(parts) > 1 and line.cell_len + len("  ") + cell_len(BETWEEN.join(parts)) > width:
        parts.pop()
    line.append(f"  {BETWEEN.join(parts)}", style="default not dim")
    return cropped(line, width)


def totals_line(runs: Iterable[RunState], width: int) -> str:
    """`3 running, 2 queued agents`, for status lines of other programs; "" when nothing is in progress."""
    counts = forest(runs).counts
    running = counts.running + counts.approval
    kinds = [(running, _("{n} running")), (counts.queued, _("{n} queued"))]
    parts = ", ".join(text.format(n=count) for count, text in kinds if count)
    if not parts:
        return ""
    text = Text(f"{parts} {counted('agent', 'agents', running + counts.queued)}", end="")
    return cropped(text, width).plain


# --- the body


def _body(known: Forest, look: _Look, room: int) -> Iterator[Text]:
    tops = list(known.roots)
    apart = _apart(known.orphans)
    if apart is not None:
        tops.append(apart)
    if not tops or room < 1:
        return
    yield from _shown(tops, room, look)


def _shown(tops: Sequence[Node], room: int, look: _Look) -> Iterator[Text]:
    """What of these finds a place. Details give way before an agent that is at work does."""
    shown = admitted(tops, room, lambda node: _lines_of(node, look))
    if look.rich and any(_at_work(node) and node.run.id not in shown for top in tops for node in top.walk()):
        look = replace(look, rich=False)
        shown = admitted(tops, room, lambda node: _lines_of(node, look))
    yield from _below(tops, look, shown)


def _at_work(node: Node) -> bool:
    return node.kind in {Kind.RUNNING, Kind.APPROVAL}


def _apart(orphans: Sequence[Node]) -> Node | None:
    """The line above those whose parent is not known, as the top of a tree of its own."""
    if not orphans:
        return None
    first = orphans[0]
    lively = min(node.lively for node in orphans)
    group = Node(first.run, Kind.FINISHED, children=list(orphans), lively=lively)
    group.counts = sum((node.counts for node in orphans), Counts())
    group.run = msgspec.structs.replace(first.run, id=RunId(""))  # it is drawn as a line and not as a run
    group.orphan = True
    return group


def _lines_of(node: Node, look: _Look) -> int:
    return 2 if look.rich and node.kind is Kind.RUNNING and node.run.id else 1


def _below(tops: Sequence[Node], look: _Look, shown: set[RunId]) -> Iterator[Text]:
    """The lines of these and of all below them, and wherever some are not shown one that counts them."""
    # A stack and not a recursion: nobody promises how deep agents are nested.
    waiting = _entries(tops, None, "", look, shown)[::-1]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, Text):
            yield entry
            continue
        node, parent, prefix, last = entry
        inner = prefix + (BLANK if last else BAR)
        yield from _of_one(node, parent, prefix + (END if last else TEE), inner, look)
        waiting += _entries(node.children, node, inner, look, shown)[::-1]


#: A run with its parent, what stands before its branch, and whether it is the last on it; or a line as it is.
_Entry = tuple[Node, Node | None, str, bool] | Text


def _entries(
    nodes: Sequence[Node], parent: Node | None, prefix: str, look: _Look, shown: set[RunId]
) -> list[_Entry]:
    """Brothers and sisters, and what is to be said of those that are not shown."""
    visible = [node for node in nodes if node.run.id in shown]
    hidden = sum((node.counts for node in nodes if node.run.id not in shown), Counts())
    entries: list[_Entry] = [
        (node, parent, prefix, number == len(visible) and not hidden.total)
        for number, node in enumerate(visible, 1)
    ]
    if hidden.total:
        text = f"{prefix}{END}{_hidden(hidden, top=parent is None)}"
        entries.append(cropped(Text(text, style="dim", end=""), look.width))
    return entries


def _of_one(node: Node, parent: Node | None, prefix: str, inner: str, look: _Look) -> Iterator[Text]:
    if not node.run.id:
        text = _("{mark} Other agents, whose parent is not known here").format(mark=WARNING)
        yield cropped(Text(f"{prefix}{text}", style="dim", end=""), look.width)
        return
    in_a_line = not look.rich and node.kind is Kind.RUNNING
    shown = [text.plain for text in figures_of(node, look.now, look.figures)] if in_a_line else []
    yield main_line(node, parent, prefix, look.now, look.width, _fitting_tail(node, prefix, look, shown))
    if _lines_of(node, look) == 2:
        yield detail_line(node, inner, look.now, look.width, look.figures)


def _fitting_tail(node: Node, prefix: str, look: _Look, shown: list[str]) -> Text:
    """Its figures, without those for which the line has no room: the time stays longest, then the turns."""
    kept = list(shown)
    while kept:
        tail = tail_of(node, look.now, look.places, kept)
        if len(prefix) + tail.cell_len + ROOM <= look.width or len(kept) == 1:
            return tail
        kept.pop(-2)
    tail = tail_of(node, look.now, look.places)
    fits = len(prefix) + tail.cell_len + ROOM <= look.width
    return tail if fits else tail_of(node, look.now, look.places, timed=False)


def _hidden(counts: Counts, *, top: bool) -> str:
    """`+4 descendants hidden (2 running, 1 queued, 1 finished)`."""
    kinds = [
        (counts.running, _("{n} running")),
        (counts.approval, _("{n} waiting for approval")),
        (counts.queued, _("{n} queued")),
        (counts.finished, _("{n} finished")),
    ]
    parts = ", ".join(text.format(n=count) for count, text in kinds if count)
    total = counts.total
    noun = counted("agent", "agents", total) if top else counted("descendant", "descendants", total)
    return _("+{n} {noun} hidden ({parts})").format(n=counts.total, noun=noun, parts=parts)


# --- one branch


def _focused(branch: Branch, look: _Look, room: int) -> Tree:
    text = _("{n} total · showing active branch").format(n=branch.total)
    busy = branch.top.lively < Kind.QUEUED
    head = Text(BUSY if busy else IDLE, style="cyan" if busy else "dim", end="")
    head.append(f" {text}", style="default not dim")
    top, left_out, room_for_sums = branch.within(room)
    sums = branch.sums[:room_for_sums]
    before = [counted("+{n} agent above hidden", "+{n} agents above hidden", left_out)] if left_out else []
    before = before[: max(0, room - 2)]
    body = _shown([top], room - len(before) - len(sums), look) if room > 0 else iter(())
    around = [cropped(Text(line, style="dim", end=""), look.width) for line in (*before, *sums)]
    return Tree((cropped(head, look.width), *around[: len(before)], *body, *around[len(before) :]))


# --- what is shown


def _is_rich(known: Forest, mode: TreeMode, width: int, room: int) -> bool:
    if mode is not TreeMode.AUTO:
        return mode in {TreeMode.RICH, TreeMode.FOCUSED}
    rows = sum(2 if node.kind is Kind.RUNNING else 1 for node in known.nodes)
    return width >= NARROW and rows + bool(known.orphans) <= room


def _places(whole: Forest) -> dict[str, int]:
    """Where in the queue of its parent, or of the session, each that is queued stands."""
    found: dict[str, int] = {}
    taken: dict[RunId | None, int] = {}
    queued = [node.run for node in whole.nodes if node.run.status is RunStatus.QUEUED]
    for run in sorted(queued, key=lambda run: (run.queued_at, run.spawned_at)):
        found[run.id] = taken[run.parent] = taken.get(run.parent, 0) + 1
    return found
