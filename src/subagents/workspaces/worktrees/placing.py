"""Making a worktree: the record first, then the tree, locked; what fails leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.errors import GitFailed, WorkspaceError
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.places import state_name
from subagents.settings.model import DISPOSABLE
from subagents.spec import Base
from subagents.texts import storable
from subagents.workspaces.git.program import HEADS, LONG, Execute, Git, execute
from subagents.workspaces.git.repository import Repository, commit_of, seeming_git
from subagents.workspaces.git.starting import Start, starting_point, uncommitted
from subagents.workspaces.processes.groups import start_of
from subagents.workspaces.worktrees.drivers import came, drivers
from subagents.workspaces.worktrees.entry import unblock
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.including import bring_along
from subagents.workspaces.worktrees.ownership import SUFFIX, Stage, Worktree, claim, newest, note, read, slug
from subagents.workspaces.worktrees.removing import move_back, remove
from subagents.workspaces.worktrees.snapshot import lay_out, take

MOST_COMPARED = 50  # worktrees of the repository, the newest
MOST_NAMED = 200  # of the user's uncommitted paths that are written down
CLEARING = 60.0  # seconds that clearing away what could not be finished may take

ARCHIVED = 50_000_000  # bytes
REASON = "in use by the subagents run "  # of the lock, with the run's id behind it

#: As many processes as there are cores, where there are so many files that it is worth their start: with two cores,
#: 2,000 files took one process 127 to 374 ms, as the disk was, and two 220; 10,000 took 940 and 700 (git 2.39).
CHECKOUT = ("checkout.workers=0", "checkout.thresholdForParallelism=5000")
#: Else nothing tells of commits that an agent leaves. git goes on with a log that there is, whatever the user has set.
LOGGED = "core.logAllRefUpdates=true"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where worktrees are, and the rules for them.

    Each is at `root`/<repository>/<type>-<run>. What is ignored by git and worth keeping goes to `archive`, at most
    `archived` bytes of a tree; what matches `disposable` in any part of its path is worth nothing. `now` is the time.
    """

    root: Path
    archive: Path
    now: Callable[[], float]
    disposable: tuple[str, ...] = DISPOSABLE
    archived: int = ARCHIVED
    execute: Execute = field(default=execute)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A worktree that is wanted for a run in `folder`. `branch` is one of ours to go on from, "" for none, and
    `since` the commit that the work on it is compared with."""

    folder: Path
    run: str
    agent: str = "agent"
    description: str = ""
    base: Base = Base.HEAD
    branch: str = ""
    since: str = ""


async def create(wish: Wish, place: Place) -> Worktree:
    """A new worktree. Raises `WorkspaceError` with a sentence; then nothing is left, or a record for who tidies up."""
    start, may_run = await _asked(wish, place)
    head = await _tip(start.repository, wish.branch, place) or start.commit
    going_on = wish.branch if wish.branch and head != start.commit else ""
    try:
        recorded = _recorded(wish, place, start.repository, head, may_run)
        worktree = await anyio.to_thread.run_sync(_claimed, recorded)
        if going_on:
            worktree = await note(worktree, branch=going_on, tip=head, base=wish.since or head)
    except OSError as error:
        raise _failed(wish, error) from error
    try:
        return await _made(worktree, start.repository, place)
    except (OSError, GitFailed) as error:
        await _clear(worktree, place)
        raise _failed(wish, error) from error
    except BaseException:
        await _clear(worktree, place)
        raise


async def found(wish: Wish, place: Place) -> Worktree | None:
    """The worktree that the run has already; None where it has none that it could work in. Raises `WorkspaceError`."""
    for known in await anyio.to_thread.run_sync(records_of, wish, place):
        async with held(known) as worktree:
            if worktree is not None and await anyio.to_thread.run_sync(_usable, worktree):
                return await _taken(worktree, place)
    return None


def _usable(worktree: Worktree) -> bool:
    if worktree.stage is Stage.REMOVING and not worktree.tree.exists():
        move_back(worktree)
    return worktree.worked_in and worktree.there and worktree.root.is_dir()


def records_of(wish: Wish, place: Place) -> list[Worktree]:
    """What is written down of worktrees of the run, those first that it may have worked in and of them the newest. They
    are looked for by name: there may be thousands of others."""
    # One whose name was taken has a number behind it.
    names = f"{slug(wish.agent)}-{slug(wish.run)}*{SUFFIX}"
    homes = sorted(place.root.iterdir()) if place.root.is_dir() else []
    known = (read(file) for home in homes for file in home.glob(names))
    records = [worktree for worktree in known if worktree is not None and worktree.run == wish.run]
    return sorted(records, key=lambda worktree: (worktree.worked_in, worktree.made_at), reverse=True)


async def _taken(worktree: Worktree, place: Place) -> Worktree:
    """Locked and ours again."""
    git = worktree.repository_git(place.execute)
    await git("worktree", "lock", "--reason", _reason(worktree), str(worktree.tree), fine=(0, 128))
    ours = {"pid": os.getpid(), "started": start_of(os.getpid())}
    return await note(worktree, stage=Stage.OPEN, why="", ended_at=0.0, after=worktree.tip, **ours)


# --- the steps


async def _asked(wish: Wish, place: Place) -> tuple[Start, Mapping[str, str]]:
    """Where it begins, and what git's settings tell it to run.

    They are read meanwhile where the repository seems to be, which runs nothing. Only git says where it is and whether
    it is trusted: what was read elsewhere, or could not be, is asked again of that.
    """
    seeming = seeming_git(wish.folder, place.execute)
    read_early: Mapping[str, str] | None = None

    async def read_meanwhile(git: Git) -> None:
        nonlocal read_early
        with suppress(GitFailed, OSError):
            read_early = await drivers(git)

    async with own_tasks() as tasks:
        if seeming is not None:
            tasks.start_soon(read_meanwhile, seeming)
        start = await starting_point(wish.folder, wish.base, place.execute)
    git = start.repository.git(place.execute)
    return start, await drivers(git) if read_early is None or seeming != git else read_early


def _claimed(recorded: Worktree) -> Worktree:
    _refuse_planted(recorded)
    return claim(recorded)


def _refuse_planted(worktree: Worktree) -> None:
    """Raises `WorkspaceError` where git would run for this one what it did not when another was made that is still
    there: the agent in that may have set it, and making a worktree already runs filters. Nor is git to wait for it."""
    for other in newest(Path(worktree.home), MOST_COMPARED):
        unblock(other)
        if came_in := came(worktree.drivers, other.drivers):
            sentence = _(
                "what git runs by its settings is not what it was when run {run} began ({settings}), whose worktree is "
                "still there; look at these settings, and when they are yours: subagents worktrees commit {run}"
            )
            raise WorkspaceError(sentence.format(run=other.run, settings=came_in))


def _recorded(
    wish: Wish, place: Place, repository: Repository, head: str, may_run: Mapping[str, str]
) -> Worktree:
    return Worktree(
        run=wish.run,
        agent=wish.agent,
        description=wish.description,
        name=f"{slug(wish.agent)}-{slug(wish.run)}",
        home=str(Path(os.path.realpath(place.root)) / state_name(repository.top)),
        top=str(repository.top),
        common=str(repository.common),
        git_dir="",
        subfolder=str(repository.subfolder),
        kind=wish.base,
        head=head,
        base=head,
        pid=os.getpid(),
        started=start_of(os.getpid()),
        made_at=place.now(),
        drivers=may_run,
    )


async def _tip(repository: Repository, branch: str, place: Place) -> str:
    """The newest commit of a branch of ours; "" when there is none (any more)."""
    if not branch:
        return ""
    return await commit_of(repository.git(place.execute), HEADS + branch)


async def _made(worktree: Worktree, repository: Repository, place: Place) -> Worktree:
    if worktree.kind == Base.SNAPSHOT and not worktree.branch:
        worktree = await take(worktree, repository, place.execute)
    missing = await _added_looking(worktree, repository, place)
    if worktree.snapshot:
        await lay_out(worktree, place.execute)
    included = await bring_along(repository.git(place.execute), worktree.tree)
    await anyio.to_thread.run_sync(_subfolder, worktree)
    return await note(
        worktree,
        stage=Stage.OPEN,
        missing=missing and missing[:MOST_NAMED],
        ready=_ready(worktree),
        logged=Path(worktree.git_dir, "logs", "HEAD").is_file(),
        included=included,
        configuration=_configuration(worktree),
        ignores_case=_ignores_case(worktree),
    )


async def _added_looking(worktree: Worktree, repository: Repository, place: Place) -> tuple[str, ...] | None:
    """Adds it, and looks meanwhile at what is not in it of the user's work: the one writes where the other does not
    read. A snapshot has all of it."""
    missing: tuple[str, ...] | None = ()

    async def look() -> None:
        nonlocal missing
        missing = await uncommitted(repository.git(place.execute))

    async with own_tasks() as tasks:
        if not worktree.snapshot:
            tasks.start_soon(look)
        await _add(worktree, repository, place)
    return missing


async def _add(worktree: Worktree, repository: Repository, place: Place) -> None:
    """Checked out without a branch, and locked from its first moment."""
    options = ("--quiet", "--detach", "--lock", "--reason", _reason(worktree))
    git = replace(repository.git(place.execute), settings=(*CHECKOUT, LOGGED))
    await git("worktree", "add", *options, str(worktree.tree), worktree.head, seconds=LONG)
    led = os.fsdecode((worktree.tree / ".git").read_bytes()).removesuffix("\n").removeprefix("gitdir: ")
    if Path(os.path.realpath(led)) != Path(os.path.realpath(worktree.git_dir)):
        raise WorkspaceError(
            _(
                "git calls the worktree {tree} {other}, which was to be {name}; a trace of another is in the way."
            ).format(tree=worktree.tree, other=storable(led), name=worktree.name)
        )


def _reason(worktree: Worktree) -> str:
    return f"{REASON}{worktree.run}"


def _subfolder(worktree: Worktree) -> None:
    """The folder that the run was to work in; one that no commit has is made."""
    root = worktree.root
    if not Path(os.path.realpath(root)).is_relative_to(worktree.tree):
        raise WorkspaceError(
            _("{folder} leads out of its worktree by a link.").format(folder=storable(str(root)))
        )
    root.mkdir(parents=True, exist_ok=True)


def _ready(worktree: Worktree) -> int:
    """When git had written all files: it then writes the index. Of a snapshot, the rest is written later, and is looked
    at again."""
    return Path(worktree.git_dir, "index").stat().st_mtime_ns


def _configuration(worktree: Worktree) -> str | None:
    """git's settings for this tree alone, which the agent may write and we are not to follow."""
    try:
        return os.fsdecode(Path(worktree.git_dir, "config.worktree").read_bytes())
    except FileNotFoundError:
        return None


def _ignores_case(worktree: Worktree) -> bool:
    """Whether the file system takes two names for one that differ in case, whatever the repository thinks."""
    return worktree.file.with_name(worktree.file.name.swapcase()).exists()


async def _clear(worktree: Worktree, place: Place) -> None:
    """Nobody has worked in it, so nothing can be lost. What does not go now goes with who tidies up."""
    with anyio.CancelScope(shield=True), anyio.move_on_after(CLEARING):
        await remove(worktree, place.execute)


def _failed(wish: Wish, error: Exception) -> WorkspaceError:
    sentence = _("The worktree for {folder} could not be made: {error}")
    return WorkspaceError(
        sentence.format(folder=storable(repr(str(wish.folder))), error=storable(str(error)))
    )
