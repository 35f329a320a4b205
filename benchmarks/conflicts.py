"""What it costs to know whether two live worktrees can be merged, in repositories of several sizes.

`pair` looks at both trees anew and merges them; `one changed` is the usual case, in which one of the two was looked at
before; `fastest` is the pair that nothing else on the machine got in the way of. In the last column both edited the
same lines, and where they meet is found as well.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from benchmarks.worktrees import _git, _repository
from subagents.workspaces.conflicts import compare
from subagents.workspaces.live import LiveTree, of_repository, snapshot
from subagents.workspaces.repository import repository_at
from subagents.workspaces.scratch import Scratch

FILES = (100, 1_000, 5_000)
ROUNDS = 15
EDITED = 5  # files of each tree


def table() -> Iterator[str]:
    yield "Merges of two live worktrees, medians in ms      (aim: a pair below 100 at 5,000 files)"
    yield f"{'repository':<20} {'pair':>9} {'fastest':>9} {'one changed':>12} {'in conflict':>12}"
    for files in FILES:
        with tempfile.TemporaryDirectory() as folder:
            times = anyio.run(_times, Path(os.path.realpath(folder)), files)
            pair, one, conflict = (statistics.median(each) * 1000 for each in times)
            fastest = min(times[0]) * 1000
            yield f"{f'{files:,} files':<20} {pair:9.1f} {fastest:9.1f} {one:12.1f} {conflict:12.1f}"


async def _times(base: Path, files: int) -> tuple[list[float], list[float], list[float]]:
    repo = _repository(base / "repo", files)
    ours, theirs = await _tree(repo, base / "ours", 0), await _tree(repo, base / "theirs", EDITED)
    scratch = Scratch(base / "scratch")
    apart = [await _pair(ours, theirs, scratch) for _ in range(ROUNDS)]
    _edit(theirs.top, 0)
    together = [sum(await _pair(ours, theirs, scratch)) for _ in range(ROUNDS)]
    return [sum(each) for each in apart], [one + merge for one, _, merge in apart], together


async def _pair(ours: LiveTree, theirs: LiveTree, scratch: Scratch) -> tuple[float, float, float]:
    """Seconds for either tree, and for the merge."""
    began = time.perf_counter()
    first = await snapshot(ours, scratch)
    one = time.perf_counter()
    second = await snapshot(theirs, scratch)
    both = time.perf_counter()
    await compare(first, second, scratch)
    return one - began, both - one, time.perf_counter() - both


async def _tree(repo: Path, top: Path, first: int) -> LiveTree:
    _git(repo, "worktree", "add", "-q", "--detach", str(top))
    _edit(top, first)
    return of_repository(await repository_at(top))


def _edit(top: Path, first: int) -> None:
    for number in range(first, first + EDITED):
        path = top / f"package{number % 50}" / f"module{number}.py"
        path.write_text(path.read_text().replace("some text", f"text of {top.name}", 3))
