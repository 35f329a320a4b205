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
from dataclasses import dataclass
from pathlib import Path

import anyio

from benchmarks.counting import Cost, Meter, middle, repository, times
from subagents.workspaces.worktrees.life import Worktree, create, finish
from subagents.workspaces.worktrees.placing import Place, Wish

FILES = (100, 2_000, 10_000)
ROUNDS = {100: 21, 2_000: 9, 10_000: 7}
WAYS = ("bare add", "create", "bare remove", "finish")


def table() -> Iterator[str]:
    yield "Worktrees, medians in ms      (aim: a spawn at most 1.20 times the bare add)"
    heads = "".join(f"{way:>10}{'CPU':>8}{'starts':>7}" for way in ("bare add", "ours"))
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
    removed, finished = middle(costs["bare remove"]), middle(costs["finish"])
    ended = f"{removed.wall:9.1f}{finished.wall:9.1f}{finished.cpu:8.1f}{finished.started:7}"
    return f"{made}{times(costs['create'], costs['bare add']):7.2f}   {ended}"


async def _costs(base: Path, files: int) -> dict[str, list[Cost]]:
    """In turns, so that all meet the same machine; one round first, not counted.

    Either begins every other round: whoever comes after the removals waits for the disk.
    """
    two = Two(repository(base / "repo", files), base, Meter())
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for number in range(ROUNDS[files] + 1):
        acts = [(two.bare_add, two.bare_remove), (two.create, two.finish)]
        if number % 2:
            acts.reverse()
        for act in (*(add for add, _ in acts), *(end for _, end in acts)):
            with two.meter.measured() as cost:
                await act(number)
            if number:
                costs[act.__name__.replace("_", " ")].append(cost)
    return costs


@dataclass
class Two:
    """A repository, and a worktree of either kind in it."""

    repo: Path
    base: Path
    meter: Meter
    made: Worktree | None = None

    @property
    def place(self) -> Place:
        root, archive = self.base / "state", self.base / "archive"
        return Place(root=root, archive=archive, now=time.time, execute=self.meter.execute)

    async def bare_add(self, number: int) -> None:
        tree = str(self.base / f"bare{number}")
        self.meter.bare(self.repo, "worktree", "add", "-q", "--detach", tree)

    async def bare_remove(self, number: int) -> None:
        self.meter.bare(self.repo, "worktree", "remove", str(self.base / f"bare{number}"))

    async def create(self, number: int) -> None:
        self.made = await create(Wish(folder=self.repo, run=f"run{number}"), self.place)

    async def finish(self, number: int) -> None:
        assert self.made is not None
        kept = await finish(self.made, self.place)
        assert not kept.why, kept.why
