"""The proof that a worktree may go: every byte in it is on its branch, in the archive, or was there before.

It is made on the folder when that has been moved aside, so that nothing which knows its path writes there any more.
Whatever cannot be looked at is a doubt, and a doubt keeps the folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.committing import look_and_head
from subagents.workspaces.git import LONG, Execute, Git
from subagents.workspaces.git_output import Change, commit, names
from subagents.workspaces.keeping import Work, unfinished
from subagents.workspaces.leftovers import Leftovers, is_archived, leftovers
from subagents.workspaces.ownership import Worktree

NAMED = 3  # paths in a sentence


async def doubts(
    worktree: Worktree, folder: Path, work: Work, disposable: tuple[str, ...], run: Execute
) -> tuple[str, ...]:
    """Why what lies in `folder` may not be deleted; nothing is the proof that it may. Raises nothing of git or files.

    `work` is what was found and kept of it.
    """
    try:
        git = worktree.git(run, folder)
        changed, head = await look_and_head(git)
        found = (
            *await _of_commits(worktree, work, head, run),
            *await _of_files(git, work.tip or worktree.begun, head, changed),
            *await _of_leftovers(worktree, folder, disposable, run),
        )
    except (OSError, WorkspaceError) as error:
        return (_("it could not be examined: {error}").format(error=storable(str(error)).rstrip(".")),)
    return tuple(doubt for doubt in found if doubt)


async def _of_commits(worktree: Worktree, work: Work, head: str, run: Execute) -> Sequence[str]:
    """All commits are on the branch, as everybody sees it, and git is in the middle of nothing."""
    operation = unfinished(worktree)
    return (
        operation and _("git is in the middle of {operation} there").format(operation=operation),
        _("its HEAD moved after its work was kept") if head != work.head else "",
        await _unreachable(worktree, work, run) if work.tip else "",
    )


async def _unreachable(worktree: Worktree, work: Work, run: Execute) -> str:
    git = worktree.repository_git(run)
    name = f"refs/heads/{work.branch}"
    holds = commit(await git("rev-parse", "--verify", "--quiet", name, fine=(0, 1)))
    if holds != work.tip:
        return _("the branch {branch} does not hold its work (any more)").format(branch=work.branch)
    # Fails where an object is missing.
    await git("rev-list", "--objects", "--quiet", work.tip, "--not", worktree.head, seconds=LONG)
    # What it began at was there before, and what is the tip is held.
    moved = work.head not in ("", worktree.head, work.tip)
    if moved and (await git.answer("merge-base", "--is-ancestor", work.head, work.tip, fine=(0, 1))).code:
        return _("the branch {branch} does not hold all of its commits").format(branch=work.branch)
    return ""


async def _of_files(git: Git, committed: str, head: str, found: Sequence[Change]) -> Sequence[str]:
    """What lies in the folder is what our index has, and that is what was committed. `found` differs from `head`."""
    changed = [change.path for change in found if change.unstaged != "." and not change.nested]
    return (
        _("{paths} changed after its work was kept").format(paths=named(changed)) if changed else "",
        _("its files are not those that were committed") if await _other(git, committed, head, found) else "",
    )


async def _other(git: Git, committed: str, head: str, found: Sequence[Change]) -> bool:
    """Whether our index has other files than a commit."""
    if committed == head:
        return any(change.staged not in ".?" for change in found)
    return bool((await git.answer("diff-index", "--cached", "--quiet", committed, fine=(0, 1))).code)


async def _of_leftovers(
    worktree: Worktree, folder: Path, disposable: tuple[str, ...], run: Execute
) -> Sequence[str]:
    """What git does not have is in the archive."""
    left = await left_in(worktree, folder, disposable, run)
    lost = await anyio.to_thread.run_sync(_unarchived, folder, left.files, worktree.archive)
    inside = [path or "." for path in left.repositories]
    return (
        _("{paths} are repositories of their own inside it").format(paths=named(inside)) if inside else "",
        _("{paths} are ignored by git and not in the archive").format(paths=named(lost)) if lost else "",
    )


def _unarchived(folder: Path, paths: Sequence[str], archive: str) -> list[str]:
    if not archive:
        return list(paths)
    return [path for path in paths if not is_archived(folder / path, Path(archive, path))]


async def left_in(worktree: Worktree, folder: Path, disposable: tuple[str, ...], run: Execute) -> Leftovers:
    """What only lies in the folder."""
    known = frozenset(names(await worktree.git(run, folder)("ls-files", "-z", "--cached", seconds=LONG)))
    return await anyio.to_thread.run_sync(leftovers, folder, known, disposable, worktree.included)


def named(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are."""
    shown = ", ".join(storable(repr(path)) for path in paths[:NAMED])
    more = len(paths) - NAMED
    return shown if more <= 0 else _("{paths} and {more} more").format(paths=shown, more=more)
