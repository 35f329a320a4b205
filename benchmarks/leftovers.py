"""What `gc` of 1,000 worktrees of dead owners costs, beside a loop that asks `git status` and removes each by force.

The loop throws away what was done there; ours puts it on a branch, proves that nothing else lies in the folder and
removes it in two steps. Then whether a spawn is slower for the leftovers that lie beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from benchmarks.counting import IDENTITY, Cost, Meter, git, middle, repository, times
from subagents.places import state_name
from subagents.workspaces.git.repository import Repository, repository_at
from subagents.workspaces.worktrees.debris import Verdict, gc
from subagents.workspaces.worktrees.life import create, finish
from subagents.workspaces.worktrees.ownership import Stage, Worktree, claim
from subagents.workspaces.worktrees.placing import Place, Wish

LEFTOVERS = 1_000
FILES, LINES = 20, 20  # a small repository, in which what is measured is not the disk
ROUNDS = 9


def _nothing(tree: Path) -> None:
    """As an agent that only read."""


def _changed(tree: Path) -> None:
    for number in (0, 1):
        (tree / f"package{number}" / f"module{number}.py").write_text(f"by {tree.name}\n")
    (tree / "new.py").write_text("new = True\n")


def _committed(tree: Path) -> None:
    _changed(tree)
    git(tree, "add", "-A")
    git(tree, *IDENTITY, "commit", "-q", "-m", "by the agent")


KINDS: Mapping[str, Callable[[Path], None]] = {
    "nothing changed": _nothing,
    "changed files": _changed,
    "a commit": _committed,
}


@dataclass(frozen=True)
class Field:
    """Two equal repositories with as many worktrees each: ours, with our records, and bare ones."""

    base: Path
    ours: Repository
    bare: Path
    meter: Meter

    def place(self, kind: str) -> Place:
        root = self.base / "state" / kind.replace(" ", "-")
        return Place(root=root, archive=self.base / "archive", now=time.time, execute=self.meter.execute)

    def bare_trees(self, kind: str) -> Path:
        return self.base / "bare-trees" / kind.replace(" ", "-")


def table() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield from anyio.run(_table, Path(os.path.realpath(folder)))


async def _table(base: Path) -> list[str]:
    repo = repository(base / "repo", FILES, LINES)
    field = Field(base, await repository_at(repo), repository(base / "bare", FILES, LINES), Meter())
    spawns = [_spawn_row("beside none", *await _spawns(field))]
    counts = dict(zip(KINDS, _parts(LEFTOVERS, len(KINDS)), strict=True))
    for kind, count in counts.items():
        _leave(field, kind, count)
    spawns.append(_spawn_row(f"beside {LEFTOVERS:,} leftovers", *await _spawns(field)))
    rows, bare_all, ours_all = [], Cost(), Cost()
    for kind, count in counts.items():
        bare, ours = await _cleared(field, kind, count)
        rows.append(
            _row(
                f"{count} with {kind}" if kind in ("changed files", "a commit") else f"{count}, {kind}",
                bare,
                ours,
                count,
            )
        )
        bare_all, ours_all = _sum(bare_all, bare), _sum(ours_all, ours)
    return [
        f"gc of {LEFTOVERS:,} leftovers in a repository of {FILES} files, ms for each",
        f"{'':<24}{'status + remove --force':>28}{'gc':>26}",
        f"{'':<24}{'wall':>10}{'CPU':>9}{'starts':>9}{'wall':>10}{'CPU':>9}{'starts':>8}{'times':>8}",
        *rows,
        _row("all", bare_all, ours_all, LEFTOVERS),
        f"{'all, in seconds':<24}{bare_all.wall / 1000:10.1f}{bare_all.cpu / 1000:9.1f}{'':9}"
        f"{ours_all.wall / 1000:10.1f}{ours_all.cpu / 1000:9.1f}",
        "",
        f"a spawn, medians of {ROUNDS} in turns, ms",
        f"{'':<24}{'bare add':>10}{'ours':>10}{'times':>8}",
        *spawns,
    ]


def _parts(whole: int, parts: int) -> list[int]:
    return [whole // parts + (number < whole % parts) for number in range(parts)]


def _leave(field: Field, kind: str, count: int) -> None:
    """What runs leave whose owners die, and bare worktrees with the same in them.

    git makes one of each and the others are copies of it: it reads all that there are for each new one.
    """
    at, home = field.ours, field.place(kind).root / state_name(field.ours.top)
    trees = [(at.top, claim(_record(field, kind, home, number)).tree) for number in range(count)]
    bare = [(field.bare, field.bare_trees(kind) / f"{kind[0]}{number}") for number in range(count)]
    for (repo, first), *others in (trees, bare):
        lock = ("--lock",) if repo == at.top else ()
        git(repo, "worktree", "add", "-q", "--detach", *lock, str(first))
        KINDS[kind](first)
        for _, other in others:
            _copy(repo / ".git" / "worktrees", first, other)


def _copy(noted: Path, tree: Path, other: Path) -> None:
    """A worktree like another (gitrepository-layout(5)), with an index that knows its files."""
    shutil.copytree(tree, other)
    shutil.copytree(noted / tree.name, noted / other.name)
    (noted / other.name / "gitdir").write_text(f"{other}/.git\n")
    (other / ".git").write_text(f"gitdir: {noted / other.name}\n")
    subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=other, check=False)


def _record(field: Field, kind: str, home: Path, number: int) -> Worktree:
    run = f"{kind[0]}{number:07d}"
    return Worktree(
        run=run,
        agent="agent",
        description="",
        name=f"agent-{run}",
        home=str(home),
        top=str(field.ours.top),
        common=str(field.ours.common),
        git_dir="",
        subfolder=".",
        kind="head",
        head=field.ours.head,
        base=field.ours.head,
        pid=1,
        started="of a process that died",
        made_at=time.time(),
        stage=Stage.OPEN,
    )


async def _cleared(field: Field, kind: str, count: int) -> tuple[Cost, Cost]:
    with field.meter.measured() as bare:
        for number in range(count):
            tree = field.bare_trees(kind) / f"{kind[0]}{number}"
            field.meter.bare(tree, "status", "--porcelain")
            field.meter.bare(field.bare, "worktree", "remove", "--force", str(tree))
    with field.meter.measured() as ours:
        found = await gc(field.place(kind))
    assert [each.verdict for each in found] == [Verdict.REMOVED] * count
    assert all(bool(each.kept and each.kept.branch) == (kind != "nothing changed") for each in found)
    return bare, ours


async def _spawns(field: Field) -> tuple[list[Cost], list[Cost]]:
    """Bare and ours in turns, in the repository that has our leftovers."""
    place = replace(field.place("nothing changed"), execute=field.meter.execute)
    bare, ours = [], []
    for number in range(ROUNDS + 1):
        tree = str(field.base / "spawned")
        with field.meter.measured() as cost:
            git(field.ours.top, "worktree", "add", "-q", "--detach", tree)
        bare.append(cost)
        git(field.ours.top, "worktree", "remove", tree)
        with field.meter.measured() as cost:
            made = await create(Wish(folder=field.ours.top, run=f"spawned{number}"), place)
        ours.append(cost)
        assert not (await finish(made, place)).why
    return bare[1:], ours[1:]


def _spawn_row(name: str, bare: list[Cost], ours: list[Cost]) -> str:
    return f"{name:<24}{middle(bare).wall:10.1f}{middle(ours).wall:10.1f}{times(ours, bare):8.2f}"


def _row(name: str, bare: Cost, ours: Cost, count: int) -> str:
    cells = "".join(
        f"{cost.wall / count:10.1f}{cost.cpu / count:9.1f}{cost.started / count:{wide}.1f}"
        for cost, wide in ((bare, 9), (ours, 8))
    )
    return f"{name:<24}{cells}{ours.wall / bare.wall:8.2f}"


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(one.wall + other.wall, one.cpu + other.cpu, one.started + other.started)
