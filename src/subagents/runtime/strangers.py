"""The work of runs of other sessions, which a session's radar compares its own runs with.

Each `subagents run` in a terminal is a session of its own. Nothing is said from one to the other: each finds the
other's worktrees by their records, and writes down what it found for its own runs.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.ids import RunId
from subagents.runs.conflicts import ConflictState
from subagents.workspaces.conflicts.live import (
    LiveTree,
    Snapshot,
    branch_snapshot,
    git_for,
    of_worktree,
    snapshot,
)
from subagents.workspaces.worktrees.drivers import refuse_changed
from subagents.workspaces.worktrees.neighbours import Neighbours
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.recovering import newest_branch
from subagents.workspaces.worktrees.scratch import Scratch

log = logging.getLogger("subagents")

MOST_SIDES = 24  # trees and branches, the newest; what is older is looked at no more


@dataclass(frozen=True, slots=True)
class Stranger:
    """The work of a run of another session as it was looked at; `ended` where that is on a branch."""

    run: RunId
    agent: str
    work: Snapshot
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Met:
    """One that a run of ours is known to meet, and the checkout that ours is for."""

    run: RunId
    agent: str
    checkout: LiveTree


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a look: those whose work is another than before, and those that have none any more."""

    changed: frozenset[RunId]
    gone: frozenset[RunId]


#: Takes the work of one; None where there is none any more.
Look = Callable[[], Awaitable[Stranger | None]]


class Strangers:
    """The looks at them. `known` are those that could be looked at the last time."""

    def __init__(self, scratch: Scratch, neighbours: Neighbours) -> None:
        self._scratch = scratch
        self._neighbours = neighbours
        self.known: dict[RunId, Stranger] = {}

    async def look(
        self, repositories: Container[str], own: Container[str], begun: Collection[float], met: Sequence[Met]
    ) -> Seen:
        """Takes the work of those that are live now, and of those that were `met`, as it is.

        The others are of `repositories` (their common folders), none of the runs `own`, and among the newest of all, of
        which ours began at `begun`.
        """
        earlier, self.known = self.known, {}
        live = await anyio.to_thread.run_sync(self._neighbours.live, repositories, own, MOST_SIDES)
        looks: dict[RunId, Look] = {each.run: partial(self._met, each) for each in met[-MOST_SIDES:]}
        looks |= {RunId(each.run): partial(self._live, each) for each in among_newest(begun, live)}
        gone = frozenset([run for run, look in looks.items() if await self._has_none(run, look)])
        return Seen(frozenset(run for run, side in self.known.items() if earlier.get(run) != side), gone)

    def called(self, run: RunId) -> str:
        """What the agent of one of them is called; "" for other runs."""
        return self.known[run].agent if run in self.known else ""

    async def _has_none(self, run: RunId, look: Look) -> bool:
        """Whether there is no work of it any more. A look that fails does not say so: a tree may be on its way to a
        branch, or a record be written just now."""
        try:
            side = await look()
        except (OSError, WorkspaceError) as error:
            log.debug("a look at a worktree of another session failed: %s", error)
            return False
        if side is not None:
            self.known[run] = side
        return side is None

    async def _live(self, worktree: Worktree) -> Stranger:
        await refuse_changed(worktree, worktree.repository_git(self._scratch.run))
        work = await snapshot(of_worktree(worktree), self._scratch)
        return Stranger(RunId(worktree.run), worktree.agent, work)

    async def _met(self, met: Met) -> Stranger | None:
        """What it has in its tree, whoever works in it; where there is none any more, what its branch has."""
        worktree = await anyio.to_thread.run_sync(self._neighbours.of, met.run, met.agent)
        if worktree is not None and worktree.there:
            return await self._live(worktree)
        branch = await newest_branch(met.agent, met.run, git_for(self._scratch, met.checkout))
        work = await branch_snapshot(met.checkout, branch, self._scratch) if branch else None
        return Stranger(met.run, met.agent, work, ended=True) if work is not None else None


def among_newest(begun: Iterable[float], others: Iterable[Worktree]) -> list[Worktree]:
    """Those of the others that are among the newest of all, when ours began at `begun`."""
    known = list(others)
    newest = sorted((*begun, *(each.made_at for each in known)), reverse=True)[:MOST_SIDES]
    return [each for each in known if each.made_at >= newest[-1]]


def met_in(conflicts: ConflictState, checkouts: Mapping[RunId, LiveTree]) -> list[Met]:
    """Those of the open conflicts, by the runs of ours that meet them and where the checkouts of these are known."""
    found = {
        each.runs[-1]: Met(each.runs[-1], each.stranger, checkouts[each.runs[0]])
        for each in conflicts.open
        if each.stranger and each.runs[0] in checkouts
    }
    return [*found.values()]


def pairs_with(
    own: Iterable[RunId], strangers: Collection[RunId], changed: Container[RunId]
) -> Iterator[tuple[RunId, RunId]]:
    """Ours with each of the others, where one of them changed; ours first."""
    return (pair for pair in product(own, strangers) if pair[0] in changed or pair[1] in changed)
