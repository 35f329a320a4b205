"""Worktrees whose owner is gone: what they are, how large, and which of them may go by the same proof as any other."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.errors import WorkspaceBusy, WorkspaceError
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.runs.kept import KeptWork
from subagents.texts import storable
from subagents.workspaces.git.repository import Repository
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.life import finish_held
from subagents.workspaces.worktrees.orphans import orphans
from subagents.workspaces.worktrees.ownership import SUFFIX, Stage, Worktree, read
from subagents.workspaces.worktrees.placing import Place

DAY = 86_400.0  # seconds
HOUR = 3600.0
MOST_AT_ONCE = 8  # leftovers that are finished; no more than there are processors
#: What `atomic.replace` writes before it takes the place of a record.
HALF_WRITTEN = re.compile(r"\..{1,40}\.[0-9a-f]{8}")


class Verdict(StrEnum):
    """What is to be done, or was done, with what was found."""

    IN_USE = "in use"
    YOUNG = "young"  # kept for a reason, and not for long enough to be looked at again
    EXAMINE = "examine"  # what a dry run would look at, and remove if it can be proven
    REMOVED = "removed"
    STAYS = "stays"
    STRANGE = "strange"  # without a record that can be read: never touched


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A worktree that was found. `size` is in bytes; `kept` is what became of one that was finished."""

    folder: Path
    verdict: Verdict
    size: int = 0
    why: str = ""
    worktree: Worktree | None = None
    kept: KeptWork | None = None


async def gc(
    place: Place,
    *,
    dry_run: bool = False,
    max_age: float = 30 * DAY,
    quota: int = 0,
    repository: Repository | None = None,
) -> tuple[Finding, ...]:
    """Looks at all that lies at `place`, the oldest first, and removes what is proven to be nowhere else needed; also
    what git in the `repository` still has of trees that are gone.

    What was kept for a reason is looked at again when it is older than `max_age` seconds, or while all together is more
    than `quota` bytes (0: no quota). Whatever an owner left behind when it died is finished first, several at once.
    """
    listed: Sequence[Finding] = await anyio.to_thread.run_sync(found_at, place.root)
    if repository is not None:
        lost = await anyio.to_thread.run_sync(partial(orphans, repository, place.root))
        more = (Finding(folder=each.tree, verdict=Verdict.EXAMINE, worktree=each) for each in lost)
        listed = (*listed, *more)
    if not dry_run:
        await anyio.to_thread.run_sync(_tidy, place.root, place.now())
        listed = await _without_dead(listed, place)
    left = sum(finding.size for finding in listed if finding.verdict is not Verdict.REMOVED)
    said = []
    for finding in listed:
        worktree = finding.worktree
        if worktree is not None and finding.verdict is Verdict.EXAMINE:
            young = worktree.stage is Stage.KEPT and place.now() - worktree.made_at < max_age
            if young and (not quota or left <= quota):
                finding = replace(finding, verdict=Verdict.YOUNG)
            elif not dry_run:
                finding = await _examined(finding, worktree, place)
                left -= finding.size if finding.verdict is Verdict.REMOVED else 0
        said.append(finding)
    return tuple(said)


async def collect(
    place: Place, due: Callable[[Worktree], bool], most: int, repository: Repository | None = None
) -> Sequence[Finding]:
    """Finishes what nobody is at and `due` admits, the oldest first, one after another and at most so many. Sizes are
    not looked for. Raises `OSError`."""
    known = await anyio.to_thread.run_sync(recorded_at, place.root)
    lost = await anyio.to_thread.run_sync(orphans, repository, place.root) if repository is not None else ()
    waiting = [each for each in (*known, *lost) if not each.in_use and due(each)]
    found = (Finding(folder=each.tree, verdict=Verdict.EXAMINE, worktree=each) for each in waiting[:most])
    return [await _examined(each, each.worktree, place) for each in found if each.worktree is not None]


async def _without_dead(listed: Sequence[Finding], place: Place) -> Sequence[Finding]:
    """The same, with those finished that nobody has kept for a reason."""
    found = list(listed)
    turns = anyio.CapacityLimiter(min(MOST_AT_ONCE, os.cpu_count() or 1))

    async def examine(number: int, finding: Finding, worktree: Worktree) -> None:
        async with turns:
            found[number] = await _examined(finding, worktree, place)

    async with own_tasks() as tasks:
        for number, finding in enumerate(listed):
            worktree = finding.worktree
            if (
                worktree is not None
                and finding.verdict is Verdict.EXAMINE
                and worktree.stage is not Stage.KEPT
            ):
                tasks.start_soon(examine, number, finding, worktree)
    return found


async def _examined(finding: Finding, worktree: Worktree, place: Place) -> Finding:
    """Looked at as it is by now: what was listed may have been put away, or gone on with, meanwhile."""
    try:
        async with held(worktree, patience=0.0) as known:
            if known is None and not Path(worktree.git_dir).exists():
                return replace(finding, verdict=Verdict.REMOVED)
            if known is not None and known.in_use:
                return replace(finding, verdict=Verdict.IN_USE, worktree=known)
            kept = await finish_held(known or worktree, place)
    except WorkspaceBusy:
        return replace(finding, verdict=Verdict.IN_USE)
    except (OSError, WorkspaceError) as error:
        return replace(finding, verdict=Verdict.STAYS, why=storable(str(error)))
    verdict = Verdict.STAYS if kept.why else Verdict.REMOVED
    return replace(finding, verdict=verdict, why=kept.why, kept=kept)


def found_at(root: Path) -> Sequence[Finding]:
    """What lies there, the oldest first, with sizes. Changes nothing; a folder that is not there holds nothing."""
    homes = sorted(home for home in root.iterdir() if home.is_dir()) if root.is_dir() else []
    found = [finding for home in homes for finding in _found_in(home)]
    return sorted(found, key=lambda finding: finding.worktree.made_at if finding.worktree else 0.0)


def recorded_at(root: Path) -> Sequence[Worktree]:
    """What is written down there and can be read, the oldest first; sizes are not looked for."""
    homes = root.iterdir() if root.is_dir() else ()
    found = []
    for file in (file for home in homes for file in home.glob(f"*{SUFFIX}")):
        with suppress(WorkspaceError):
            found.append(read(file))
    return sorted((each for each in found if each is not None), key=lambda worktree: worktree.made_at)


def _found_in(home: Path) -> Iterator[Finding]:
    known: set[Path] = set()
    for file in sorted(home.glob(f"*{SUFFIX}")):
        try:
            worktree = read(file)
        except WorkspaceError as error:
            known |= _beside(file)
            yield Finding(folder=file.with_suffix(""), verdict=Verdict.STRANGE, why=str(error))
            continue
        if worktree is not None:
            known |= _beside(file)
            yield _finding(worktree)
    for folder in sorted(home.iterdir()):
        if folder not in known and folder.is_dir() and not folder.is_symlink():
            why = _("it has no record of ours, so nobody knows what it is")
            yield Finding(folder=folder, verdict=Verdict.STRANGE, size=size_of(folder), why=why)


def _beside(file: Path) -> set[Path]:
    name = file.name.removesuffix(SUFFIX)
    return {file.with_name(f"{name}{ending}") for ending in ("", ".going", ".objects")}


def _tidy(root: Path, now: float) -> None:
    """Files of ours that a process left half-written when it died, which nobody is at any more."""
    for file in root.glob("*/.*"):
        with suppress(OSError):
            if HALF_WRITTEN.fullmatch(file.name) and now - file.lstat().st_mtime > HOUR:
                file.unlink()


def _finding(worktree: Worktree) -> Finding:
    size = taken(worktree)
    verdict = Verdict.IN_USE if worktree.in_use else Verdict.EXAMINE
    return Finding(
        folder=worktree.tree, verdict=verdict, size=size, why=storable(worktree.why), worktree=worktree
    )


def taken(worktree: Worktree) -> int:
    """The bytes on the disk of all that belongs to it."""
    return sum(size_of(folder) for folder in (worktree.tree, worktree.aside, worktree.objects))


def size_of(folder: Path) -> int:
    """The bytes that its files take on the disk, as far as it can be read."""
    total = 0
    for here, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += Path(here, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
