"""What lies in a worktree beside what git has: repositories inside it, and ignored files, kept in the archive.

The tree is walked, so that nothing depends on what git thinks that there is.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.texts import storable
from subagents.workspaces.git.faithful import unfaithful
from subagents.workspaces.git.output import tracked
from subagents.workspaces.git.program import LONG, Git
from subagents.workspaces.worktrees.including import stamp
from subagents.workspaces.worktrees.ownership import Stamp, Worktree

GIT = ".git"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`files` are paths that only lie in the folder, or only there as they are, and `repositories` the folders inside
    it that are of git."""

    files: tuple[str, ...]
    repositories: tuple[str, ...]

    @property
    def loose(self) -> tuple[str, ...]:
        """The files that are in none of the repositories, whose names stand for what is in them."""
        inside = tuple(f"{path}/" for path in self.repositories if path)
        return tuple(path for path in self.files if not path.startswith(inside))


async def leftovers_of(
    worktree: Worktree, git: Git, folder: Path, nested: Sequence[str], disposable: tuple[str, ...]
) -> Leftovers:
    """Those of a worktree whose files lie in `folder`, by what the index of `git` knows, and what git would not give
    back as it lies there. `nested` are repositories that git does not ignore: they are the agent's work, whatever they
    are called. Raises `OSError` and `WorkspaceError`."""
    there = tracked(await git("ls-files", "--stage", "-z", seconds=LONG))
    known = frozenset(each.path for each in there)
    found = await anyio.to_thread.run_sync(leftovers, folder, known, disposable, worktree.included)
    changed = await unfaithful(git, folder, there, worktree.ready, Path(worktree.home))
    found = replace(found, files=tuple(sorted({*found.files, *changed})))
    return replace(
        found, repositories=tuple(sorted({*found.repositories, *(path.rstrip("/") for path in nested)}))
    )


def leftovers(
    folder: Path, known: Collection[str], disposable: tuple[str, ...], included: Mapping[str, Stamp]
) -> Leftovers:
    """All that is neither `known` to git, nor disposable, nor a copy that nobody changed. Raises `OSError`."""
    files, repositories = [], []
    for path in _walked(folder):
        if path in known or _is_disposable(path, disposable):
            continue
        if PurePath(path).name == GIT:
            repositories.append(os.path.dirname(path))  # noqa: PTH120 (a path inside the tree, as git writes it)
        elif included.get(path) != stamp(folder / path):
            files.append(path)
    return Leftovers(tuple(sorted(files)), tuple(sorted(set(repositories))))


def _walked(folder: Path) -> Iterator[str]:
    """Each file and link below it, and each `.git` but the tree's own; what is in those is not looked at."""
    for here, folders, files in os.walk(folder, onerror=_raise):
        inside = os.path.relpath(here, folder)
        prefix = "" if inside == "." else f"{inside}/"
        if not prefix:
            files = [name for name in files if name != GIT]
        elif GIT in folders:
            yield prefix + GIT
        if GIT in folders:
            folders.remove(GIT)
            if not prefix:
                # An agent made the tree's own `.git` a repository.
                yield GIT
        # A link to a folder is listed with the folders, and is not followed.
        yield from (prefix + name for name in folders if Path(here, name).is_symlink())
        yield from (prefix + name for name in files if not _holds_nothing(Path(here, name)))


def _raise(error: OSError) -> None:
    """What cannot be looked into is not empty."""
    raise error


def _holds_nothing(path: Path) -> bool:
    """A socket, a pipe or a device has no bytes of its own."""
    mode = path.lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _is_disposable(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(part, pattern) for part in PurePath(path).parts for pattern in patterns)


# --- the archive


def archive(folder: Path, paths: tuple[str, ...], target: Path, most: int) -> None:
    """Copies them to `target`. Raises `WorkspaceError` when they are more than `most` bytes together, or `OSError`."""
    size = sum((folder / path).lstat().st_size for path in paths)
    if size > most:
        raise WorkspaceError(
            _(
                "{files} files that no branch has, of {size:,} bytes ({first} …), are more than the {most:,} that are "
                "archived"
            ).format(files=len(paths), size=size, first=storable(paths[0]), most=most)
        )
    for path in paths:
        if not is_archived(folder / path, target / path):
            _copy(folder / path, _free(target / path))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)
    if not target.is_symlink():
        with target.open("rb") as written:
            os.fsync(written.fileno())


def _free(target: Path) -> Path:
    """What an earlier episode left in the archive stays there, under another name."""
    if target.exists() or target.is_symlink():
        number = 1
        while (older := target.with_name(f"{target.name}.{number}")).exists() or older.is_symlink():
            number += 1
        target.rename(older)
    return target


def is_archived(source: Path, target: Path) -> bool:
    """Whether the archive has exactly this, byte for byte."""
    if source.is_symlink() or target.is_symlink():
        return source.is_symlink() and target.is_symlink() and source.readlink() == target.readlink()
    return target.is_file() and filecmp.cmp(source, target, shallow=False)
