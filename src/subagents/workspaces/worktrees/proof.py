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
from subagents.texts import quoted, shortened, storable
from subagents.workspaces.git.committing import Looked, look_and_head
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import LONG, Execute, Git
from subagents.workspaces.git.repository import is_in
from subagents.workspaces.worktrees.dropped import dropped
from subagents.workspaces.worktrees.entry import led_elsewhere
from subagents.workspaces.worktrees.keeping import Work, unfinished
from subagents.workspaces.worktrees.leftovers import is_archived, leftovers_of
from subagents.workspaces.worktrees.ownership import Worktree

NAMED, LONGEST = 3, 200  # paths in a sentence, and characters of each


async def doubts(
    worktree: Worktree, folder: Path, work: Work, disposable: tuple[str, ...], run: Execute
) -> tuple[str, ...]:
    """Why what lies in `folder` may not be deleted; nothing is the proof that it may. Raises nothing of git or files.

    `work` is what was found and kept of it.
    """
    try:
        git = worktree.git(run, folder)
        looked = await look_and_head(git)
        found = (
            *await _of_commits(worktree, work, looked, run),
            *await _of_files(git, work.tip or worktree.begun, looked),
            await anyio.to_thread.run_sync(_of_git, worktree, folder),
            *await _of_leftovers(worktree, folder, git, looked.nested, disposable),
        )
    except (OSError, WorkspaceError) as error:
        return (
            _("it could not be examined: {error}").format(error=shortened(storable(str(error))).rstrip(".")),
        )
    return tuple(doubt for doubt in found if doubt)


async def _of_commits(worktree: Worktree, work: Work, looked: Looked, run: Execute) -> Sequence[str]:
    """All commits are on the branch, as everybody sees it, and git is in the middle of nothing."""
    operation = unfinished(worktree)
    git = worktree.git(run).without_tree()
    inside = await anyio.to_thread.run_sync(_submodules, worktree)
    return (
        operation and _("git is in the middle of {operation} there").format(operation=operation),
        _("its HEAD moved after its work was kept") if looked.head != work.head else "",
        _("git has more than one version of {paths} there").format(paths=named(work.unmerged))
        if work.unmerged
        else "",
        await _unreachable(worktree, work, run) if work.tip else "",
        _("git keeps repositories of submodules for it: {names}").format(names=named(inside))
        if inside
        else "",
        _("commits that were made there are on no branch") if await dropped(worktree, git) else "",
    )


def _of_git(worktree: Worktree, folder: Path) -> str:
    """git, started in it, would have gone on where we do not look."""
    led = storable(led_elsewhere(worktree, folder))
    return led and _("its .git leads to {folder}, where commits may have been made").format(folder=led)


def _submodules(worktree: Worktree) -> list[str]:
    """Their repositories stand in git's folder of the tree, which goes with it (gitsubmodules(7))."""
    modules = Path(worktree.git_dir, "modules")
    return sorted(each.name for each in modules.iterdir()) if modules.is_dir() else []


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
    if moved and not await is_in(git, work.head, work.tip):
        return _("the branch {branch} does not hold all of its commits").format(branch=work.branch)
    return ""


async def _of_files(git: Git, committed: str, looked: Looked) -> Sequence[str]:
    """What lies in the folder is what our index has, and that is what was committed."""
    changed = [change.path for change in looked.changes if change.unstaged != "." and not change.nested]
    return (
        _("{paths} changed after its work was kept").format(paths=named(changed)) if changed else "",
        _("its files are not those that were committed") if await _other(git, committed, looked) else "",
    )


async def _other(git: Git, committed: str, looked: Looked) -> bool:
    """Whether our index has other files than a commit."""
    if committed == looked.at:
        return any(change.staged not in ".?" for change in looked.changes)
    return bool((await git.answer("diff-index", "--cached", "--quiet", committed, fine=(0, 1))).code)


async def _of_leftovers(
    worktree: Worktree, folder: Path, git: Git, nested: Sequence[str], disposable: tuple[str, ...]
) -> Sequence[str]:
    """What git does not have, or not as it lies there, is in the archive."""
    left = await leftovers_of(worktree, git, folder, nested, disposable)
    lost = await anyio.to_thread.run_sync(_unarchived, folder, left.loose, worktree.archive)
    return (
        _of_repositories([path or "." for path in left.repositories]),
        _("neither the branch nor the archive has {paths} as it lies there").format(paths=named(lost))
        if lost
        else "",
    )


def _of_repositories(inside: Sequence[str]) -> str:
    if not inside:
        return ""
    one = _("{paths} is a repository of its own inside it")
    several = _("{paths} are repositories of their own inside it")
    return (one if len(inside) == 1 else several).format(paths=named(inside))


def _unarchived(folder: Path, paths: Sequence[str], archive: str) -> list[str]:
    if not archive:
        return list(paths)
    return [path for path in paths if not is_archived(folder / path, Path(archive, path))]


def named(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are."""
    shown = ", ".join(storable(quoted(path, LONGEST)) for path in paths[:NAMED])
    more = len(paths) - NAMED
    return shown if more <= 0 else _("{paths} and {more} more").format(paths=shown, more=more)
