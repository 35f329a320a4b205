"""git runs nothing for us that an agent could have set: not when its work is looked at, and not by a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.contributions import of
from tests.workspaces.repositories import git, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in, record, stays

from subagents.errors import WorkspaceError
from subagents.workspaces.putting_back.comparing import Form, difference
from subagents.workspaces.putting_back.recommitting import recommit
from subagents.workspaces.worktrees.life import finish


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.mark.parametrize(
    "setting",
    ["filter.f.clean", "filter.f.process", "merge.f.driver", "diff.f.textconv", "remote.f.uploadpack"],
)
async def test_a_command_that_was_set_meanwhile_is_not_run_and_keeps_the_tree(
    repo: Path, tmp_path: Path, setting: str
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    ran = tmp_path / "ran"
    git(worktree.tree, "config", setting, f"touch {ran}; cat")
    write(worktree.tree / ".gitattributes", "* filter=f diff=f merge=f\n")
    why = await stays(worktree, place)
    assert f"what git runs by its settings is not what it was when the run began ({setting})" in why
    with pytest.raises(WorkspaceError, match="is not what it was"):
        await difference(of(record(worktree)), Form.PATCH, place.execute)
    assert not ran.exists()


async def test_whoever_looked_at_it_lets_it_be_committed(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(repo, "config", "filter.upper.clean", "tr a-z A-Z")
    write(worktree.tree / ".gitattributes", "*.up filter=upper\n")
    write(worktree.tree / "a.up", "abc\n")
    kept = await finish(worktree, place)
    committed = await recommit(of(record(worktree), kept), place.now(), run=place.execute)
    assert shown(repo, committed.branch, "a.up") == b"ABC\n"
    assert (await finish(record(worktree), place)).archived
    assert is_gone(worktree)


async def test_what_came_in_while_another_worktree_is_there_makes_no_new_one(repo: Path, tmp_path: Path):
    """Making one runs filters already, and the agent of the other may have set them."""
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    ran = tmp_path / "ran"
    git(worktree.tree, "config", "filter.f.smudge", f"touch {ran}; cat")
    write(repo / ".git/info/attributes", "* filter=f\n")
    await stays(worktree, place)
    with pytest.raises(WorkspaceError, match=r"when run run00001 began \(filter.f.smudge\)"):
        await made(repo, place, run="run00002")
    assert not ran.exists()
    await recommit(of(record(worktree)), place.now(), run=place.execute)
    await made(repo, place, run="run00003")
    assert ran.exists()


async def test_what_was_set_before_goes_on(repo: Path, tmp_path: Path):
    git(repo, "config", "filter.upper.clean", "tr a-z A-Z")
    git(repo, "config", "filter.upper.smudge", "tr A-Z a-z")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / ".gitattributes", "*.up filter=upper\n")
    write(worktree.tree / "a.up", "abc\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "a.up") == b"ABC\n"
    assert is_gone(worktree)


async def test_a_place_for_objects_that_was_added_meanwhile_keeps_the_tree(repo: Path, tmp_path: Path):
    """They would go with it, and the branch would lead to nothing."""
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(repo / ".git/objects/info/alternates", f"{worktree.tree}/target/objects\n")
    assert "objects/info/alternates" in await stays(worktree, place)
