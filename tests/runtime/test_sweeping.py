"""When a session is opened, worktrees that nobody needs any more are put away in the background."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from tests.runtime.test_worktrees import BOUND, Editing, kept, managed, nothing, spawned, told
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import made, place_in

from subagents.clock import SystemClock
from subagents.places import project_at
from subagents.workspaces.worktrees.debris import DAY
from subagents.workspaces.worktrees.ownership import noted, read
from subagents.workspaces.worktrees.placing import Place

pytestmark = pytest.mark.anyio


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def place_of(repo: Path, tmp_path: Path) -> Place:
    """Where the project's worktrees are."""
    return place_in(tmp_path, root=project_at(repo).worktrees, now=SystemClock().now)


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def test_what_a_dead_owner_of_any_session_left_goes_to_its_branch(repo: Path, tmp_path: Path):
    worktree = await made(repo, place_of(repo, tmp_path))
    write(worktree.tree / "new", "x\n")
    noted(worktree, started="gone")
    async with managed(repo, Editing(nothing)):
        await until(lambda: not worktree.file.exists())
    assert shown(repo, "subagents/General-run00001", "new") == b"x\n"
    assert git(repo, "worktree", "list").count("\n") == 0


async def test_what_somebody_is_at_stays_and_so_does_what_another_session_kept(repo: Path, tmp_path: Path):
    place = place_of(repo, tmp_path)
    used = await made(repo, place)
    other = await made(repo, place, run="run00002")
    noted(other, stage="kept", why="as a test wants it", made_at=0.0, started="gone")
    dead = noted(await made(repo, place, run="run00003"), started="gone")
    async with managed(repo, Editing(nothing)):
        await until(lambda: not dead.file.exists())
    assert used.tree.is_dir()
    assert other.tree.is_dir()


async def test_what_was_kept_for_too_long_goes_and_the_run_says_so(repo: Path):
    def cloning(folder: Path) -> None:
        repository(folder / "inner")
        write(folder / "new", "x\n")

    async with AsyncExitStack() as stack:
        manager = await stack.enter_async_context(managed(repo, Editing(cloning)))
        run, session = await spawned(manager), manager.session
        await told(manager, run)
        folder = Path(kept(manager, run).preserved)
    record = read(folder.with_name(f"{folder.name}.json"))
    assert record is not None
    shutil.rmtree(folder / "inner")
    noted(record, made_at=SystemClock().now() - 31 * DAY)
    async with managed(repo, Editing(nothing), session=session) as again:
        await until(lambda: not kept(again, run).preserved)
        now = kept(again, run)
    assert not folder.exists()
    assert (now.why, now.files) == ("", 1)


async def test_a_folder_that_cannot_be_read_spoils_nothing(repo: Path, tmp_path: Path):
    place = place_of(repo, tmp_path)
    dead = noted(await made(repo, place), started="gone")
    broken = await made(repo, replace(place), run="run00002")
    write(broken.file, "{")
    async with managed(repo, Editing(nothing)) as manager:
        await until(lambda: not dead.file.exists())
        assert "Worktree: nothing was changed" in await told(manager, await spawned(manager))
    assert broken.tree.is_dir()
