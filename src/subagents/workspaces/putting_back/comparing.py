"""What a run changed, as git shows it: from its folder while it is at work, from its branch afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from subagents.workspaces.git.output import NO_FIGURES, Figures, figures, names
from subagents.workspaces.git.program import LONG, Execute, Git, execute
from subagents.workspaces.putting_back.contribution import Contribution, checkout, tip_of
from subagents.workspaces.worktrees.scratch import scratch_of, tree_of

#: Nothing that the repository names is started, and whoever reads it sees names as they are.
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color")
PLAIN = ("-c", "core.quotePath=false", *_DIFF)
QUOTED = ("-c", "core.quotePath=true", *_DIFF)
AS_MANY = ("--no-renames",)  # what figures count by


class Form(StrEnum):
    """How a difference is written."""

    PATCH = "patch"
    STAT = "stat"
    NAMES = "names"

    @property
    def options(self) -> tuple[str, ...]:
        match self:
            case Form.PATCH:
                return ("--patch", "--binary", "--find-renames")
            case Form.STAT:
                return ("--stat", "--find-renames")
            case Form.NAMES:
                return ("--name-only", *AS_MANY)


async def difference(contribution: Contribution, form: Form, run: Execute = execute) -> bytes:
    """The difference, b"" where there is none: a patch byte for byte, other forms in UTF-8. Raises `WorkspaceError`."""
    async with _sides(contribution, run) as (git, base, now):
        if not now:
            return b""
        found = await git(*PLAIN, *form.options, base, now, "--", seconds=LONG)
        if form is Form.PATCH or _is_text(found):
            return found
        # A name that is no UTF-8 would break whoever reads it; git has a way to write it.
        return await git(*QUOTED, *form.options, base, now, "--", seconds=LONG)


def _is_text(found: bytes) -> bool:
    try:
        found.decode()
    except UnicodeDecodeError:
        return False
    return True


async def paths(git: Git, one: str, other: str) -> tuple[str, ...]:
    """The paths that differ between two commits."""
    return names(await git(*PLAIN, "--name-only", "-z", *AS_MANY, one, other, "--", seconds=LONG))


async def size(contribution: Contribution, run: Execute = execute) -> Figures:
    """How large the difference is. Raises `WorkspaceError`."""
    async with _sides(contribution, run) as (git, base, now):
        if not now:
            return NO_FIGURES
        return figures(await git(*PLAIN, "--numstat", "-z", *AS_MANY, base, now, "--", seconds=LONG))


@asynccontextmanager
async def _sides(contribution: Contribution, run: Execute) -> AsyncIterator[tuple[Git, str, str]]:
    """git, and what it is to compare; the second is "" where nothing was changed."""
    worktree = contribution.worktree
    on_no_branch = contribution.folder is not None and not contribution.branch
    if worktree is not None and (on_no_branch or not contribution.put_away):
        with scratch_of(worktree, run) as git:
            yield git, worktree.base, await tree_of(worktree, git)
        return
    git = (await checkout(contribution, run)).git(run)
    yield git, contribution.base, await tip_of(contribution, git) if contribution.branch else ""
