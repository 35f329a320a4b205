"""What is thrown away can be had back, and what cannot is told before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.workspaces.contributions import given, of
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import NOW, made, place_in, record

from subagents.errors import WorkspaceError
from subagents.spec import Base
from subagents.workspaces.putting_back.comparing import Form, difference, size
from subagents.workspaces.putting_back.discarding import discard, lost_with
from subagents.workspaces.putting_back.recommitting import recommit
from subagents.workspaces.worktrees.debris import Verdict, gc
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import noted
from subagents.workspaces.worktrees.placing import Place


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", **{"README": "one\n", ".gitignore": "*.log\n"})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


async def kept(repo: Path, place: Place, **wish):
    """A run whose folder had to stay, for the repository inside it."""
    worktree = await made(repo, place, description="Do it", **wish)
    repository(worktree.tree / "inner")
    write(worktree.tree / "new", "one\n")
    outcome = await finish(worktree, place)
    assert outcome.preserved
    return of(worktree, outcome)


@pytest.mark.parametrize("discards", [False, True])
async def test_what_is_staged_there_alone_is_committed_too(repo: Path, place: Place, discards: bool):
    given_ = await kept(repo, place)
    assert given_.folder is not None
    write(given_.folder / "README", "staged\n")
    git(given_.folder, "add", "README")
    write(given_.folder / "README", "later\n")
    if discards:
        tip = (await discard(given_, place)).tip
    else:
        tip = (await recommit(given_, NOW)).after
    assert (shown(repo, tip, "README"), shown(repo, f"{tip}~", "README")) == (b"later\n", b"staged\n")


async def test_what_git_has_several_versions_of_is_settled_by_hand_first(repo: Path, place: Place):
    given_ = await kept(repo, place)
    assert given_.folder is not None
    _three_versions(given_.folder)
    with pytest.raises(WorkspaceError, match="git has more than one version of 'README' in"):
        await recommit(given_, NOW)


def _three_versions(folder: Path) -> None:
    """As after a merge that conflicts: each side's in the index (git-update-index(1))."""
    blobs = [git(folder, "hash-object", "-w", "--stdin", stdin=text) for text in ("base", "ours", "theirs")]
    rows = "".join(f"100644 {blob} {stage}\tREADME\n" for stage, blob in enumerate(blobs, 1))
    git(folder, "rm", "-q", "--cached", "README")
    git(folder, "update-index", "--index-info", stdin=rows)


async def test_a_branch_goes_and_its_commit_brings_it_back(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    discarded = await discard(given_, place)
    assert git(repo, "branch", "--list", "subagents/*") == ""
    git(repo, "branch", discarded.branch, discarded.tip)
    assert shown(repo, given_.branch, "new") == b"n\n"
    assert (await discard(given_, place)).folder == ""


async def test_what_lies_in_the_folder_is_in_the_commit_that_is_told(repo: Path, place: Place):
    given_ = await kept(repo, place)
    worktree = given_.worktree
    assert worktree is not None
    write(worktree.tree / "later", "l\n")
    assert (await lost_with(given_, place)).repositories == ("inner",)
    discarded = await discard(given_, place)
    assert discarded.folder == str(worktree.tree)
    assert not worktree.tree.exists()
    assert not worktree.file.exists()
    assert git(repo, "worktree", "list").count("\n") == 0
    assert shown(repo, discarded.tip, "later") == b"l\n"
    assert shown(repo, discarded.tip, "new") == b"one\n"


async def test_what_is_archived_is_not_lost(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "out.log", "kept\n")
    at = place.archive / worktree.run
    write(at / "out.log", "kept\n")
    assert (await lost_with(of(worktree), place)).files == ("out.log",)
    noted(worktree, archive=str(at))
    assert (await lost_with(of(worktree), place)).files == ()


async def test_a_run_at_work_is_left_alone(repo: Path, place: Place):
    worktree = await made(repo, place)
    with pytest.raises(WorkspaceError, match="stop it first: subagents stop run00001"):
        await discard(of(worktree), place)
    assert worktree.tree.is_dir()


async def test_a_branch_that_somebody_is_on_stays(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    git(repo, "checkout", "-q", given_.branch)
    with pytest.raises(WorkspaceError, match="is checked out in"):
        await discard(given_, place)
    assert git(repo, "rev-parse", "--abbrev-ref", "HEAD") == given_.branch


@pytest.mark.parametrize("base", [Base.HEAD, Base.SNAPSHOT])
async def test_what_a_kept_folder_holds_goes_onto_its_branch(repo: Path, place: Place, base: Base):
    write(repo / "README", "uncommitted\n")
    given_ = await kept(repo, place, base=base)
    worktree = given_.worktree
    assert worktree is not None
    assert (await recommit(given_, NOW)).before == git(repo, "rev-parse", given_.branch)
    write(worktree.tree / "new", "two\n")
    committed = await recommit(given_, NOW, "By hand")
    assert committed.branch == given_.branch
    assert git(repo, "log", "-1", "--format=%s|%b", given_.branch) == "By hand|Subagents-Run: run00001"
    assert shown(repo, given_.branch, "new") == b"two\n"
    assert git(worktree.tree, "status", "--porcelain") == "?? inner/"
    again = await recommit(of(record(worktree)), NOW)
    assert again.before == again.after == committed.after
    # The lifecycle knows of it: nothing is kept a second time, under another name.
    (finding,) = await gc(place, max_age=-1)
    assert finding.verdict is Verdict.STAYS
    assert git(repo, "branch", "--list", "subagents/*").split() == [given_.branch]
    assert git(repo, "rev-parse", given_.branch) == committed.after


async def test_what_was_committed_in_the_folder_by_hand_comes_along(repo: Path, place: Place):
    given_ = await kept(repo, place)
    worktree = given_.worktree
    assert worktree is not None
    git(worktree.tree, "add", "new")
    git(worktree.tree, "commit", "-q", "-m", "by hand")
    committed = await recommit(given_, NOW)
    assert committed.branch == given_.branch
    assert "by hand" in git(repo, "log", "--format=%s", given_.branch).splitlines()


async def test_without_a_folder_or_while_it_works_nothing_is_committed(repo: Path, place: Place):
    with pytest.raises(WorkspaceError, match="has no folder"):
        await recommit(await given(repo, place, {"new": "n\n"}), NOW)
    with pytest.raises(WorkspaceError, match="is at work in"):
        await recommit(of(await made(repo, place, run="run00002")), NOW)


async def test_a_run_at_work_is_compared_without_a_trace(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "README", "two\n")
    write(worktree.tree / "ä\n", "x\n")
    git(worktree.tree, "add", "README")
    index = Path(worktree.git_dir, "index").read_bytes()
    objects = sorted(path for path in (repo / ".git" / "objects").rglob("*") if path.is_file())
    assert await difference(of(worktree), Form.NAMES) == 'README\n"ä\\n"\n'.encode()
    assert b"-one\n+two\n" in await difference(of(worktree), Form.PATCH)
    assert (await size(of(worktree))).files == 2
    assert Path(worktree.git_dir, "index").read_bytes() == index
    assert sorted(path for path in (repo / ".git" / "objects").rglob("*") if path.is_file()) == objects
    ended = of(worktree, await finish(worktree, place))
    assert await difference(ended, Form.NAMES) == 'README\n"ä\\n"\n'.encode()


@pytest.mark.skipif(sys.platform == "darwin", reason="names on this system's disks are always UTF-8")
async def test_a_name_that_is_no_utf_8_is_written_as_git_quotes_it(repo: Path, place: Place):
    worktree = await made(repo, place)
    (worktree.tree / os.fsdecode(b"caf\xe9")).write_text("one\n")

    assert await difference(of(worktree), Form.NAMES) == b'"caf\\351"\n'
    assert b' "caf\\351" | 1 +\n' in await difference(of(worktree), Form.STAT)
    assert b"caf\xe9" in await difference(of(worktree), Form.PATCH)


async def test_a_snapshot_at_work_is_compared_with_the_snapshot(repo: Path, place: Place):
    write(repo / "README", "uncommitted\n")
    worktree = await made(repo, place, base=Base.SNAPSHOT)
    write(worktree.tree / "new", "x\n")
    assert await difference(of(worktree), Form.NAMES) == b"new\n"
