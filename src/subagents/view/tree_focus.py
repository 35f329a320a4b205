"""Where one run stands: the path down to it, what is busy below it, and how many others there are. What its brothers
and sisters do is not its business."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import is_

from subagents.ids import RunId
from subagents.language import counted
from subagents.view.tree_model import ONE, STALLED, Counts, Forest, Kind, Node, is_stale


@dataclass(frozen=True, slots=True)
class Branch:
    """The top of the tree with one child each down to the run, and below it what is busy. `above` is how many runs are
    above it, `total` all runs of that tree, and `sums` the lines about those that are not shown."""

    top: Node
    run: Node
    above: int
    total: int
    sums: tuple[str, ...]

    def within(self, lines: int) -> tuple[Node, int, int]:
        """Where the path begins in so many lines, how many runs above that are left out, and for how many sums there
        is room: this is about the run, so what stands around it gives way first."""
        if lines < 2:
            return replace(self.run, children=[]), self.above, 0
        least = 1 + bool(self.run.children)  # the run, and the line that may count what is below it
        left_out = 0 if self.above + least <= lines else min(self.above, self.above + least + 1 - lines)
        top = self.top
        for _ in range(left_out):
            top = top.children[0]
        return top, left_out, max(0, lines - (self.above - left_out) - least - bool(left_out))


def branch_of(whole: Forest, focus: RunId | None, now: float, stalled: float = STALLED) -> Branch | None:
    """The branch of a run, None for the one that gave the last sign of life; None when there is no such run."""
    path = _path(whole, focus)
    if not path:
        return None
    *above, run = path
    busy = _busy(run, now, stalled)
    top = busy
    for node in reversed(above):
        top = _with([top], node)
    siblings = _sum(
        sibling for node, child in zip(above, path[1:], strict=True) for sibling in _others(node, child)
    )
    below = _sum([run]).total - _sum([busy]).total
    finished = run.counts.finished - busy.counts.finished
    sums = tuple(_sums(siblings, below - finished, finished))
    return Branch(top, busy, len(above), path[0].counts.total, sums)


def _path(whole: Forest, focus: RunId | None) -> list[Node]:
    """From the top down to the run."""
    tops = (*whole.roots, *whole.orphans)
    above = {child.run.id: node for top in tops for node in top.walk() for child in node.children}
    known = {node.run.id: node for top in tops for node in top.walk()}
    if not known or (focus is not None and focus not in known):
        return []
    path = [known[focus] if focus is not None else _liveliest(known.values())]
    while (parent := above.get(path[-1].run.id)) is not None:
        path.append(parent)
    return path[::-1]


def _liveliest(nodes: Iterable[Node]) -> Node:
    """The one that gave the last sign of life, of those in progress if there are any."""
    known = list(nodes)
    lively = [node for node in known if node.kind < Kind.QUEUED] or known
    return max(lively, key=lambda node: (node.run.progress_at, node.run.depth))


def _busy(run: Node, now: float, stalled: float) -> Node:
    """The run with those below it that get on, and with whoever is between them and it."""
    kept: dict[RunId, Node] = {}
    for node in reversed(list(run.walk())):
        children = [kept[child.run.id] for child in node.children if child.run.id in kept]
        gets_on = node.kind < Kind.QUEUED and not is_stale(node, now, stalled)
        if node is run or children or gets_on:
            kept[node.run.id] = _with(children, node)
    return kept[run.run.id]


def _with(children: list[Node], node: Node) -> Node:
    if len(children) == len(node.children) and all(map(is_, children, node.children)):
        return node
    lively = min([node.kind, *(child.lively for child in children)])
    counts = sum((child.counts for child in children), ONE[node.kind])
    return replace(node, children=children, counts=counts, lively=lively)


def _others(node: Node, child: Node) -> Sequence[Node]:
    return [other for other in node.children if other is not child]


def _sum(nodes: Iterable[Node]) -> Counts:
    return sum((node.counts for node in nodes), Counts())


def _sums(siblings: Counts, waiting: int, finished: int) -> list[str]:
    active = siblings.total - siblings.finished
    told = [
        (active, "+{n} active sibling hidden", "+{n} active siblings hidden"),
        (siblings.finished, "+{n} completed sibling hidden", "+{n} completed siblings hidden"),
        (waiting, "+{n} queued / stale descendant hidden", "+{n} queued / stale descendants hidden"),
        (finished, "+{n} finished descendant hidden", "+{n} finished descendants hidden"),
    ]
    return [counted(one, many, count) for count, one, many in told if count]
