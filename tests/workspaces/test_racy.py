"""An edit in the second of the checkout that leaves a file's size as it was is work like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.repositories import repository, shown, write
from tests.workspaces.trees import made, place_in

from subagents.workspaces.worktrees.keeping import prepare
from subagents.workspaces.worktrees.life import finish


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", README="one\n")


async def test_our_index_is_as_old_as_the_one_it_is_a_copy_of(repo: Path, tmp_path: Path):
    worktree = await made(repo, place_in(tmp_path))
    prepare(worktree)
    assert worktree.index.stat().st_mtime_ns == Path(worktree.git_dir, "index").stat().st_mtime_ns


async def test_such_an_edit_is_on_the_branch(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "README", "two\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "README") == b"two\n"
