"""git that may write objects and an index, for one look or for many, of which nothing is left afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from subagents.workspaces.git.committing import add_all, copy_index, unhide, write_tree
from subagents.workspaces.git.program import Execute, Git, execute
from subagents.workspaces.processes.groups import UNKNOWN, start_of
from subagents.workspaces.worktrees.drivers import refuse_changed
from subagents.workspaces.worktrees.ownership import Worktree


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder of ours that git writes to for as long as somebody looks. May be emptied whenever nobody does."""

    folder: Path
    run: Execute = execute

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    def prepare(self) -> None:
        """To be called before each look, for it may have been emptied."""
        self.objects.mkdir(mode=0o700, parents=True, exist_ok=True)

    def empty(self) -> None:
        """Takes all of it away, however little of it there is."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def empty_of_the_dead(self) -> None:
        """The same for those beside it whose process ended without doing so. They are called `<name>-<pid>-…`."""
        name = self.folder.name.partition("-")[0]
        for folder in self.folder.parent.glob(f"{name}-*-*"):
            pid = folder.name.split("-")[1]
            if pid.isdecimal() and start_of(int(pid)) == UNKNOWN:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch(git: Git, *objects: Path) -> Iterator[Git]:
    """The same git for one look, which sees those `objects` too, and writes its own and an index into a folder."""
    with TemporaryDirectory(prefix="subagents-") as folder:
        own = Scratch(Path(folder))
        own.prepare()
        yield git.writing_to(own.objects, *objects).with_index(own.folder / "index")


@contextmanager
def scratch_of(worktree: Worktree, run: Execute) -> Iterator[Git]:
    """For a worktree in which somebody may be at work: what git keeps for it is not touched, nor are its settings
    read, which an agent may have written."""
    repository = replace(worktree.repository_git(run), work_tree=worktree.tree)
    with scratch(repository, *((worktree.objects,) if worktree.snapshot else ())) as git:
        yield git


async def tree_of(worktree: Worktree, git: Git) -> str:
    """The files of the worktree as they are now, as a tree of the scratch `git`. Raises `WorkspaceError`."""
    await refuse_changed(worktree, git)
    await anyio.to_thread.run_sync(copy_index, Path(worktree.git_dir), index_of(git))
    await unhide(git)
    await add_all(git)
    return await write_tree(git)


def index_of(git: Git) -> Path:
    """Its own index."""
    return Path(git.environment["GIT_INDEX_FILE"])
