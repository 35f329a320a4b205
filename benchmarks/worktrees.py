"""What a worktree costs beside a bare `git worktree add` of the same commit, in repositories of several sizes.

Ours also asks where the repository is, looks at the user's uncommitted work and writes the record to the disk; then the
end, which looks for work and proves that nothing is lost, beside `git worktree remove`. `times` is the median of the
pairs. Starts are those that we or the script make; git itself starts itself twice for each addition.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from benchmarks.counting import Cost, Meter, middle, repository, times
from subagents.workspaces.placing import Place, Wish
from subagents.workspaces.worktree import create, finish

FILES = (100, 2_000, 10_000)
ROUNDS = {100: 21, 2_000: 9, 10_000: 7}
WAYS = ("bare add", "ours", "bare rm", "finish")


def table() -> Iterator[str]:
    yield "Worktrees, medians in ms      (aim: a spawn at most 1.20 times the bare add)"
    heads = "".join(f"{way:>10}{'CPU':>8}{'starts':>7}" for way in WAYS[:2])
    yield f"{'repository':<14}{heads}{'times':>7}   {'bare rm':>9}{'finish':>9}{'CPU':>8}{'starts':>7}"
    for files in FILES:
        with tempfile.TemporaryDirectory() as folder:
            costs = anyio.run(_costs, Path(os.path.realpath(folder)), files)
        yield f"{f'{files:,} files':<14}{_row(costs)}"


def _row(costs: dict[str, list[Cost]]) -> str:
    made = "".join(
        f"{cost.wall:10.1f}{cost.cpu:8.1f}{cost.started:7}"
        for cost in (middle(costs[way]) for way in WAYS[:2])
    )
    removed, finished = middle(costs["bare rm"]), middle(costs["finish"])
    ended = f"{removed.wall:9.1f}{finished.wall:9.1f}{finished.cpu:8.1f}{finished.started:7}"
    return f"{made}{times(costs['ours'], costs['bare add']):7.2f}   {ended}"


async def _costs(base: Path, files: int) -> dict[str, list[Cost]]:
    """In turns, so that all meet the same machine; one round first, not counted."""
    repo, meter = repository(base / "repo", files), Meter()
    place = Place(root=base / "state", archive=base / "archive", now=time.time, execute=meter.execute)
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for number in range(ROUNDS[files] + 1):
        tree = str(base / f"bare{number}")
        with meter.measured() as bare:
            meter.bare(repo, "worktree", "add", "-q", "--detach", tree)
        with meter.measured() as ours:
            made = await create(Wish(folder=repo, run=f"run{number}"), place)
        with meter.measured() as removed:
            meter.bare(repo, "worktree", "remove", tree)
        with meter.measured() as ended:
            kept = await finish(made, place)
        assert not kept.why, kept.why
        for way, cost in zip(WAYS, (bare, ours, removed, ended), strict=True):
            costs[way].append(cost)
    return {way: each[1:] for way, each in costs.items()}
