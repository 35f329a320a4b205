"""What a measured stretch costs: seconds, processor time, and how often git was started; the latter two are the same on
a machine that others use as well."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from subagents.workspaces.git.program import Answer, Call, execute

IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")


@dataclass
class Cost:
    """Milliseconds on the clock and of processors (this process and its ended children); starts of git."""

    wall: float = 0.0
    cpu: float = 0.0
    started: int = 0


class Meter:
    """Adds up what happens in `measured`. Its `execute` is git that counts its starts; `bare` counts too."""

    def __init__(self) -> None:
        self._started = 0

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        cost, began, cpu, started = Cost(), time.perf_counter(), _cpu(), self._started
        yield cost
        cost.wall = (time.perf_counter() - began) * 1000
        cost.cpu = (_cpu() - cpu) * 1000
        cost.started = self._started - started

    async def execute(self, call: Call) -> Answer:
        self._started += 1
        return await execute(call)

    def bare(self, folder: Path, *arguments: str) -> None:
        """git as a script would start it."""
        self._started += 1
        git(folder, *arguments)


def _cpu() -> float:
    """Seconds, of user and system."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        round(statistics.median(cost.started for cost in costs)),
    )


def times(ours: Sequence[Cost], bare: Sequence[Cost]) -> float:
    """How many times as long ours took: the median of the pairs, each of which met the same machine."""
    return statistics.median(one.wall / other.wall for one, other in zip(ours, bare, strict=True))


def repository(folder: Path, files: int, lines: int = 100) -> Path:
    """One with a commit of so many files."""
    for number in range(files):
        path = folder / f"package{number % 50}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {number}\n" + "value = 'some text in a line of code'\n" * lines)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, *IDENTITY, "commit", "-q", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
