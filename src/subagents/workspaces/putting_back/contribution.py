"""What a run has to give: the work on its branch since the commit it is compared with, and the checkout it is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.committing import Message, subject
from subagents.workspaces.git.program import HEADS, Execute, Git, execute
from subagents.workspaces.git.repository import Repository, commit_of, repository_at
from subagents.workspaces.worktrees.ownership import Stage, Worktree


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What a run changed, and where.

    `top` is the checkout that the run was started in, `base` the commit that its work is compared with. `branch` is ""
    while nothing was put on one. `worktree` is the record of its folder, None where there is none (any more).
    """

    run: str
    agent: str
    description: str
    top: Path
    base: str
    branch: str = ""
    worktree: Worktree | None = None

    @property
    def folder(self) -> Path | None:
        """Where its files are; None where they are on the branch alone."""
        worktree = self.worktree
        return worktree.tree if worktree is not None and worktree.there else None

    @property
    def in_use(self) -> bool:
        """Whether somebody works in its folder."""
        return self.worktree is not None and self.worktree.in_use

    @property
    def put_away(self) -> bool:
        """Whether all that it has to give is on its branch, as far as we have put it there."""
        return self.folder is None or (self.worktree is not None and self.worktree.stage is Stage.KEPT)

    def message(self, now: float, line: str = "") -> Message:
        """A commit's, which says in its first line what the run was to do, and in its last one which run it was."""
        otherwise = _("Work of {agent}").format(agent=self.agent)
        return Message(subject(line or self.description, otherwise), f"Subagents-Run: {self.run}", now)


async def checkout(contribution: Contribution, run: Execute = execute) -> Repository:
    """The checkout that the run was started in. Raises `WorkspaceError` where it is gone, or is none any more."""
    if not contribution.top.is_dir():
        sentence = _(
            "The checkout {top!r} that run {run} was started in is gone; its branch is {branch}, in the repository."
        )
        raise WorkspaceError(
            sentence.format(
                top=str(contribution.top),
                run=contribution.run,
                branch=contribution.branch or _("not made yet"),
            )
        )
    try:
        return await repository_at(contribution.top, run)
    except WorkspaceError as error:
        sentence = _("git finds no repository in {top!r}, where run {run} was started (any more).")
        raise WorkspaceError(sentence.format(top=str(contribution.top), run=contribution.run)) from error


async def tip_of(contribution: Contribution, git: Git) -> str:
    """The newest commit of its branch. Raises `WorkspaceError`, with what would work, where there is none."""
    if contribution.in_use:
        sentence = _(
            "Run {run} is still at work, so its branch is not made yet; wait for it with: subagents result --wait {run}"
        )
        raise WorkspaceError(sentence.format(run=contribution.run))
    if not contribution.branch:
        raise WorkspaceError(_nothing(contribution))
    if found := await commit_of(git, HEADS + contribution.branch):
        return found
    sentence = _("There is no branch {branch} in {top!r} (any more), which had the work of run {run}.")
    raise WorkspaceError(
        sentence.format(branch=contribution.branch, top=str(contribution.top), run=contribution.run)
    )


def _nothing(contribution: Contribution) -> str:
    if contribution.folder is None:
        return _("Run {run} changed nothing, so there is no branch of it.").format(run=contribution.run)
    sentence = _(
        "The work of run {run} is on no branch yet; put it there with: subagents worktrees commit {run}"
    )
    return sentence.format(run=contribution.run)
