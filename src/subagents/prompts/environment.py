"""Where a run is: platform, folder, date, and the state of its git repository. Asking git never changes anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import anyio
from anyio.lowlevel import RunVar

from subagents.clock import Clock
from subagents.places import worktree_around

GIT_BOUND = 5.0  # seconds that git may take; a large repository is then one whose state is not known
KEPT = 5.0  # seconds that an answer is good for, so that runs that begin together ask once
MAX_KEPT = 256  # folders

_PLATFORMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}

# One call tells all. `core.fsmonitor` names a program, which a repository must not make us run.
_STATUS = (
    *("git", "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch"),
    *("--untracked-files=normal", "--ignore-submodules=dirty"),
)
# To count changes git may run filters, and what a worktree of a run leads git to, an agent may have written.
_HEAD = ("git", "rev-parse", "HEAD", "--abbrev-ref", "HEAD")


@dataclass(frozen=True, slots=True)
class GitState:
    """A repository as it is. `branch` is "" when HEAD is detached, `commit` the short hash, "" before the first.
    `changed` is None where nobody counted."""

    branch: str
    commit: str
    changed: int | None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a run is. `git` is None outside of a repository, and when git could not tell: then `git_known` is False."""

    platform: str
    folder: str
    date: str
    git: GitState | None = None
    git_known: bool = True


async def read_environment(folder: Path, clock: Clock) -> Environment:
    """The environment of `folder`, at most some seconds old. Never raises, whatever git does.

    Any number of callers at once cost one call of git a folder.
    """
    kept = _kept(clock)
    async with kept.lock(folder):
        if (known := kept.fresh(folder, clock.monotonic())) is not None:
            return known
        found = await _read(folder, clock)
        kept.keep(folder, found, clock.monotonic())
        return found


async def _read(folder: Path, clock: Clock) -> Environment:
    git, known = await _git(folder)
    return Environment(
        platform=_PLATFORMS.get(sys.platform, sys.platform),
        folder=str(folder),
        date=datetime.fromtimestamp(clock.now()).astimezone().date().isoformat(),
        git=git,
        git_known=known,
    )


# --- git


async def _git(folder: Path) -> tuple[GitState | None, bool]:
    """The repository's state, and whether git could tell that there is one or none."""
    asked, read = (_HEAD, parse_head) if worktree_around(folder) is not None else (_STATUS, parse_status)
    with anyio.move_on_after(GIT_BOUND):
        try:
            done = await anyio.run_process(
                asked,
                cwd=folder,
                env=_variables(os.environ),
                stdin=subprocess.DEVNULL,
                check=False,
                start_new_session=True,
            )
        except OSError:
            return None, False  # no git, or no such folder
        if done.returncode == 0:
            return read(done.stdout.decode(errors="replace")), True
        return None, b"not a git repository" in done.stderr
    return None, False


def _variables(outer: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: hooks set `GIT_DIR` and the like, which would lead to another repository."""
    kept = {name: value for name, value in outer.items() if not name.startswith("GIT_")}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def parse_status(text: str) -> GitState:
    """What `git status --porcelain=v2 --branch` says (git-status(1))."""
    branch, commit, changed = "", "", 0
    for line in text.splitlines():
        if line.startswith("# branch.head "):
            head = line.removeprefix("# branch.head ")
            branch = "" if head == "(detached)" else head
        elif line.startswith("# branch.oid "):
            oid = line.removeprefix("# branch.oid ")
            commit = "" if oid == "(initial)" else oid[:8]
        elif not line.startswith("#"):
            changed += 1
    return GitState(branch, commit, changed)


def parse_head(text: str) -> GitState:
    """What `git rev-parse` says of a HEAD: its commit, and the branch or `HEAD` (git-rev-parse(1))."""
    commit, branch, *_rest = (*text.split("\n"), "", "")
    return GitState("" if branch == "HEAD" else branch, commit[:8], None)


# --- what is kept, for this event loop


@dataclass(slots=True)
class _Kept:
    clock: Clock
    locks: dict[Path, anyio.Lock] = field(default_factory=dict)
    answers: dict[Path, tuple[float, Environment]] = field(default_factory=dict)

    def lock(self, folder: Path) -> anyio.Lock:
        return self.locks.setdefault(folder, anyio.Lock())

    def fresh(self, folder: Path, now: float) -> Environment | None:
        at, answer = self.answers.get(folder, (float("-inf"), None))
        return answer if now - at < KEPT else None

    def keep(self, folder: Path, answer: Environment, now: float) -> None:
        if len(self.answers) >= MAX_KEPT:
            self._forget_old(now)
        self.answers[folder] = (now, answer)

    def _forget_old(self, now: float) -> None:
        self.answers = {folder: kept for folder, kept in self.answers.items() if now - kept[0] < KEPT}
        # A lock that somebody holds or waits for must stay the one for its folder.
        self.locks = {f: lock for f, lock in self.locks.items() if f in self.answers or lock.locked()}


_kept_here: RunVar[_Kept] = RunVar("_kept_here")


def _kept(clock: Clock) -> _Kept:
    """What this event loop keeps by this clock."""
    kept = _kept_here.get(None)
    if kept is None or kept.clock is not clock:
        kept = _Kept(clock)
        _kept_here.set(kept)
    return kept
