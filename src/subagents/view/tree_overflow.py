"""Which runs find a place in so many lines, and where it is said how many others there are.

Whole subtrees give way, what is in progress last. A run is only shown below its parent; what is not shown is counted
in one line below the nearest run above it that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from subagents.ids import RunId
from subagents.view.tree_model import Kind, Node

#: How many lines a run takes.
LinesOf = Callable[[Node], int]


def admitted(tops: Sequence[Node], lines: int, lines_of: LinesOf) -> set[RunId]:
    """The runs that are shown in so many lines, the lines that count the others included.

    The liveliest come first, and of those the highest in the tree: the choice depends on nothing that changes from one
    drawing to the next while nothing happens.
    """
    nodes = [node for top in tops for node in top.walk()]
    if sum(map(lines_of, nodes)) <= lines:
        return {node.run.id for node in nodes}
    return _chosen(tops, lines, lines_of)


def _chosen(tops: Sequence[Node], lines: int, lines_of: LinesOf) -> set[RunId]:
    above = _parents(tops)
    missing: dict[RunId | None, int] = {None: len(tops)}  # children that are not shown, of each that is
    shown: set[RunId] = set()
    taken = 1  # the line that counts the tops which are not shown
    refused: Kind | None = None
    for node in _by_importance(tops):
        if refused is not None and node.lively > refused:
            break  # what would still fit is not to stand there in the place of a livelier one
        parent = above[node.run.id]
        if parent is not None and parent not in shown:
            continue
        cost = lines_of(node) + bool(node.children) - (missing[parent] == 1)
        if taken + cost > lines:
            refused = node.lively
            continue
        taken += cost
        shown.add(node.run.id)
        missing[parent] -= 1
        missing[node.run.id] = len(node.children)
    return shown


def _by_importance(tops: Sequence[Node]) -> list[Node]:
    ranked: list[tuple[Kind, int, int, Node]] = []
    level = list(tops)
    depth = number = 0
    while level:
        for node in level:
            ranked.append((node.lively, depth, number, node))
            number += 1
        level = [child for node in level for child in node.children]
        depth += 1
    return [node for *_rank, node in sorted(ranked, key=lambda each: each[:3])]


def _parents(tops: Sequence[Node]) -> dict[RunId, RunId | None]:
    found: dict[RunId, RunId | None] = {top.run.id: None for top in tops}
    for top in tops:
        for node in top.walk():
            found |= {child.run.id: node.run.id for child in node.children}
    return found
