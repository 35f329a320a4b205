"""The ownership file of a worktree: all that is known of it, written before it is made and deleted after it is gone.

It stands beside the tree, where the agent does not work, and every call of git goes by what stands in it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec

from subagents.atomic import beside, replace
from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.places import worktree_around
from subagents.workspaces.git.program import Execute, Git, alternate, execute
from subagents.workspaces.processes.groups import start_of

PREFIX = "subagents/"
MOST_NAMES = 1000  # trees of one run
SUFFIX = ".json"

#: Where a copied file was when it was copied: size, and times of content and entry in nanoseconds.
Stamp = tuple[int, int, int]


class Stage(StrEnum):
    """How far a worktree is. Each is written down before what it says is begun."""

    OPENING = "opening"  # it is being made: nobody has worked in it
    OPEN = "open"  # a run works in it, or did until its owner died
    KEPT = "kept"  # its run has ended and the folder stays; `why` tells the reason
    REMOVING = "removing"  # it goes, or has gone, to the place aside, and is to be proven there
    PROVEN = "proven"  # what lies aside is nowhere else needed, and may be deleted


class Worktree(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree of a run.

    `home` is the folder that it, its record and what belongs to it stand in, under `name`. `top`, `common` and
    `git_dir` are the parent checkout, the repository, and what git keeps for this tree. `head` is the commit that was
    checked out, `base` the one its work is compared with, and `snapped` that of a snapshot, which only we see. `branch`
    and `tip` are where its work was put last, and `after` is what had been put there before its run went on in the
    folder. Times are seconds since the epoch; at `ended_at` its work was first
    found. `missing` are the user's uncommitted paths that are not in it, None when they are not known. `included`
    are the ignored files that were brought along. `configuration` is git's `config.worktree` for it, and `drivers` what
    git's settings told it to run, None when that is not known. Files that were changed at or after `ready`, in
    nanoseconds of their disk, may be the agent's; `logged` tells that git wrote down where HEAD was from the beginning.
    """

    run: str
    agent: str
    description: str
    name: str
    home: str
    top: str
    common: str
    git_dir: str
    subfolder: str
    kind: str
    head: str
    base: str
    snapped: str = ""
    pid: int
    started: str
    made_at: float
    ended_at: float = 0.0
    stage: Stage = Stage.OPENING
    why: str = ""
    branch: str = ""
    tip: str = ""
    after: str = ""
    archive: str = ""
    missing: tuple[str, ...] | None = ()
    included: Mapping[str, Stamp] = {}
    configuration: str | None = None
    drivers: Mapping[str, str] | None = None
    ready: int = 0
    logged: bool = False
    ignores_case: bool = False

    @property
    def tree(self) -> Path:
        return Path(self.home, self.name)

    @property
    def there(self) -> bool:
        """Whether there is a folder; a link in its place is none, and leads to what is not ours."""
        return self.tree.is_dir() and not self.tree.is_symlink()

    @property
    def root(self) -> Path:
        """Where in it the run works."""
        return self.tree / self.subfolder

    @property
    def aside(self) -> Path:
        """Where it is moved before it is deleted, so that nothing that knows its path writes there any more."""
        return Path(self.home, f"{self.name}.going")

    @property
    def objects(self) -> Path:
        """The object directory of a snapshot."""
        return Path(self.home, f"{self.name}.objects")

    @property
    def index(self) -> Path:
        """Our own index for it: the agent's is left as it is. One for each process: a git that outlives whoever started
        it writes into no other's."""
        return Path(self.home, f"{self.name}.index.{os.getpid()}")

    @property
    def lock(self) -> Path:
        """What whoever holds it has locked; see `holding`."""
        return Path(self.home, f"{self.name}.lock")

    @property
    def file(self) -> Path:
        return Path(self.home, f"{self.name}{SUFFIX}")

    @property
    def snapshot(self) -> bool:
        return bool(self.snapped)

    @property
    def begun(self) -> str:
        """The commit that its files were at the beginning."""
        return self.snapped or self.head

    @property
    def worked_in(self) -> bool:
        """Whether there may be something in it that is nowhere else: it is neither being made nor proven."""
        return self.stage not in (Stage.OPENING, Stage.PROVEN)

    @property
    def in_use(self) -> bool:
        """Whether a run works in it, as far as is written down."""
        return self.owned and self.stage is not Stage.KEPT

    @property
    def owned(self) -> bool:
        """Whether the process that made it, or opened it last, lives."""
        return bool(self.started) and start_of(self.pid) == self.started

    def git(self, run: Execute = execute, folder: Path | None = None) -> Git:
        """git for it, with our own index; `folder` is where its files are now."""
        variables = {"GIT_INDEX_FILE": str(self.index)}
        if self.snapshot:
            variables["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = alternate(self.objects)
        ours = Git(
            git_dir=Path(self.git_dir),
            common=Path(self.common),
            work_tree=folder or self.tree,
            settings=(f"core.ignoreCase={str(self.ignores_case).lower()}",),
            execute=run,
        )
        return ours.with_variables(**variables)

    def repository_git(self, run: Execute = execute) -> Git:
        """git for the repository itself: it sees what everybody sees there."""
        return Git(Path(self.common), Path(self.common), execute=run)


def slug(text: str) -> str:
    """A text as part of a file's and a branch's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:40] or "agent"


def claim(worktree: Worktree) -> Worktree:
    """Writes its record under the first name that is free, its own or that with a number. Raises `OSError`, and
    `WorkspaceError` where none is free."""
    home = Path(worktree.home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in _names(worktree.name):
        claimed = msgspec.structs.replace(
            worktree, name=name, git_dir=str(Path(worktree.common, "worktrees", name))
        )
        if claimed.tree.exists() or claimed.aside.exists():
            continue
        with suppress(FileExistsError):
            _create(claimed.file, _encode(claimed))
            return claimed
    raise WorkspaceError(
        _("There are {most} worktrees of {name} already.").format(most=MOST_NAMES, name=worktree.name)
    )


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, MOST_NAMES + 1))


def _create(file: Path, data: bytes) -> None:
    """Whole or not at all, and never in place of another. Raises `FileExistsError`, and other `OSError`."""
    with beside(file, data, 0o600) as new:
        os.link(new, file)


def noted(worktree: Worktree, **changed: Any) -> Worktree:
    """The worktree with something changed, written down. Raises `OSError`, with the record as it was."""
    new = msgspec.structs.replace(worktree, **changed)
    replace(new.file, _encode(new), 0o600)
    return new


async def note(worktree: Worktree, **changed: Any) -> Worktree:
    """The same for whoever must not stand still while the disk is written to."""
    return await anyio.to_thread.run_sync(partial(noted, worktree, **changed))


def read(file: Path) -> Worktree | None:
    """What a record says; None where there is none. Raises `WorkspaceError` for one that cannot be read."""
    try:
        found = msgspec.convert(json.loads(file.read_text(encoding="utf-8")), Worktree)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise WorkspaceError(_("{file} cannot be read: {error}.").format(file=file, error=error)) from error
    # A record that was moved or copied speaks of another place, which it has no say in.
    if found.file != file:
        raise WorkspaceError(
            _("{file} is the record of another worktree, {other}.").format(file=file, other=found.file)
        )
    return found


def newest(home: Path, most: int) -> Iterator[Worktree]:
    """The worktrees in a home whose records were written last, at most so many; what cannot be read is left out."""
    for _at, name in sorted(_written(home), reverse=True)[:most]:
        with suppress(WorkspaceError):
            if (worktree := read(home / name)) is not None:
                yield worktree


def _written(home: Path) -> Iterator[tuple[int, str]]:
    """When each record was written, in nanoseconds, and its name. There may be thousands, and each spawn asks."""
    with suppress(FileNotFoundError), os.scandir(home) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    yield entry.stat().st_mtime_ns, entry.name


def record_around(folder: Path) -> Worktree | None:
    """The record of the worktree that a folder, its links followed, is in; None where it is in none, or there is no
    record of it. Raises `WorkspaceError` as `read` does."""
    tree = worktree_around(folder)
    return read(tree.with_name(f"{tree.name}{SUFFIX}")) if tree is not None else None


def _encode(worktree: Worktree) -> bytes:
    # JSON of the standard library: it has an escape for names that are no text, and msgspec refuses them.
    return json.dumps(msgspec.to_builtins(worktree), indent=1).encode("ascii")


def forget_index(worktree: Worktree) -> None:
    """Our index is made anew for each use. A git that was ended while it wrote leaves its lock."""
    for name in (worktree.index.name, f"{worktree.index.name}.lock"):
        worktree.index.with_name(name).unlink(missing_ok=True)


def removed(worktree: Worktree) -> None:
    """Nothing is left of it, so its record goes too."""
    for index in Path(worktree.home).glob(f"{worktree.name}.index.*"):
        index.unlink(missing_ok=True)
    worktree.file.unlink(missing_ok=True)
