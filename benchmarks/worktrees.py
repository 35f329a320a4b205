"""What a worktree costs beside a bare `git worktree add` of the same commit, in repositories of several sizes.

Ours also asks where the repository is, looks at the user's uncommitted work and writes the record to the disk; then the
end, which looks for work and proves that nothing is lost, beside `git worktree remove`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio

from subagents.workspaces.placing import Place, Wish
from subagents.workspaces.worktree import Worktree, create, finish

FILES = (100, 2_000, 10_000)
ALREADY = 1_000  # worktrees that are there before, in the last row
ROUNDS = 7
IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")


@dataclass(frozen=True)
class Row:
    """Medians, in milliseconds."""

    name: str
    bare_add: float
    ours: float
    bare_remove: float
    finish: float

    @property
    def shown(self) -> str:
        times = f"{self.bare_add:9.1f} {self.ours:9.1f} {self.ours / self.bare_add:7.2f}"
        return f"{self.name:<34} {times} {self.bare_remove:9.1f} {self.finish:9.1f}"


def table() -> Iterator[str]:
    yield "Worktrees, medians in ms      (aim: a spawn at most 1.20 times the bare add)"
    yield f"{'repository':<34} {'bare add':>9} {'ours':>9} {'times':>7} {'bare rm':>9} {'finish':>9}"
    for files in FILES:
        yield _row(f"{files:,} files", files).shown
    yield _row(f"{FILES[1]:,} files, {ALREADY:,} worktrees", FILES[1], ALREADY).shown


def _row(name: str, files: int, already: int = 0) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(os.path.realpath(folder))
        repo = _repository(base / "repo", files)
        for number in range(already):
            _git(
                repo, "worktree", "add", "--no-checkout", "--detach", "-q", str(base / "others" / str(number))
            )
        bare, bare_remove, ours, end = [], [], [], []
        place = Place(root=base / "state", archive=base / "archive", now=time.time)
        # In turns, so that both meet the same machine.
        for number in range(ROUNDS):
            tree = str(base / f"bare{number}")
            bare.append(_timed(partial(_git, repo, "worktree", "add", "-q", "--detach", tree)))
            made, seconds = anyio.run(_made, repo, place, f"run{number}")
            ours.append(seconds)
            bare_remove.append(_timed(partial(_git, repo, "worktree", "remove", tree)))
            end.append(anyio.run(_finished, made, place))
        return Row(name, *(statistics.median(times) * 1000 for times in (bare, ours, bare_remove, end)))


async def _made(repo: Path, place: Place, run: str) -> tuple[Worktree, float]:
    began = time.perf_counter()
    made = await create(Wish(folder=repo, run=run), place)
    return made, time.perf_counter() - began


async def _finished(made: Worktree, place: Place) -> float:
    began = time.perf_counter()
    kept = await finish(made, place)
    assert not kept.why, kept.why
    return time.perf_counter() - began


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _repository(folder: Path, files: int) -> Path:
    for number in range(files):
        path = folder / f"package{number % 50}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {number}\n" + "value = 'some text in a line of code'\n" * 100)
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, *IDENTITY, "commit", "-q", "-m", "first")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
