"""What git still has of a worktree is kept where our own folder was deleted."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, head, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in

from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.worktrees.debris import HOUR, Verdict, gc
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.orphans import orphans
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.placing import Place


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


async def at_work(repo: Path, place: Place) -> Worktree:
    worktree = await made(repo, place)
    write(worktree.tree / "committed", "1\n")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-q", "-m", "by the agent")
    write(worktree.tree / "staged", "2\n")
    git(worktree.tree, "add", "-A")
    return worktree


async def test_a_run_whose_state_was_deleted_has_what_git_knows_on_a_branch(repo: Path, place: Place):
    worktree = await at_work(repo, place)
    shutil.rmtree(place.root)
    kept = await finish(worktree, place)
    assert shown(repo, f"{kept.branch}~", "committed") == b"1\n"
    assert shown(repo, kept.branch, "staged") == b"2\n"
    assert is_gone(worktree)


async def test_a_collection_finds_what_only_git_knows_of(repo: Path, place: Place):
    worktree = await at_work(repo, place)
    base = head(repo)
    shutil.rmtree(place.root)
    (finding,) = await gc(place, repository=await repository_at(repo))
    assert finding.verdict is Verdict.REMOVED
    assert finding.kept is not None
    assert (finding.kept.branch, finding.kept.base) == ("subagents/General-run00001", base)
    assert shown(repo, finding.kept.branch, "staged") == b"2\n"
    assert git(repo, "worktree", "list").count("\n") == 0
    assert is_gone(worktree)


async def test_a_dry_run_only_says_so(repo: Path, place: Place):
    await at_work(repo, place)
    shutil.rmtree(place.root)
    (finding,) = await gc(place, dry_run=True, repository=await repository_at(repo))
    assert finding.verdict is Verdict.EXAMINE
    assert git(repo, "worktree", "list").count("\n") == 1


async def test_those_of_others_and_those_that_are_there_are_nobodys_orphans(
    repo: Path, place: Place, tmp_path: Path
):
    await made(repo, place)
    git(repo, "worktree", "add", "-q", "--lock", "--reason", "mine", str(tmp_path / "theirs"))
    git(repo, "worktree", "add", "-q", "-b", "gone", str(tmp_path / "gone"))
    shutil.rmtree(tmp_path / "theirs")
    shutil.rmtree(tmp_path / "gone")
    known = await repository_at(repo)
    assert orphans(known, place.root) == []
    assert orphans(replace(known, common=tmp_path / "nowhere"), place.root) == []


async def test_what_a_dead_process_left_half_written_goes_when_it_is_old(repo: Path, place: Place):
    worktree = await made(repo, place)
    home = Path(worktree.home)
    old, young, other = (
        write(home / name, "{") for name in (".a.json.01234567", ".b.json.01234567", ".keep")
    )
    os.utime(old, (place.now() - 2 * HOUR,) * 2)
    os.utime(young, (place.now(),) * 2)
    os.utime(other, (place.now() - 2 * HOUR,) * 2)
    await gc(place)
    assert [path.exists() for path in (old, young, other)] == [False, True, True]
