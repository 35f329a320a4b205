"""Two commits merged without touching any checkout: in memory where git can do that, else in a worktree that goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from subagents.errors import GitFailed
from subagents.language import _
from subagents.workspaces.git.output import commit, names
from subagents.workspaces.git.program import LONG, MERGES_IN_MEMORY, Answer, Git, complaint, version_of

CLEARING = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """The tree that a merge gives. With `conflicts`, the paths that need a person, it is not to be used."""

    tree: str
    conflicts: tuple[str, ...] = ()


async def three_way(git: Git, ours: str, theirs: str) -> ThreeWay:
    """Merges two commits. Files that were renamed are followed, as `git merge` does it."""
    # Our settings have renames off, where they only make figures differ.
    following = replace(git, settings=(*git.settings, "merge.renames=true"))
    merge = in_memory if await can_in_memory(git) else in_a_worktree
    return await merge(following, ours, theirs)


async def can_in_memory(git: Git) -> bool:
    return await version_of(git) >= MERGES_IN_MEMORY


async def in_memory(git: Git, ours: str, theirs: str) -> ThreeWay:
    options = ("--write-tree", "--name-only", "--no-messages", "-z")
    answer = await git.answer("merge-tree", *options, ours, theirs, seconds=LONG, fine=(0, 1))
    tree, *conflicts = names(answer.output)
    # Where a file meets a folder, git calls one of them after its side.
    plain = [each.removesuffix(f"~{ours}").removesuffix(f"~{theirs}") for each in conflicts]
    return ThreeWay(tree, _told(answer, plain))


async def in_a_worktree(git: Git, ours: str, theirs: str) -> ThreeWay:
    """The same for an older git."""
    async with _detached(git, ours) as there:
        options = ("--no-commit", "--no-ff", "--no-squash", "--no-autostash", "--no-stat", "--quiet")
        answer = await there.answer("merge", *options, theirs, seconds=LONG, fine=(0, 1))
        rows = (await there("ls-files", "--unmerged", "-z")).split(b"\0")
        conflicts = _told(answer, names(b"\0".join(row.partition(b"\t")[2] for row in rows)))
        return ThreeWay("" if conflicts else commit(await there("write-tree")), conflicts)


def _told(answer: Answer, conflicts: Sequence[str]) -> tuple[str, ...]:
    """Each once. Raises `GitFailed` where git says that there are some and not which."""
    if bool(answer.code) != bool(conflicts):
        sentence = _("git could not merge, and named no file: {said}")
        raise GitFailed(sentence.format(said=complaint(answer.errors)), code=answer.code)
    return tuple(dict.fromkeys(conflicts))


@asynccontextmanager
async def _detached(git: Git, start: str) -> AsyncIterator[Git]:
    """git for a worktree in the system's folder for what goes."""
    with TemporaryDirectory(prefix="subagents-") as folder:
        name = Path(folder).name
        tree = Path(folder, name)
        environment = {key: value for key, value in git.environment.items() if key != "GIT_INDEX_FILE"}
        plain = replace(git, environment=environment)
        try:
            await plain("worktree", "add", "--detach", "--force", str(tree), start, seconds=LONG)
            yield replace(plain, git_dir=git.common / "worktrees" / name, work_tree=tree)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CLEARING):
                await plain("worktree", "remove", "--force", str(tree), seconds=CLEARING, fine=(0, 128))
