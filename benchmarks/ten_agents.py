"""Ten agents at once in one repository, each in a worktree of its own: beside one after another, and beside bare git.

Each writes three files, commits, edits one more and ends; its work is then on a branch and the worktree gone. Ours is
the whole way: runs of a manager that are spawned, stored, given their worktree, and put away with the proof that
nothing is lost. Bare is what a script would do of it: `git worktree add`, the same edits, two commits, a branch, and
`git worktree remove`. Several of these at once meet each other's half-made worktrees and fail; the script tries them
again, as we do, and how often is told.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from benchmarks.counting import IDENTITY, Cost, Meter, git, middle, repository, times
from subagents.bootstrap import AgentManager
from subagents.events import Entry, WorkspaceClosed
from subagents.ids import RunId
from subagents.runners.base import RunContext
from subagents.settings.model import Settings
from subagents.spec import RunSpec, SpawnRequest

AGENTS = 10
FILES = (100, 500)
ROUNDS = 3
TRIES = 50  # of a bare call


def _worked(tree: Path) -> None:
    """What an agent does: every one other files."""
    for number in range(3):
        path = tree / f"package{number}" / f"{tree.name}-{number}.py"
        path.write_text(f"number = {number}\n")
    git(tree, "add", "-A")
    git(tree, *IDENTITY, "commit", "-q", "-m", "by the agent")
    (tree / "package0" / "module0.py").write_text(f"# by {tree.name}\n")


@dataclass
class Working:
    """A runner whose agents do that, and answer."""

    folder: Path | None = None

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Working]:
        yield Working(context.directory)

    async def prompt(self, text: str | None) -> str:
        assert self.folder is not None
        await anyio.to_thread.run_sync(_worked, self.folder)
        return "done"

    def steer(self, steer: str, text: str) -> bool:
        return False


class Ours:
    """Runs of a manager, and when their worktrees are put away."""

    def __init__(self, manager: AgentManager) -> None:
        self._manager = manager
        self._closed: dict[RunId, anyio.Event] = {}
        manager.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        if isinstance(entry.event, WorkspaceClosed):
            self._event(entry.event.run).set()

    def _event(self, run: RunId) -> anyio.Event:
        return self._closed.setdefault(run, anyio.Event())

    async def one(self) -> None:
        wish = SpawnRequest(agent="Explore", prompt="go", isolation="worktree")
        run = await self._manager.spawn(wish)
        await self._event(run).wait()
        kept = self._manager.state.run(run).kept
        assert kept is not None, run
        assert (kept.commits, kept.files, kept.why) == (2, 4, ""), kept

    async def at_once(self) -> None:
        await _at_once([self.one] * AGENTS)

    async def in_turn(self) -> None:
        for _ in range(AGENTS):
            await self.one()


class Bare:
    """The same by a script. `name` tells rounds apart."""

    def __init__(self, repo: Path, trees: Path) -> None:
        self._repo, self._trees = repo, trees
        self._made = 0
        self.failed = 0

    def _one(self, name: str) -> None:
        tree = self._trees / name
        self._again("add", "-q", "--detach", str(tree))
        _worked(tree)
        git(tree, "add", "-A")
        git(tree, *IDENTITY, "commit", "-q", "-m", "what was left")
        git(tree, "branch", f"bare/{name}")
        self._again("remove", str(tree))

    def _again(self, *arguments: str) -> None:
        for _ in range(TRIES):
            try:
                return git(self._repo, "worktree", *arguments)
            except subprocess.CalledProcessError:
                self.failed += 1
        raise TimeoutError(arguments)

    def _names(self) -> list[str]:
        self._made += AGENTS
        return [f"agent{self._made + number}" for number in range(AGENTS)]

    async def at_once(self) -> None:
        await _at_once([partial(anyio.to_thread.run_sync, self._one, name) for name in self._names()])

    async def in_turn(self) -> None:
        for name in self._names():
            await anyio.to_thread.run_sync(self._one, name)


async def _at_once(what: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    async with anyio.create_task_group() as tasks:
        for each in what:
            tasks.start_soon(each)


def table() -> Iterator[str]:
    yield f"{AGENTS} agents, each in a worktree of its own; medians of {ROUNDS} in turns, ms for all of them"
    yield f"{'':<26}{'bare git':>20}{'ours':>20}"
    yield f"{'repository':<26}{'wall':>11}{'CPU':>9}{'wall':>11}{'CPU':>9}{'times':>9}"
    for files in FILES:
        with tempfile.TemporaryDirectory() as folder:
            costs, failed = anyio.run(_costs, Path(os.path.realpath(folder)), files)
        for name in ("at once", "in turn"):
            yield _row(f"{files:,} files, {name}", costs[f"bare {name}"], costs[f"ours {name}"])
        yield f"(bare git failed {failed} times of {2 * AGENTS * 2 * (ROUNDS + 1)} calls of `worktree`; ours never)"


def _row(name: str, bare: list[Cost], ours: list[Cost]) -> str:
    cells = "".join(f"{cost.wall:11.0f}{cost.cpu:9.0f}" for cost in (middle(bare), middle(ours)))
    return f"{name:<26}{cells}{times(ours, bare):9.2f}"


async def _costs(base: Path, files: int) -> tuple[Mapping[str, list[Cost]], int]:
    repo = repository(base / "repo", files)
    bare_repo = Path(shutil.copytree(repo, base / "bare"))
    git(bare_repo, "update-index", "-q", "--refresh")
    bare = Bare(bare_repo, base / "trees")
    os.environ["SUBAGENTS_STATE"] = str(base / "state")
    settings = Settings(max_concurrent=AGENTS)
    async with AgentManager.open(repo, settings=settings, runners={"native": Working()}) as manager:
        ours = Ours(manager)
        ways = {
            "bare at once": bare.at_once,
            "ours at once": ours.at_once,
            "bare in turn": bare.in_turn,
            "ours in turn": ours.in_turn,
        }
        costs: dict[str, list[Cost]] = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, way in ways.items():
                with Meter().measured() as cost:
                    await way()
                costs[name].append(cost)
    return {name: each[1:] for name, each in costs.items()}, bare.failed
