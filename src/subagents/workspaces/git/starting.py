"""Which commit a worktree begins at, and what of the user's work is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subagents.errors import GitFailed
from subagents.language import _
from subagents.spec import Base
from subagents.workspaces.git.output import changes, commit
from subagents.workspaces.git.program import HEADS, Execute, Git, execute
from subagents.workspaces.git.repository import Repository, cannot, commit_of, repository_at

STATUS = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty")
#: The same with the commit that is checked out (`head_in`); how far that is from another's, nobody wants to know.
STATUS_AND_HEAD = (*STATUS, "--branch", "--no-ahead-behind")
USUAL = ("main", "master")
LOOKING = 10.0  # seconds for a look at the user's uncommitted work


@dataclass(frozen=True, slots=True)
class Start:
    """Where a worktree would begin."""

    repository: Repository
    commit: str
    base: Base


async def starting_point(folder: Path, base: Base, run: Execute = execute) -> Start:
    """The repository and the commit. Raises `WorkspaceError` with the reason where there is none."""
    repository = await repository_at(folder, run)
    if not repository.head:
        raise cannot(folder, _("its repository has no commit yet"), _("Make one (git commit) first."))
    defaults = base is Base.DEFAULT_BRANCH
    found = await _default(repository.git(run)) if defaults else repository.head
    if not found:
        why = _("its repository has no default branch: no origin/HEAD, main or master")
        raise cannot(folder, why, _("Name it (git remote set-head origin -a), or take the base `head`."))
    return Start(repository, found, base)


async def _default(git: Git) -> str:
    configured = commit(await git("config", "--get", "init.defaultBranch", fine=(0, 1)))
    branches = (configured, *USUAL) if configured else USUAL
    for name in ("refs/remotes/origin/HEAD", *(HEADS + branch for branch in branches)):
        if found := await commit_of(git, name):
            return found
    return ""


async def uncommitted(git: Git) -> tuple[str, ...] | None:
    """The paths of the tree that no commit has; None where git could not tell in time."""
    try:
        return tuple(change.path for change in changes(await git(*STATUS, seconds=LOOKING)))
    except GitFailed:
        return None
