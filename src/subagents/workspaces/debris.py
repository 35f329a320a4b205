"""Worktrees whose owner is gone: what they are, how large, and which of them may go by the same proof as any other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.texts import storable
from subagents.workspaces.ownership import SUFFIX, Stage, Worktree, read
from subagents.workspaces.placing import Place
from subagents.workspaces.worktree import Kept, finish

DAY = 86_400.0  # seconds
MOST_AT_ONCE = 8  # leftovers that are finished; no more than there are processors


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
    kept: Kept | None = None


async def gc(
    place: Place, *, dry_run: bool = False, max_age: float = 30 * DAY, quota: int = 0
) -> tuple[Finding, ...]:
    """Looks at all that lies at `place`, the oldest first, and removes what is proven to be nowhere else needed.

    What was kept for a reason is looked at again when it is older than `max_age` seconds, or while all together is more
    than `quota` bytes (0: no quota). Whatever an owner left behind when it died is finished first, several at once.
    """
    listed = await anyio.to_thread.run_sync(found_at, place.root)
    if not dry_run:
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
    kept = await finish(worktree, place)
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
    endings = ("", ".going", ".objects", ".index", ".index.lock")
    return {file.with_name(f"{name}{ending}") for ending in endings}


def _finding(worktree: Worktree) -> Finding:
    size = sum(size_of(folder) for folder in (worktree.tree, worktree.aside, worktree.objects))
    verdict = Verdict.IN_USE if _in_use(worktree) else Verdict.EXAMINE
    return Finding(
        folder=worktree.tree, verdict=verdict, size=size, why=storable(worktree.why), worktree=worktree
    )


def _in_use(worktree: Worktree) -> bool:
    return worktree.owned and worktree.stage is not Stage.KEPT


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
