"""Drawing the tree of a thousand agents, beside Rich's own tree without any figures, overflow or order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median

import msgspec
from rich.console import Console
from rich.tree import Tree as RichTree

from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.testing.facts import replied, spawned, started, state_after
from subagents.view.tree import TreeMode, tree

RUNS = 1_000
ROUNDS = 9
WIDTH, HEIGHT = 100, 40


def runs() -> list[RunState]:
    """A forest of ten trees with a hundred agents each, on average."""
    chance = random.Random(7)
    run = RunId("aaaaaaaa")
    one = next(iter(state_after(spawned(run), started(run), replied(run)).runs.values()))
    made: list[RunState] = []
    for number in range(RUNS):
        parent = None if number < 10 else made[chance.randrange(max(0, number - 200), number)].id
        made.append(
            msgspec.structs.replace(one, id=RunId(f"r{number:07}"), parent=parent, handle=f"explore-{number}")
        )
    return made


def ours(known: list[RunState], mode: TreeMode) -> None:
    lines = tree(known, now=known[0].progress_at, width=WIDTH, height=HEIGHT, mode=mode).lines
    assert HEIGHT - 1 <= len(lines) <= HEIGHT  # one that needs two finds no room in the last


def in_a_row(known: list[RunState]) -> list[RunState]:
    """The same, each below the one before: the deepest tree there can be."""
    above = [None, *(run.id for run in known)]
    return [msgspec.structs.replace(run, parent=parent) for run, parent in zip(known, above, strict=False)]


def focused(known: list[RunState]) -> None:
    drawn = tree(
        known, now=known[0].progress_at, width=WIDTH, height=HEIGHT, mode=TreeMode.FOCUSED, focus=known[0].id
    )
    assert len(drawn.lines) == HEIGHT


def plain(known: list[RunState]) -> None:
    """All of it, one line each, by the library alone."""
    branches = {None: RichTree("Agents")}
    for run in known:
        branches[run.id] = branches[run.parent].add(f"{run.handle}  {run.spec.description}")  # type: ignore[index]
    console = Console(width=WIDTH)
    console.render_lines(branches[None])


def milliseconds(draw: Callable[[], None]) -> float:
    draw()
    taken = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        draw()
        taken.append((time.perf_counter() - before) * 1000)
    return median(taken)


def table() -> list[str]:
    known = runs()
    row = in_a_row(known)
    ways: dict[str, Callable[[], None]] = {
        "rich, 40 lines": lambda: ours(known, TreeMode.RICH),
        "compact, 40 lines": lambda: ours(known, TreeMode.COMPACT),
        "focused, all in a row, 40 lines": lambda: focused(row),
        "rich.tree.Tree, all lines": lambda: plain(known),
    }
    lines = [f"Drawing {RUNS:,} agents, median of {ROUNDS}:", "", "| Way | ms |", "|---|---|"]
    return [*lines, *(f"| {name} | {milliseconds(way):.1f} |" for name, way in ways.items())]
