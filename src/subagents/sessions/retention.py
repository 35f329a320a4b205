"""Which sessions are kept, by age and size, and removing the others. One that a living process owns is never touched.

A session is removed by giving its folder another name first: a crash leaves nothing that looks like half of one,
and what it leaves is removed the next time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subagents.errors import SessionError, SessionLocked, SessionNotFound
from subagents.ids import SessionId
from subagents.places import Project
from subagents.sessions.folder import SessionFolder, lock, owner_alive, sessions
from subagents.sessions.index import forget_runs
from subagents.sessions.reader import read_session
from subagents.sessions.wal import wal_of

DAY = 86_400.0  # seconds
REMOVED = ".removed-"  # how the name of a folder begins that is being removed


@dataclass(frozen=True)
class Report:
    """What `gc` removed, or with `dry_run` would have: the sessions, the longest untouched first, and their bytes."""

    removed: tuple[SessionId, ...] = ()
    bytes: int = 0


def gc(
    project: Project,
    *,
    now: float,
    max_age_days: float | None = None,
    max_bytes: int | None = None,
    archived: bool = False,
    dry_run: bool = False,
    needed: Collection[str] = (),
) -> Report:
    """Removes sessions that were not written to for `max_age_days`, and then the longest untouched until all that is
    left has at most `max_bytes`; None is no limit.

    Archived ones stay unless `archived`; those that a process owns, those that cannot be read, and those with a run
    that is `needed`, as of a worktree that is still there, stay always.
    """
    if not dry_run:
        _finish(project)
    found = sorted(map(_measured, sessions(project)), key=lambda one: one.touched)
    total = sum(one.bytes for one in found)
    removed: list[_Measured] = []
    for one in found:
        too_old = max_age_days is not None and now - one.touched > max_age_days * DAY
        too_much = max_bytes is not None and total > max_bytes
        if (
            (too_old or too_much)
            and _may_go(one.folder, archived, needed)
            and (dry_run or _is_removed(one.folder))
        ):
            removed.append(one)
            total -= one.bytes
    if removed and not dry_run:
        forget_runs(project, {one.folder.id for one in removed})
    return Report(tuple(one.folder.id for one in removed), sum(one.bytes for one in removed))


def needed_runs(folder: SessionFolder, needed: Collection[str]) -> list[str]:
    """Those of its runs that are needed. Raises `SessionError` for a log that cannot be read."""
    return [run for run in read_session(folder.log).runs if run in needed] if needed else []


def remove(project: Project, folder: SessionFolder) -> None:
    """Removes a session and all it kept, and the ids of its runs. Raises `SessionLocked` and `SessionNotFound`."""
    _remove(folder)
    forget_runs(project, {folder.id})


@dataclass(frozen=True)
class _Measured:
    """`touched` is when the log was last written, in seconds since the epoch; `bytes` what the folder holds."""

    folder: SessionFolder
    bytes: int
    touched: float


def _measured(folder: SessionFolder) -> _Measured:
    sizes = [seen.st_size for seen in _stats(folder.path.rglob("*"))]
    touched = [seen.st_mtime for seen in _stats((folder.log, wal_of(folder.log)))]
    return _Measured(folder, sum(sizes), max(touched, default=_made(folder)))


def _stats(paths: Iterable[Path]) -> Iterator[os.stat_result]:
    for path in paths:
        # Another process may remove a session meanwhile, or its own files.
        with suppress(FileNotFoundError):
            yield path.lstat()


def _made(folder: SessionFolder) -> float:
    return next((seen.st_mtime for seen in _stats((folder.path,))), 0.0)


def _may_go(folder: SessionFolder, archived: bool, needed: Collection[str]) -> bool:
    if owner_alive(folder) is not None:
        return False
    with suppress(SessionError):
        may = archived or not read_session(folder.log).header.archived
        return may and not needed_runs(folder, needed)
    return False


def _is_removed(folder: SessionFolder) -> bool:
    with suppress(SessionLocked, SessionNotFound):
        _remove(folder)
        return True
    return False


def _remove(folder: SessionFolder) -> None:
    removed = folder.path.with_name(f"{REMOVED}{folder.id}")
    # With the lock, nobody opens it while it goes; who comes too late finds its file gone.
    with lock(folder):
        folder.path.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)


def _finish(project: Project) -> None:
    """Removes what a crash left."""
    for leftover in project.sessions.glob(f"{REMOVED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
