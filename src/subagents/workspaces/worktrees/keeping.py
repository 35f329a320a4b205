"""The work of a worktree, found by comparing with what it began with, and put on a branch. Its files are only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from msgspec.structs import replace

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.runs.kept import KeptWork
from subagents.workspaces.git.committing import (
    Looked,
    Message,
    add_all,
    commit_tree,
    copy_index,
    look_and_head,
    subject,
    unhide,
    unmerged,
    write_tree,
)
from subagents.workspaces.git.output import NO_FIGURES, Figures, commit, figures
from subagents.workspaces.git.program import LONG, Execute, Git
from subagents.workspaces.git.repository import is_in, last_head
from subagents.workspaces.worktrees.drivers import refuse_changed
from subagents.workspaces.worktrees.dropped import keep_dropped
from subagents.workspaces.worktrees.entry import put, put_right, unblock_tree
from subagents.workspaces.worktrees.ownership import PREFIX, Worktree, forget_index, note, slug
from subagents.workspaces.worktrees.snapshot import publish

MOST_BRANCHES = 100  # of one run

#: What stands in git's folder of a tree while something is half done there, and how that is called.
UNFINISHED = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "sequencer": "a cherry-pick or revert",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What was found. `head` is the commit that is checked out, `tip` the one that has everything, on `branch`; both
    are "" where there was nothing. `dropped` is the ref that has the commits which were made and left, "" for none.
    `unmerged` are paths of which git has several versions, of which the branch has one at most, and `nested` those of
    repositories in it that git does not ignore."""

    head: str
    tip: str = ""
    branch: str = ""
    commits: int = 0
    figures: Figures = NO_FIGURES
    dropped: str = ""
    unmerged: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()


async def keep(worktree: Worktree, run: Execute, description: str, now: float) -> tuple[Worktree, Work]:
    """Puts all work on a branch; the worktree as it is recorded then. Raises `WorkspaceError` or `OSError`.

    Repeated after a crash it makes the same commits, and so nothing twice. A folder that is gone leaves what git has.
    """
    await anyio.to_thread.run_sync(prepare, worktree)
    git = worktree.git(run) if worktree.there else worktree.git(run).without_tree()
    await refuse_changed(worktree, git)
    looked, several = await _looked(worktree, git)
    head, nested = looked.head, looked.nested
    if (
        worktree.there
        and not looked.changes
        and head == worktree.head == worktree.begun
        and not worktree.branch
    ):
        # Most have only read. Nothing is written then, and git is asked little more.
        return worktree, Work(head, dropped=await _dropped(worktree, git, run))
    worktree = worktree if worktree.ended_at else await note(worktree, ended_at=now)
    tip = await _tip(worktree, git, looked, _message(worktree, description))
    if not tip:
        left = await _dropped(worktree, git, run)
        return worktree, Work(head, dropped=left, unmerged=several, nested=nested)
    if worktree.snapshot:
        # git writes nothing that it sees already, and it sees the snapshot's objects.
        await publish(worktree, git, tip)
    branch = await _branched(worktree, run, tip)
    worktree = await note(worktree, branch=branch, tip=tip)
    counted, size = await measured(git, worktree.base, tip)
    left = await _dropped(worktree, git, run)
    return worktree, Work(head, tip, branch, counted, size, left, several, nested)


async def _dropped(worktree: Worktree, git: Git, run: Execute) -> str:
    """The ref of what was left; "" also where that cannot be told, for which the proof keeps the folder."""
    try:
        return await keep_dropped(worktree, git, run)
    except (OSError, WorkspaceError):
        return ""


def with_work(kept: KeptWork, branch: str, commits: int, size: Figures) -> KeptWork:
    """What a worktree came to, with the work that is on its branch."""
    return replace(
        kept,
        branch=branch,
        commits=commits,
        files=size.files,
        insertions=size.insertions,
        deletions=size.deletions,
    )


def _message(worktree: Worktree, description: str) -> Message:
    otherwise = _("Work of {agent}").format(agent=worktree.agent)
    line = subject(description or worktree.description, otherwise)
    return Message(line, f"Subagents-Run: {worktree.run}", worktree.ended_at)


def prepare(worktree: Worktree) -> None:
    """An index of our own that knows what git's knows, and git's settings for this tree as they were."""
    git_dir = Path(worktree.git_dir)
    if not git_dir.is_dir():
        raise WorkspaceError(
            _("git has no {folder} any more, so it is not known what was done.").format(folder=git_dir)
        )
    put_right(worktree)
    if worktree.there:
        unblock_tree(worktree.tree)
    forget_index(worktree)
    copy_index(git_dir, worktree.index)
    # The agent could have written there what git is to run.
    put(git_dir / "config.worktree", worktree.configuration)


async def _looked(worktree: Worktree, git: Git) -> tuple[Looked, tuple[str, ...]]:
    """What is there, and the paths of which git has several versions; without a folder no change is known."""
    if not worktree.index.exists() and (head := await last_head(git)):
        await git("read-tree", head)
    if git.work_tree is None:
        head = await last_head(git)
        return Looked((), head, head), await unmerged(git)
    # What git was told not to look at would differ, and nobody would see it.
    await unhide(git)
    looked = await look_and_head(git)
    return looked, tuple(change.path for change in looked.changes if change.unmerged)


async def _tip(worktree: Worktree, git: Git, looked: Looked, message: Message) -> str:
    """The commit that has everything; "" when that is what was there at the beginning."""
    parents = await _parents(worktree, git, looked.head)
    if await staged_alone(git, looked):
        # It is neither in a commit nor in a file, so it becomes the commit before.
        parents = (await commit_tree(git, await write_tree(git), parents, message.as_staged),)
    if git.work_tree is not None:
        await add_all(git, looked.changes)
        tree = await write_tree(git)
        if len(parents) > 1 or tree != await _tree(git, parents[0]):
            return await commit_tree(git, tree, parents, message)
    if parents != (worktree.begun,) or worktree.branch:
        return parents[0]
    return ""


async def staged_alone(git: Git, looked: Looked) -> bool:
    """Whether something is staged that does not lie in the folder as it is staged."""
    if git.work_tree is not None:
        return any(change.twice for change in looked.changes)
    head = looked.head
    return bool(head and (await git.answer("diff-index", "--cached", "--quiet", head, fine=(0, 1))).code)


async def _parents(worktree: Worktree, git: Git, head: str) -> tuple[str, ...]:
    """A commit of nobody's history (`git switch --orphan`) goes on from where the tree began. In a folder that stayed
    all goes on from the commit that has what was in it, beside which commits made since are a line of their own."""
    parent = worktree.begun if head in ("", worktree.head) else head
    if not worktree.after:
        return (parent,)
    return (worktree.after,) if await is_in(git, parent, worktree.after) else (worktree.after, parent)


async def _tree(git: Git, revision: str) -> str:
    return commit(await git("rev-parse", f"{revision}^{{tree}}"))


# --- the branch


async def _branched(worktree: Worktree, run: Execute, tip: str) -> str:
    """The name of the branch that holds it now. Never moved by force, never one that somebody else has."""
    git = worktree.repository_git(run)
    problem: GitFailed | None = None
    for name in _branches(worktree):
        old = commit(await git("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", fine=(0, 1)))
        if old == tip:
            return name
        if old and not await _may_move(git, worktree, name, old, tip):
            continue
        try:
            message = f"subagents: run {worktree.run}"
            await git("update-ref", "-m", message, f"refs/heads/{name}", tip, old or "0" * len(tip))
        except GitFailed as error:
            problem = error
            continue
        return name
    raise problem or WorkspaceError(
        _("Every name for the branch of {run} is taken.").format(run=worktree.run)
    )


def _branches(worktree: Worktree) -> Iterator[str]:
    if worktree.branch:
        yield worktree.branch
    yield from branch_names(worktree.agent, worktree.run)


def branch_names(agent: str, run: str) -> Iterator[str]:
    """What a run's branch may be called, the likeliest first."""
    name = f"{slug(agent)}-{slug(run)}"
    yield f"{PREFIX}{name}"
    yield from (f"{PREFIX}{name}-{number}" for number in range(2, MOST_BRANCHES))
    # Where there is a branch `subagents`, none can be below it.
    yield f"{PREFIX.rstrip('/')}-{name}"


async def _may_move(git: Git, worktree: Worktree, name: str, old: str, tip: str) -> bool:
    """Whether it is the run's own, stands where the run left it, goes on from there, and nobody has it checked out."""
    if (name, old) != (worktree.branch, worktree.tip):
        return False
    if not await is_in(git, old, tip):
        return False
    return not (await git("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{name}")).strip()


async def measured(git: Git, base: str, tip: str) -> tuple[int, Figures]:
    """How many commits, and what they change together."""
    counted = int(await git("rev-list", "--count", f"{base}..{tip}"))
    options = ("-r", "--numstat", "-z", "--no-ext-diff", "--no-textconv", "--no-renames")
    return counted, figures(await git("diff-tree", *options, base, tip, seconds=LONG))


def unfinished(worktree: Worktree) -> str:
    """What git is in the middle of there; "" for nothing."""
    return unfinished_in(Path(worktree.git_dir))


def unfinished_in(git_dir: Path) -> str:
    """The same of a tree that git keeps this folder for."""
    return next((name for file, name in UNFINISHED.items() if (git_dir / file).exists()), "")
