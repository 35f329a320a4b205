"""How far a run's work has got, and how much of it there is: what a list of worktrees shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.texts import storable
from subagents.workspaces.git.output import NO_FIGURES, Figures
from subagents.workspaces.git.program import HEADS, Execute, Git, execute
from subagents.workspaces.git.repository import commit_of, head_of, is_in
from subagents.workspaces.putting_back.comparing import size
from subagents.workspaces.putting_back.contribution import Contribution, checkout
from subagents.workspaces.worktrees.debris import taken
from subagents.workspaces.worktrees.keeping import measured
from subagents.workspaces.worktrees.ownership import Worktree


class State(StrEnum):
    """Where a run's work is."""

    IN_USE = "in use"  # somebody works in its folder
    FOLDER = "folder"  # its folder had to stay, and `why` says for what
    BRANCH = "branch"
    MERGED = "merged"  # on its branch, and in what is checked out
    UNKNOWN = "unknown"  # it has a branch that could not be looked at, and `problem` says why
    GONE = "gone"  # it had a branch, which somebody deleted
    NOTHING = "nothing"  # it changed nothing

    @property
    def is_there(self) -> bool:
        """Whether there is something to be looked at, merged or discarded."""
        return self not in (State.GONE, State.NOTHING)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`taken` is in bytes on the disk, of its folder. `problem` says why it is not known how much was done."""

    state: State
    commits: int = 0
    figures: Figures = NO_FIGURES
    taken: int = 0
    why: str = ""
    problem: str = ""


async def measure(contribution: Contribution, run: Execute = execute) -> Measured:
    """Changes nothing, and raises nothing of git or files: what cannot be looked at is a `problem`."""
    worktree = contribution.worktree
    if worktree is None or contribution.folder is None:
        try:
            return await _of_branch(contribution, run)
        except (OSError, WorkspaceError) as error:
            return Measured(state=State.UNKNOWN, problem=storable(str(error)))
    state = State.IN_USE if contribution.in_use else State.FOLDER
    size_on_disk = await anyio.to_thread.run_sync(taken, worktree)
    why = "" if contribution.in_use else storable(worktree.why)
    try:
        commits, figures = await _of_folder(contribution, worktree, run)
    except (OSError, WorkspaceError) as error:
        return Measured(state=state, taken=size_on_disk, why=why, problem=storable(str(error)))
    return Measured(state=state, commits=commits, figures=figures, taken=size_on_disk, why=why)


async def _of_folder(contribution: Contribution, worktree: Worktree, run: Execute) -> tuple[int, Figures]:
    """The commits are those made so far, on the branch or in the folder."""
    git = worktree.git(run)
    if contribution.put_away and contribution.branch:
        at = await commit_of(git, HEADS + contribution.branch)
        return await measured(git, worktree.base, at) if at else (0, NO_FIGURES)
    head = await head_of(git.without_tree())
    counted = await git("rev-list", "--count", f"{worktree.base}..{head}") if head else b"0"
    return int(counted), await size(contribution, run)


async def _of_branch(contribution: Contribution, run: Execute) -> Measured:
    if not contribution.branch:
        return Measured(state=State.NOTHING)
    git = (await checkout(contribution, run)).git(run)
    if not (tip := await commit_of(git, HEADS + contribution.branch)):
        return Measured(state=State.GONE)
    commits, figures = await measured(git, contribution.base, tip)
    state = State.MERGED if await _is_merged(git, tip) else State.BRANCH
    return Measured(state=state, commits=commits, figures=figures)


async def _is_merged(git: Git, tip: str) -> bool:
    return bool(head := await head_of(git)) and await is_in(git, tip, head)
