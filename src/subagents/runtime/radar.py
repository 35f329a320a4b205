"""When to look whether the work of runs in worktrees can still be merged: with each other, with what is in work in
other sessions, and into the checkout.

A run's edit, or the end of a tool that may have changed something, makes its tree due. The looks go on in the
background, one at a time with a pause in between; whoever records an ending waits for none of them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.clock import Clock
from subagents.conflict import ResolvedBy
from subagents.errors import SessionError, WorkspaceError
from subagents.events import Entry, FileEdited, ToolReturned, WorkspaceClosed, WorkspaceOpened
from subagents.ids import RunId
from subagents.runs.conflicts import after_leaving, after_look
from subagents.runs.state import RunState
from subagents.runtime.strangers import MOST_SIDES, Strangers, met_in, pairs_with
from subagents.sessions.journal import Journal
from subagents.toolsets.coding import CHANGING_TOOLS, CODING_TOOLS
from subagents.workspaces.base import WORKTREE
from subagents.workspaces.conflicts.between import compare
from subagents.workspaces.conflicts.live import (
    LiveTree,
    Snapshot,
    branch_snapshot,
    contains,
    git_for,
    head_snapshot,
    of_repository,
    of_worktree,
    snapshot,
)
from subagents.workspaces.git.program import version_of
from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.worktrees.drivers import refuse_changed
from subagents.workspaces.worktrees.neighbours import Neighbours
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.scratch import Scratch

log = logging.getLogger("subagents")

PAUSE = 1.0  # seconds between two rounds, in which many edits are one
LOOK_AGAIN = 60.0  # seconds after which it is looked whether a person did something: commits, merges
ROUNDS = 500  # after which what they wrote is thrown away
MOST_PAIRS = 40  # of one round; the others are for the next

#: What is written down of a run's worktree, None where it has none; called in a thread.
WorktreeOf = Callable[[RunState], Worktree | None]
#: Two runs, or one and what is committed in its checkout.
Pair = tuple[RunId, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """The work of a run as it was looked at, and what is committed in the checkout that it is for."""

    run: RunId
    work: Snapshot
    checkout: LiveTree


class Radar:
    """The looks at one session. `attend` is its task."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        scratch: Scratch,
        worktree_of: WorktreeOf,
        neighbours: Neighbours,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._scratch = scratch
        self._worktree_of = worktree_of
        self._strangers = Strangers(scratch, neighbours)
        self._strangers_due = 0.0
        self._sides: dict[RunId, Side] = {}
        self._heads: dict[LiveTree, str] = {}
        self._due: dict[RunId, None] = {}
        self._left: dict[Pair, None] = {}
        self._came = anyio.Event()
        self._rounds = 0
        self._said = False
        self._version: tuple[int, ...] = ()
        journal.listen(self._heard)

    async def attend(self) -> None:
        """Looks for ever. What it has written is gone when it is cancelled."""
        runs = self._journal.state.runs.values()
        self._due.update(dict.fromkeys(run.id for run in runs if self._matters(run)))
        try:
            await anyio.to_thread.run_sync(self._scratch.empty_of_the_dead)
            with suppress(SessionError):
                while True:
                    await self._until_due()
                    await self._round()
                    await self._tidy()
                    await self._clock.sleep(PAUSE)
        finally:
            # As many files as there were looks: the end of the others is not to wait for them.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._scratch.empty)

    # --- when

    def _heard(self, entry: Entry) -> None:
        match entry.event:
            case FileEdited(run=run) | WorkspaceOpened(run=run) | WorkspaceClosed(run=run):
                self._make_due(run)
            case ToolReturned(run=run, tool=tool) if tool in CHANGING_TOOLS or tool not in CODING_TOOLS:
                self._make_due(run)
            case _:
                pass

    def _make_due(self, run: RunId) -> None:
        state = self._journal.state.runs.get(run)
        if state is not None and self._matters(state):
            self._due[run] = None
            self._came.set()

    def _matters(self, run: RunState) -> bool:
        """Whether it has work to be looked at, or had some when it met others."""
        return _has_work(run) or any(each.heads for each in self._journal.state.conflicts.of(run.id))

    async def _until_due(self) -> None:
        """Returns when there is something to look at; while there is work, also after a while."""
        if self._due or self._left:
            return
        self._came = anyio.Event()
        with self._clock.move_on_after(LOOK_AGAIN if self._sides else None) as scope:
            await self._came.wait()
        if scope.cancelled_caught:
            await self._tried(self._look_around)

    async def _look_around(self) -> None:
        """Makes due what may be otherwise though no run did anything: a person commits, merges and deletes branches."""
        if any(each.heads for each in self._journal.state.conflicts.open):
            self._due.update(dict.fromkeys(self._sides))
            return
        for checkout in {side.checkout for side in self._sides.values()}:
            head = (await head_snapshot(checkout, self._scratch)).head
            if head != self._heads.get(checkout):
                self._heads[checkout] = head
                changed = (run for run, side in self._sides.items() if side.checkout == checkout)
                self._due.update(dict.fromkeys(changed))

    # --- a round

    async def _round(self) -> None:
        due, self._due = [*self._due], {}
        earlier = dict(self._sides)
        for run in due:
            await self._tried(partial(self._take, run))
        self._left |= dict.fromkeys(pairs(self._newest(), due))
        changed = {run for run, side in self._sides.items() if earlier.get(run) != side}
        if changed or self._clock.monotonic() >= self._strangers_due:
            await self._tried(partial(self._look_abroad, changed))
        for pair in [*self._left][:MOST_PAIRS]:
            del self._left[pair]
            await self._look(pair)

    async def _tidy(self) -> None:
        """What was written for looks of long ago is of no use any more, and nobody knows which objects these are."""
        self._rounds += 1
        if self._rounds % ROUNDS == 0:
            await anyio.to_thread.run_sync(self._scratch.empty)
            self._due.update(dict.fromkeys(self._sides))
            self._strangers.known.clear()
            self._strangers_due = 0.0

    def _newest(self) -> list[RunId]:
        """In the order of their ids, so that two runs are one pair whichever of them is newer."""
        return sorted(sorted(self._sides, key=self._begun)[-MOST_SIDES:])

    def _begun(self, run: RunId) -> float:
        return self._journal.state.run(run).spawned_at

    async def _look_abroad(self, changed: set[RunId]) -> None:
        """Takes the work of other sessions as it is, and notes what is to be compared with it."""
        self._strangers_due = self._clock.monotonic() + LOOK_AGAIN
        own, state = self._newest(), self._journal.state
        if not own:
            self._strangers.known.clear()
            return
        checkouts = {run: self._sides[run].checkout for run in own}
        repositories = {str(checkout.common) for checkout in checkouts.values()}
        begun, met = [self._begun(run) for run in own], met_in(state.conflicts, checkouts)
        seen = await self._strangers.look(repositories, state.runs, begun, met)
        for run in seen.gone:
            self._leave(run, ResolvedBy.UNDONE)
        self._left |= dict.fromkeys(pairs_with(own, self._strangers.known, changed | seen.changed))
        for stranger in [each for each in self._strangers.known.values() if each.ended]:
            # Not as what was looked at last: our own were not compared with it.
            head = await head_snapshot(stranger.work.of, self._scratch)
            if await contains(head, stranger.work, self._scratch):
                del self._strangers.known[stranger.run]
                self._leave(stranger.run, ResolvedBy.MERGE)

    async def _take(self, run_id: RunId) -> None:
        """The run's work as it is now; forgotten where there is none any more, or all of it is in the checkout."""
        self._sides.pop(run_id, None)
        run = self._journal.state.run(run_id)
        if (side := await self._side(run)) is None:
            if not _has_place(run):
                self._leave(run_id, ResolvedBy.UNDONE)
        elif run.isolation != WORKTREE and await self._is_merged(side):
            self._leave(run_id, ResolvedBy.MERGE)
        else:
            self._sides[run_id] = side

    def _leave(self, run: RunId, by: ResolvedBy) -> None:
        self._journal.enqueue(lambda head: after_leaving(head.conflicts, run, by))

    async def _side(self, run: RunState) -> Side | None:
        """None where there is nothing to be looked at."""
        worktree = (
            await anyio.to_thread.run_sync(self._worktree_of, run) if run.isolation == WORKTREE else None
        )
        if worktree is not None and worktree.there:
            checkout = of_repository(await repository_at(Path(worktree.top), self._scratch.run))
            await refuse_changed(worktree, worktree.repository_git(self._scratch.run))
            return Side(run.id, await snapshot(of_worktree(worktree), self._scratch), checkout)
        if run.kept is None or not run.kept.branch:
            return None
        checkout = of_repository(await repository_at(Path(run.kept.repository), self._scratch.run))
        work = await branch_snapshot(checkout, run.kept.branch, self._scratch)
        return Side(run.id, work, checkout) if work is not None else None

    async def _is_merged(self, side: Side) -> bool:
        return await contains(await self._head(side.checkout), side.work, self._scratch)

    async def _head(self, checkout: LiveTree) -> Snapshot:
        """What is committed in it, remembered as what was looked at last."""
        head = await head_snapshot(checkout, self._scratch)
        self._heads[checkout] = head.head
        return head

    async def _look(self, pair: Pair) -> None:
        if pair[0] in self._sides and all(run in self._sides or run in self._strangers.known for run in pair):
            await self._tried(partial(self._compared, pair))

    async def _compared(self, pair: Pair) -> None:
        ours = self._sides[pair[0]]
        theirs = await self._theirs(pair)
        if ours.work.of.common != theirs.of.common:
            return
        self._version = self._version or await version_of(git_for(self._scratch, ours.work.of))
        compared = await compare(ours.work, theirs, self._scratch, self._version)
        self._say(compared.word)
        found = [(each.kind, each.places) for each in compared.found]
        heads = (ours.work.head, theirs.head)
        by = await self._gone_by(ours.work, theirs)
        stranger = self._strangers.called(pair[-1])
        self._journal.enqueue(lambda head: after_look(head.conflicts, pair, found, heads, by, stranger))

    async def _theirs(self, pair: Pair) -> Snapshot:
        if len(pair) == 1:
            return await self._head(self._sides[pair[0]].checkout)
        return (self._sides.get(pair[1]) or self._strangers.known[pair[1]]).work

    def _say(self, word: str) -> None:
        """To programmers, once."""
        if word and not self._said:
            self._said = True
            log.warning("%s", word)

    async def _gone_by(self, ours: Snapshot, theirs: Snapshot) -> ResolvedBy:
        """What makes conflicts of these two go, where they have gone."""
        if ours.head == theirs.head:
            return ResolvedBy.UNDONE
        merged = await contains(theirs, ours, self._scratch)
        return ResolvedBy.MERGE if merged else ResolvedBy.UNDONE

    async def _tried(self, look: Callable[[], Awaitable[None]]) -> None:
        """A look that may fail, which says nothing of conflicts: a tree that goes away meanwhile is looked at no more,
        and one that changes is due again by what changed it."""
        try:
            await look()
        except (OSError, WorkspaceError) as error:
            log.debug("a look for conflicts failed: %s", error)


def _has_work(run: RunState) -> bool:
    """Whether it has a place of its own, or left a branch."""
    return run.isolation == WORKTREE or (run.kept is not None and bool(run.kept.branch))


def _has_place(run: RunState) -> bool:
    """Whether its files are somewhere, though they may be on their way to a branch just now."""
    return run.isolation == WORKTREE or (run.kept is not None and bool(run.kept.preserved))


def pairs(runs: Sequence[RunId], due: Iterable[RunId]) -> Iterator[Pair]:
    """Those of which one is due, and each that is due with its checkout."""
    changed = set(due)
    for run in runs:
        if run in changed:
            yield (run,)
    yield from (pair for pair in combinations(runs, 2) if changed.intersection(pair))
