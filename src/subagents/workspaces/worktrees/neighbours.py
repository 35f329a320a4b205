"""Worktrees of other sessions that somebody works in, found by what is written down of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from subagents.errors import WorkspaceError
from subagents.workspaces.processes.groups import start_of
from subagents.workspaces.worktrees.ownership import SUFFIX, Stage, Worktree, read
from subagents.workspaces.worktrees.placing import Place, Wish, records_of

#: What tells one writing of a record from the next, which takes its place: number, size and times in nanoseconds.
Stamp = tuple[int, int, int, int]
#: A process: its number, and when it began, for numbers are given out again.
Owner = tuple[int, str]


class Neighbours:
    """The worktrees at a place. There may be thousands, most of them left: a record is read once for each time that it
    was written, and of a process that has ended that is remembered. Not for several threads at once."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._read: dict[str, tuple[Stamp, Worktree | None]] = {}
        self._ended: set[Owner] = set()

    def live(self, repositories: Container[str], besides: Container[str], most: int) -> list[Worktree]:
        """The newest that a living process works in, the newest first, of repositories with these common folders; but
        for the runs `besides`. What cannot be read is none."""
        found = [each for each in self._open() if each.common in repositories and each.run not in besides]
        found.sort(key=lambda worktree: worktree.made_at, reverse=True)
        living: set[Owner] = set()
        return list(islice((each for each in found if self._lives(each, living)), most))

    def of(self, run: str, agent: str) -> Worktree | None:
        """What is written down of the worktree of a run, whoever works in it; None where there is none (any more).
        Raises `WorkspaceError` for what cannot be read."""
        wish = Wish(folder=self._place.root, run=run, agent=agent)
        return next(iter(records_of(wish, self._place)), None)

    def _open(self) -> Iterator[Worktree]:
        """Those that a run works in, or did until its owner died."""
        earlier, self._read = self._read, {}
        for file, stamp in _records(Path(os.path.realpath(self._place.root))):
            known = earlier.get(file)
            worktree = known[1] if known is not None and known[0] == stamp else _opened(Path(file))
            self._read[file] = (stamp, worktree)
            if worktree is not None:
                yield worktree

    def _lives(self, worktree: Worktree, living: set[Owner]) -> bool:
        """Whether its owner does. Each is asked for once, since that may start a program."""
        owner = (worktree.pid, worktree.started)
        if owner not in living and owner not in self._ended:
            lives = bool(worktree.started) and start_of(worktree.pid) == worktree.started
            (living if lives else self._ended).add(owner)
        return owner in living


def _records(root: Path) -> Iterator[tuple[str, Stamp]]:
    """The files of records, with what tells whether they were written since; what goes away meanwhile is none."""
    for home in _listed(root):
        for entry in _listed(home.path):
            if entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    yield entry.path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _listed(folder: str | Path) -> Collection[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return ()


def _opened(file: Path) -> Worktree | None:
    """What a record says of a worktree that is worked in; None for others, which are not kept in mind."""
    try:
        worktree = read(file)
    except WorkspaceError:
        return None
    return worktree if worktree is not None and worktree.stage is Stage.OPEN else None
