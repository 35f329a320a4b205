"""Repositories that are not as most are, and surroundings that would lead git elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, head, repository, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in

from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.removing import make_deletable


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


async def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path):
    inner = repository(tmp_path / "inner", f="x")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "module")
    place = place_in(tmp_path)
    worktree = await made(repo / "module", place)
    assert (worktree.tree / "f").read_text() == "x"
    write(worktree.tree / "new", "y")
    kept = await finish(worktree, place)
    assert shown(repo / "module", kept.branch, "new") == b"y"
    assert is_gone(worktree)


async def test_an_agents_worktree_is_a_checkout_for_the_agents_that_it_starts(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    parent = await made(repo, place, run="parent01")
    git(parent.tree, "commit", "-q", "--allow-empty", "-m", "by the parent")
    write(parent.tree / "unfinished", "x")
    child = await made(parent.tree, place, run="child001")
    assert (child.base, child.top, child.missing) == (head(parent.tree), str(parent.tree), ("unfinished",))
    write(child.tree / "new", "y")
    kept = await finish(child, place)
    assert shown(repo, kept.branch, "new") == b"y"
    assert (await finish(parent, place)).branch == "subagents/General-parent01"
    assert is_gone(parent)


async def test_variables_of_git_and_a_language_around_us_lead_nowhere(
    repo: Path, tmp_path: Path, monkeypatch
):
    other = repository(tmp_path / "other", other="x")
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_COMMON_DIR": str(other / ".git"),
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
    }.items():
        monkeypatch.setenv(name, value)
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.delenv(name)
    assert shown(repo, kept.branch, "new") == b"x"
    assert git(other, "branch", "--list", "subagents/*") == ""
    assert is_gone(worktree)


async def test_folders_that_nothing_may_be_deleted_from_can_be_deleted(tmp_path: Path):
    inner = write(tmp_path / "tree/a/b/file", "x").parent
    (tmp_path / "tree/link").symlink_to(tmp_path)
    before = tmp_path.stat().st_mode
    for folder in (inner, inner.parent):
        folder.chmod(0o555)
    home = os.open(tmp_path, os.O_RDONLY)
    make_deletable(home, "tree")
    os.close(home)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (inner, inner.parent)} == {0o700}
    assert tmp_path.stat().st_mode == before


async def test_the_record_and_all_that_is_ours_stand_outside_of_the_tree(repo: Path, tmp_path: Path):
    """So that a sandbox can give the agent its tree, and of the repository only `objects` and `worktrees/<name>`."""
    worktree = await made(repo, place_in(tmp_path))
    ours = (worktree.file, worktree.aside, worktree.objects, worktree.index)
    assert all(path.parent == worktree.tree.parent for path in ours)
    assert Path(worktree.git_dir) == repo / ".git/worktrees" / worktree.tree.name
    assert sorted(path.name for path in worktree.tree.iterdir()) == [".git", ".gitignore", "README", "sub"]
    for name in ("commondir", "gitdir"):
        Path(worktree.git_dir, name).chmod(0o444)
    (worktree.tree / ".git").chmod(0o444)
    git(worktree.tree, "commit", "-q", "--allow-empty", "-m", "with those read-only")
