"""What a session does with worktrees: where its runs work, what is looked for beside them, and what is tidied up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from subagents.clock import Clock
from subagents.ids import RunId, new_fact_id
from subagents.places import Project
from subagents.runs.state import RunState
from subagents.runtime.radar import Radar
from subagents.runtime.sweeping import sweep
from subagents.sessions.folder import SessionFolder
from subagents.sessions.journal import Journal
from subagents.settings.model import Settings
from subagents.workspaces.base import SHARED, WORKTREE
from subagents.workspaces.chosen import ChosenWorkspaces
from subagents.workspaces.isolated import WorktreeWorkspaces, place_for, wish_of
from subagents.workspaces.shared import SharedWorkspaces
from subagents.workspaces.worktrees.neighbours import Neighbours
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.placing import Place, records_of
from subagents.workspaces.worktrees.scratch import Scratch


@dataclass(frozen=True)
class Worktrees:
    """Those of one session; `session` is its folder, None for one in memory."""

    project: Project
    settings: Settings
    clock: Clock
    session: SessionFolder | None
    journal: Journal

    @property
    def place(self) -> Place:
        return worktree_place(self.project, self.settings, self.clock, self.session)

    def workspaces(self) -> ChosenWorkspaces:
        """Where each run works, by what was decided for it."""

        def state(run: str) -> RunState:
            return self.journal.head.run(RunId(run))

        def isolation(run: str) -> str:
            return WORKTREE if state(run).spec.isolation == WORKTREE else SHARED

        worktrees = WorktreeWorkspaces(self.place, lambda cwd, run: wish_of(state(run), cwd))

        return ChosenWorkspaces({SHARED: SharedWorkspaces(), WORKTREE: worktrees}, isolation)

    def radar(self) -> Radar:
        """What it writes goes where worktrees are: on the same disk, and out of everybody's sight."""
        place = self.place

        def worktree_of(run: RunState) -> Worktree | None:
            return next(iter(records_of(wish_of(run, Path(run.spec.cwd)), place)), None)

        folder = self.project.state / f"radar-{os.getpid()}-{new_fact_id()}"
        return Radar(self.journal, self.clock, Scratch(folder), worktree_of, Neighbours(place))

    async def sweep(self) -> None:
        """What other sessions' runs left is archived where it outlives this one."""
        place = worktree_place(self.project, self.settings, self.clock, None)
        await sweep(self.journal, place, self.project.root, self.settings.worktree_max_age_days)


def worktree_place(
    project: Project, settings: Settings, clock: Clock, session: SessionFolder | None
) -> Place:
    """What is ignored there goes into the session's folder, where there is one."""
    kept_in = session.path if session is not None else project.state
    return place_for(project, settings, clock, kept_in / "archive")
