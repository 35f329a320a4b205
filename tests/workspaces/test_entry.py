"""What git keeps for a worktree, damaged by whoever works in it: git does not wait, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in, stays

from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.placing import Place

pytestmark = pytest.mark.anyio

BRANCH = "subagents/General-run00001"
ENOUGH = 20.0  # seconds; git's own bound is longer


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def folder(path: Path) -> None:
    gone(path)
    write(path / "inside", "x\n")


def pipe(path: Path) -> None:
    gone(path)
    os.mkfifo(path)


def endless(path: Path) -> None:
    gone(path)
    path.symlink_to("/dev/zero")


def strange(path: Path) -> None:
    gone(path)
    path.write_bytes(b"\0\xff/nowhere" * 100)


@pytest.mark.parametrize("name", ["gitdir", "commondir"])
@pytest.mark.parametrize("damage", [gone, folder, pipe, endless, strange])
async def test_its_ways_to_tree_and_repository_are_known_whatever_is_written_there(
    repo: Path, place: Place, name: str, damage: Callable[[Path], None]
):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    damage(Path(worktree.git_dir, name))
    with anyio.fail_after(ENOUGH):
        kept = await finish(worktree, place)
    assert (kept.branch, kept.why, is_gone(worktree)) == (BRANCH, "", True)
    assert shown(repo, BRANCH, "new") == b"x\n"


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
async def test_a_pipe_that_git_would_read_in_a_folder_of_the_tree_has_nothing_to_keep(
    repo: Path, place: Place, name: str
):
    worktree = await made(repo, place)
    write(worktree.tree / "sub/new", "x\n")
    pipe(worktree.tree / "sub" / name)
    (worktree.tree / name).unlink(missing_ok=True)
    (worktree.tree / name).symlink_to("sub/new")
    with anyio.fail_after(ENOUGH):
        kept = await finish(worktree, place)
    assert (kept.branch, kept.why, is_gone(worktree)) == (BRANCH, "", True)
    assert shown(repo, BRANCH, "sub/new") == b"x\n"
    assert shown(repo, BRANCH, name) == b"sub/new"


@pytest.mark.parametrize("name", ["HEAD", "logs/HEAD"])
async def test_a_pipe_in_place_of_what_git_reads_keeps_the_folder_and_nobody_waits(
    repo: Path, place: Place, name: str
):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    pipe(Path(worktree.git_dir, name))
    with anyio.fail_after(ENOUGH):
        assert await stays(worktree, place)
    assert (worktree.tree / "new").read_text() == "x\n"
    assert git(repo, "worktree", "list")


@pytest.mark.parametrize("name", ["gitdir", "commondir", "HEAD"])
async def test_another_worktree_is_made_while_there_is_a_pipe_in_one(repo: Path, place: Place, name: str):
    worktree = await made(repo, place)
    pipe(Path(worktree.git_dir, name))
    with anyio.fail_after(ENOUGH):
        other = await made(repo, place, run="run00002")
        write(other.tree / "new", "x\n")
        kept = await finish(other, place)
    assert shown(repo, kept.branch, "new") == b"x\n"
    assert worktree.tree.is_dir()


async def test_a_tree_that_took_its_name_at_git_is_left_to_whom_it_belongs(repo: Path, place: Place):
    worktree = await made(repo, place)
    other = worktree.tree.with_name("moved")
    git(repo, "worktree", "unlock", str(worktree.tree))
    git(repo, "worktree", "move", str(worktree.tree), str(other))
    write(other / "new", "x\n")
    with anyio.fail_after(ENOUGH):
        assert (await finish(worktree, place)).why
    assert git(other, "status", "--porcelain") == "?? new"


async def test_an_entry_that_is_a_link_now_is_not_touched(repo: Path, place: Place, tmp_path: Path):
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    entry = Path(worktree.git_dir)
    entry.rename(tmp_path / "elsewhere")
    entry.symlink_to(tmp_path / "elsewhere")
    assert "is a link now" in await stays(worktree, place)
    assert (worktree.tree / "new").exists()


async def test_settings_of_the_tree_are_not_written_through_a_link(repo: Path, place: Place, tmp_path: Path):
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(repo, "config", "--worktree", "core.sparseCheckout", "false")
    worktree = await made(repo, place)
    assert worktree.configuration is not None
    theirs = write(tmp_path / "theirs", "keep\n")
    gone(Path(worktree.git_dir, "config.worktree"))
    Path(worktree.git_dir, "config.worktree").symlink_to(theirs)
    write(worktree.tree / "new", "x\n")
    kept = await finish(worktree, place)
    assert (theirs.read_text(), kept.branch, is_gone(worktree)) == ("keep\n", BRANCH, True)


@pytest.mark.parametrize("of_ours", [True, False])
async def test_commits_that_were_made_through_another_entry_keep_the_folder(
    repo: Path, place: Place, tmp_path: Path, of_ours: bool
):
    worktree = await made(repo, place)
    entry = Path(worktree.git_dir).with_name("second")
    if of_ours:
        shutil.copytree(worktree.git_dir, entry)
    else:
        entry = repository(tmp_path / "other") / ".git"
    write(worktree.tree / ".git", f"gitdir: {entry}\n")
    lost = write(worktree.tree / "lost", "x\n")
    git(worktree.tree, "add", "lost")
    git(worktree.tree, "commit", "-q", "-m", "there")
    lost.unlink()
    assert f"its .git leads to {entry}" in await stays(worktree, place)
    assert shown(worktree.tree, "HEAD", "lost") == b"x\n"
