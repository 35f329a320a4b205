"""What it costs to know whether live worktrees can be merged, in repositories of several sizes.

`first` is a look at a tree that was never looked at: git reads again each file that is as old as its index. `pair`
looks at both trees anew and merges them; `fastest` is the pair that nothing else on the machine got in the way of, and
`CPU` what it takes of processors; `one changed` is the usual case, in which one of the two was looked at before.
`merge` is the part of a pair that is one, and `bare` is `git merge-tree --write-tree` alone on the same two commits,
which does not know what lies uncommitted in the trees. In the last column both edited the same lines, and where they
meet is found too.

Below it, many trees: each is looked at once, and every pair of them is merged.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import anyio

from benchmarks.counting import Cost, Meter, git, repository
from subagents.workspaces.conflicts.between import compare
from subagents.workspaces.conflicts.live import LiveTree, Snapshot, of_repository, snapshot
from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.worktrees.scratch import Scratch

FILES = (100, 1_000, 5_000)
ROUNDS = 15
EDITED = 5  # files of each tree
TREES = 10


@dataclass
class Times:
    """Milliseconds, one of each round."""

    first: list[float] = field(default_factory=list)
    pair: list[Cost] = field(default_factory=list)
    one_changed: list[float] = field(default_factory=list)
    merge: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    conflict: list[float] = field(default_factory=list)

    @property
    def shown(self) -> str:
        pairs = [cost.wall for cost in self.pair]
        middle = statistics.median
        cells = (
            max(self.first),
            middle(pairs),
            min(pairs),
            middle(cost.cpu for cost in self.pair),
            middle(self.one_changed),
            middle(self.merge),
            middle(self.bare),
            middle(self.conflict),
        )
        return "".join(f"{cell:{wide}.1f}" for cell, wide in zip(cells, WIDTHS, strict=True))


HEADS = ("first", "pair", "fastest", "CPU", "one changed", "merge", "bare", "in conflict")
WIDTHS = (8, 8, 9, 8, 13, 8, 8, 13)


def table() -> Iterator[str]:
    yield "Merges of two live worktrees, medians in ms      (aim: a pair below 100 at 5,000 files)"
    heads = "".join(f"{head:>{wide}}" for head, wide in zip(HEADS, WIDTHS, strict=True))
    yield f"{'repository':<15}{heads}"
    for files in FILES:
        with tempfile.TemporaryDirectory() as folder:
            times = anyio.run(_times, Path(os.path.realpath(folder)), files)
        yield f"{f'{files:,} files':<15}{times.shown}"
    with tempfile.TemporaryDirectory() as folder:
        yield anyio.run(_many, Path(os.path.realpath(folder)), FILES[-1])


async def _times(base: Path, files: int) -> Times:
    repo = repository(base / "repo", files)
    ours, theirs = await _tree(repo, base / "ours", 0), await _tree(repo, base / "theirs", EDITED)
    scratch, meter, times = Scratch(base / "scratch"), Meter(), Times()
    for tree in (ours, theirs):
        with meter.measured() as cost:
            await snapshot(tree, scratch)
        times.first.append(cost.wall)
    for _ in range(ROUNDS):
        with meter.measured() as pair:
            with meter.measured() as one:
                first = await snapshot(ours, scratch)
            second = await snapshot(theirs, scratch)
            with meter.measured() as merge:
                await compare(first, second, scratch)
        with meter.measured() as bare:
            _bare(repo, scratch, first, second)
        times.pair.append(pair)
        times.one_changed.append(one.wall + merge.wall)
        times.merge.append(merge.wall)
        times.bare.append(bare.wall)
    _edit(theirs.top, 0)
    for _ in range(ROUNDS):
        with meter.measured() as cost:
            await compare(await snapshot(ours, scratch), await snapshot(theirs, scratch), scratch)
        times.conflict.append(cost.wall)
    return times


async def _many(base: Path, files: int) -> str:
    repo, scratch, meter = repository(base / "repo", files), Scratch(base / "scratch"), Meter()
    trees = [await _tree(repo, base / f"tree{number}", number * EDITED) for number in range(TREES)]
    for tree in trees:
        await snapshot(tree, scratch)
    with meter.measured() as looks:
        found = [await snapshot(tree, scratch) for tree in trees]
    pairs = list(combinations(found, 2))
    with meter.measured() as merges:
        for ours, theirs in pairs:
            await compare(ours, theirs, scratch)
    with meter.measured() as bare:
        for ours, theirs in pairs:
            _bare(repo, scratch, ours, theirs)
    each = (looks.wall + merges.wall) / len(pairs)
    return (
        f"{TREES} trees of {files:,} files, {len(pairs)} pairs: {each:.1f} ms a pair ({looks.wall / TREES:.1f} a look, "
        f"{merges.wall / len(pairs):.1f} a merge; bare {bare.wall / len(pairs):.1f})"
    )


def _bare(repo: Path, scratch: Scratch, ours: Snapshot, theirs: Snapshot) -> None:
    seen = {
        "GIT_OBJECT_DIRECTORY": str(scratch.objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repo / ".git" / "objects"),
    }
    command = ("git", "merge-tree", "--write-tree", ours.commit, theirs.commit)
    subprocess.run(command, cwd=repo, env={**os.environ, **seen}, check=True, capture_output=True)


async def _tree(repo: Path, top: Path, first: int) -> LiveTree:
    git(repo, "worktree", "add", "-q", "--detach", str(top))
    _edit(top, first)
    return of_repository(await repository_at(top))


def _edit(top: Path, first: int) -> None:
    for number in range(first, first + EDITED):
        path = top / f"package{number % 50}" / f"module{number}.py"
        path.write_text(path.read_text().replace("some text", f"text of {top.name}", 3))
