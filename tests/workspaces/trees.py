"""A place for worktrees in a test's folder, and a worktree in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.workspaces.repositories import repository

from subagents.spec import Base
from subagents.workspaces.git.program import Answer, Call, Execute, execute
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Worktree, read
from subagents.workspaces.worktrees.placing import Place, Wish, create

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


def checkout(folder: Path) -> Path:
    """The repository of most stories."""
    ignored = "*.log\nsecret\n.env\n"
    return repository(folder / "repo", **{"README": "one\n", "sub/a.txt": "a\n", ".gitignore": ignored})


def is_gone(worktree: Worktree) -> bool:
    """Whether nothing is left of it, with us or with git."""
    return not list(Path(worktree.home).iterdir()) and not Path(worktree.git_dir).exists()


def everything(folder: Path) -> dict[str, bytes]:
    """Each file of a folder, but for what git writes down of the worktrees."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git/worktrees" not in str(path)
    }


async def stays(worktree: Worktree, place: Place) -> str:
    """Why it had to stay, when it is finished."""
    kept = await finish(worktree, place)
    assert kept.preserved == str(worktree.tree)
    assert worktree.tree.is_dir()
    assert record(worktree).stage == "kept"
    return kept.why
