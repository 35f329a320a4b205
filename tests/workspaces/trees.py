"""A place for worktrees in a test's folder, and a worktree in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from subagents.workspaces.git import Answer, Call, Execute, execute
from subagents.workspaces.ownership import Worktree, read
from subagents.workspaces.placing import Place, Wish, create
from subagents.workspaces.starting import Base

NOW = 1_800_000_000.0


def place_in(folder: Path, **changed: Any) -> Place:
    usual = Place(root=folder / "state" / "worktrees", archive=folder / "archive", now=lambda: NOW)
    return replace(usual, **changed)


async def made(
    repo: Path, place: Place, run: str = "run00001", base: Base = Base.HEAD, **wish: Any
) -> Worktree:
    return await create(Wish(folder=repo, run=run, agent="General", base=base, **wish), place)


def failing(*words: str, said: str = "fatal: injected", after: bool = False) -> Execute:
    """git that fails at calls whose command line has all the words; with `after`, when it has done it."""

    async def run(call: Call) -> Answer:
        hit = all(word in call.argv for word in words)
        answer = await execute(call) if after or not hit else Answer(0)
        return Answer(128, b"", said.encode()) if hit else answer

    return run


def record(worktree: Worktree) -> Worktree:
    found = read(worktree.file)
    assert found is not None
    return found
