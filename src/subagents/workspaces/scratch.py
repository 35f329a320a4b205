"""git that may write objects and an index, of which nothing is left afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from subagents.workspaces.committing import add_all, copy_index, unhide, write_tree
from subagents.workspaces.git import Execute, Git
from subagents.workspaces.ownership import Worktree, alternate


@contextmanager
def scratch(git: Git, *objects: Path) -> Iterator[Git]:
    """The same git, that sees the repository's objects and those in `objects`, and writes to a folder that goes."""
    with TemporaryDirectory(prefix="subagents-") as folder:
        own = Path(folder, "objects")
        own.mkdir()
        seen = ":".join(alternate(each) for each in (git.common / "objects", *objects))
        yield git.with_index(Path(folder, "index")).with_variables(
            GIT_OBJECT_DIRECTORY=str(own), GIT_ALTERNATE_OBJECT_DIRECTORIES=seen
        )


@contextmanager
def scratch_of(worktree: Worktree, run: Execute) -> Iterator[Git]:
    """For a worktree in which somebody may be at work: what git keeps for it is not touched, nor are its settings
    read, which an agent may have written."""
    repository = replace(worktree.repository_git(run), work_tree=worktree.tree)
    with scratch(repository, *((worktree.objects,) if worktree.snapshot else ())) as git:
        yield git


async def tree_of(worktree: Worktree, git: Git) -> str:
    """The files of the worktree as they are now, as a tree of the scratch `git`."""
    await anyio.to_thread.run_sync(copy_index, Path(worktree.git_dir), index_of(git))
    await unhide(git)
    await add_all(git)
    return await write_tree(git)


def index_of(git: Git) -> Path:
    """Its own index."""
    return Path(git.environment["GIT_INDEX_FILE"])
