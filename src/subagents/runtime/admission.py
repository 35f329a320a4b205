"""Leave to be in progress: a slot of the project for a run of the top, a place in its tree for one below.

Nested runs need no slot of the project, because a parent that holds one waits for them. Instead a parent has
at most so many live children, and a tree so many live runs; what is over waits its turn in the tree.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from subagents.clock import Clock
from subagents.errors import SpawnRefused
from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.runtime.slots import Slot, Slots, forget_slot_file, slot_file
from subagents.sessions.folder import make_private
from subagents.settings.model import Settings


class Admission:
    """The queues of one manager. `state` is the project's state folder, None for what is kept in memory only."""

    def __init__(self, settings: Settings, clock: Clock, state: Path | None) -> None:
        self._settings = settings
        self._clock = clock
        self._trees = state / "trees" if state is not None else None
        self.project = Slots(settings.max_concurrent, clock, slot_file(state / "slots") if state else None)
        self._children: dict[RunId, Slots] = {}
        self._tree: dict[RunId, Slots] = {}
        self._spawned: dict[RunId, int] = defaultdict(int)

    def place(self, run: RunState) -> Place:
        """Where the run has to queue: outer queues before inner ones, so that nobody holds what another needs."""
        if run.parent is None:
            return Place((self.project,))
        return Place((self._children_of(run.parent), self._tree_of(run.root)))

    def count_spawn(self, root: RunId) -> None:
        """Counts one more nested run of a tree, in whichever process. Raises `SpawnRefused` beyond the limit."""
        limit = self._settings.max_tree_spawned
        if self._count(root) > limit:
            raise SpawnRefused(
                f"the tree of run {root!r} has spawned {limit} runs, which is its limit; "
                "go on with the results there are, or raise the setting max_tree_spawned"
            )

    def _count(self, root: RunId) -> int:
        if self._trees is None:
            self._spawned[root] += 1
            return self._spawned[root]
        make_private(self._trees)
        # One byte a run: appending is atomic, and the size is the count, whoever appended.
        file = os.open(self._trees / f"{root}.count", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, b".")
            return os.fstat(file).st_size
        finally:
            os.close(file)

    def _children_of(self, parent: RunId) -> Slots:
        if parent not in self._children:
            file = slot_file(self._trees / f"{parent}.children") if self._trees is not None else None
            self._children[parent] = Slots(self._settings.max_children, self._clock, file)
        return self._children[parent]

    def _tree_of(self, root: RunId) -> Slots:
        if root not in self._tree:
            file = slot_file(self._trees / f"{root}.slots") if self._trees is not None else None
            self._tree[root] = Slots(self._settings.max_tree_live, self._clock, file)
        return self._tree[root]

    def forget(self, run_id: RunId) -> None:
        """A run ended: nobody queues below it any more."""
        for queues, kind in ((self._children, "children"), (self._tree, "slots")):
            if queues.pop(run_id, None) is not None and self._trees is not None:
                forget_slot_file(self._trees / f"{run_id}.{kind}")


class Place:
    """One run's leave to be in progress: entered once, left on every way out."""

    def __init__(self, queues: tuple[Slots, ...]) -> None:
        self._queues = queues
        self._slots: list[Slot] = []

    async def enter(self, *, front: bool = False) -> None:
        """Waits for its turn in each queue; cancelled on the way, it leaves what it had."""
        try:
            for queue in self._queues:
                self._slots.append(await queue.acquire(front=front))
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        while self._slots:
            self._slots.pop().release()
