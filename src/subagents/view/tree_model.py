"""Runs as a forest: who is below whom, who counts as what, and who is not to be seen any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from subagents.ids import RunId
from subagents.runs.state import RunState, RunStatus
from subagents.usage import ModelUsage

LINGERS = 30.0  # seconds that a run which answered is still shown
PROBLEM_LINGERS = 120.0  # the same for one that did not
STALLED = 300.0  # seconds without a sign of life after which a run in progress gets nowhere


@dataclass(frozen=True, slots=True)
class Doing:
    """What is known of a run beside its state. `approval` is what it waits for a person's word on, `context` how full
    its model's context is, from 0 to 100, and `worktree` the name of its own."""

    text: str = ""
    approval: str = ""
    context: float | None = None
    compactions: int = 0
    worktree: str = ""
    conflicts: int = 0


NOTHING = Doing()
NOT_USED = ModelUsage()


class Kind(IntEnum):
    """What a run counts as, in the order in which brothers and sisters stand."""

    APPROVAL = 0
    RUNNING = 1
    QUEUED = 2
    FINISHED = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each kind."""

    running: int = 0
    approval: int = 0
    queued: int = 0
    finished: int = 0

    @property
    def total(self) -> int:
        return self.running + self.approval + self.queued + self.finished

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.running + other.running,
            self.approval + other.approval,
            self.queued + other.queued,
            self.finished + other.finished,
        )


#: A run by itself.
ONE: Mapping[Kind, Counts] = {
    Kind.APPROVAL: Counts(approval=1),
    Kind.RUNNING: Counts(running=1),
    Kind.QUEUED: Counts(queued=1),
    Kind.FINISHED: Counts(finished=1),
}


@dataclass(slots=True, eq=False)
class Node:
    """A run and what is below it. `counts` and `used` are of all of that, itself included; `kind` is its own, and
    `lively` the most lively one in it."""

    run: RunState
    kind: Kind
    doing: Doing = NOTHING
    children: list[Node] = field(default_factory=list)
    counts: Counts = Counts()
    used: ModelUsage = NOT_USED
    lively: Kind = Kind.FINISHED
    orphan: bool = False

    def walk(self) -> Iterator[Node]:
        """Itself and all below it, parents before children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)


@dataclass(frozen=True, slots=True)
class Forest:
    """The tops, in order, and apart those whose parent is not known. `deepest` is the depth there is."""

    roots: tuple[Node, ...]
    orphans: tuple[Node, ...]
    counts: Counts
    used: ModelUsage
    deepest: int

    @property
    def nodes(self) -> Iterator[Node]:
        for top in (*self.roots, *self.orphans):
            yield from top.walk()


def forest(runs: Iterable[RunState], doing: Mapping[RunId, Doing] | None = None) -> Forest:
    """Every run once. Of those that are each other's parents, which nobody is above, the first counts as an orphan."""
    nodes = {run.id: _node(run, (doing or {}).get(run.id, NOTHING)) for run in runs}
    roots, orphans = [], []
    for node in nodes.values():
        if node.run.parent is None:
            roots.append(node)
        elif (parent := nodes.get(node.run.parent)) is not None:
            parent.children.append(node)
        else:
            orphans.append(node)
    orphans += _in_circles(nodes, (*roots, *orphans))
    for node in orphans:
        node.orphan = True
    for top in (*roots, *orphans):
        _sum_up(top)
    tops = (*_sorted(roots), *_sorted(orphans))
    return Forest(
        tuple(_sorted(roots)),
        tuple(_sorted(orphans)),
        sum((top.counts for top in tops), Counts()),
        sum((top.used for top in tops), ModelUsage()),
        max((node.run.depth for node in nodes.values()), default=0),
    )


def recent(whole: Forest, now: float) -> Forest:
    """Without those that ended a while ago, unless one below them is still to be seen. The sums stay those of all."""
    roots = tuple(kept for top in whole.roots if (kept := _recent(top, now)) is not None)
    orphans = tuple(kept for top in whole.orphans if (kept := _recent(top, now)) is not None)
    return replace(whole, roots=roots, orphans=orphans)


def is_stale(node: Node, now: float, stalled: float = STALLED) -> bool:
    """Whether it was interrupted, or is in progress and gets nowhere."""
    run = node.run
    if run.status is RunStatus.INTERRUPTED:
        return True
    return node.kind is Kind.RUNNING and not run.parked and now - run.progress_at > stalled


def _node(run: RunState, doing: Doing) -> Node:
    if run.status.ended:
        return Node(run, Kind.FINISHED, doing)
    if doing.approval:
        return Node(run, Kind.APPROVAL, doing)
    return Node(run, Kind.QUEUED if run.status is RunStatus.QUEUED else Kind.RUNNING, doing)


def _in_circles(nodes: Mapping[RunId, Node], tops: Iterable[Node]) -> list[Node]:
    """One of each circle, cut out of its parent's children."""
    reached = {node.run.id for top in tops for node in top.walk()}
    found = []
    for run_id, node in nodes.items():
        if run_id in reached:
            continue
        parent = nodes[node.run.parent] if node.run.parent is not None else node
        parent.children = [child for child in parent.children if child is not node]
        found.append(node)
        reached |= {below.run.id for below in node.walk()}
    return found


def _sum_up(top: Node) -> None:
    for node in reversed(list(top.walk())):
        node.counts, node.used, node.lively = ONE[node.kind], _used(node.run), node.kind
        if node.children:  # most have none, and this is drawn eight times a second
            node.children = _sorted(node.children)
            node.counts = sum((child.counts for child in node.children), node.counts)
            node.used = sum((child.used for child in node.children), node.used)
            node.lively = min(node.lively, *(child.lively for child in node.children))


def _used(run: RunState) -> ModelUsage:
    """Most runs ask one model, whose usage is the sum."""
    models = run.usage.models
    return next(iter(models.values())) if len(models) == 1 else run.usage.total


def _sorted(nodes: Iterable[Node]) -> list[Node]:
    """Those in progress before those that wait before those that are over, each in the order of their start."""
    return sorted(nodes, key=lambda node: (max(node.kind, Kind.RUNNING), node.run.elapsed_from, node.run.id))


def _recent(top: Node, now: float) -> Node | None:
    """The node without what is to be seen no more; its counts are of what is left."""
    kept: dict[RunId, Node] = {}
    for node in reversed(list(top.walk())):
        children = [kept[child.run.id] for child in node.children if child.run.id in kept]
        if children == node.children and (children or _lingers(node.run, now)):
            kept[node.run.id] = node
        elif children or _lingers(node.run, now):
            counts = sum((child.counts for child in children), ONE[node.kind])
            kept[node.run.id] = replace(node, children=children, counts=counts)
    return kept.get(top.run.id)


def _lingers(run: RunState, now: float) -> bool:
    if not run.status.ended or run.ended_at is None:
        return True
    patience = LINGERS if run.status is RunStatus.COMPLETED else PROBLEM_LINGERS
    return now - run.ended_at < patience and not run.cleared
