"""Commits that an agent makes and leaves are kept below a ref that is no branch."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.contributions import of
from tests.workspaces.repositories import git, head, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in, stays

from subagents.spec import Base
from subagents.workspaces.putting_back.discarding import discard
from subagents.workspaces.worktrees.dropped import REFS
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Worktree
from subagents.workspaces.worktrees.placing import Place, Wish
from subagents.workspaces.worktrees.recovering import put_away

REF = f"{REFS}General-run00001"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def commits(worktree: Worktree, name: str) -> str:
    """A commit with a new file of that name."""
    write(worktree.tree / name, f"{name}\n")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-q", "-m", name)
    return head(worktree.tree)


def resets(worktree: Worktree, to: str = "HEAD~") -> None:
    git(worktree.tree, "reset", "-q", "--hard", to)


@pytest.mark.parametrize("base", [Base.HEAD, Base.SNAPSHOT])
async def test_a_commit_that_was_reset_away_is_kept_and_nothing_else_was_changed(
    repo: Path, place: Place, base: Base
):
    write(repo / "README", "the user's\n")
    worktree = await made(repo, place, base=base)
    lost = commits(worktree, "lost")
    resets(worktree)
    kept = await finish(worktree, place)
    assert (kept.branch == "") is (base is Base.HEAD)
    assert (kept.dropped, git(repo, "rev-parse", REF)) == (REF, lost)
    assert shown(repo, REF, "lost") == b"lost\n"
    assert is_gone(worktree)
    assert git(repo, "fsck", "--connectivity-only", "--no-dangling") == ""


async def test_what_is_on_a_branch_is_not_dropped(repo: Path, place: Place):
    worktree = await made(repo, place)
    commits(worktree, "one")
    git(worktree.tree, "switch", "-q", "-c", "mine")
    commits(worktree, "two")
    git(worktree.tree, "switch", "-q", "--detach", "HEAD~")
    kept = await finish(worktree, place)
    assert (kept.commits, kept.dropped) == (1, "")
    assert git(repo, "for-each-ref", REFS) == ""
    assert shown(repo, "mine", "two") == b"two\n"


async def test_several_lines_are_kept_by_one_ref_and_each_whole(repo: Path, place: Place):
    worktree = await made(repo, place)
    start = head(worktree.tree)
    for line in ("a", "b"):
        commits(worktree, f"{line}1")
        commits(worktree, f"{line}2")
        resets(worktree, start)
    commits(worktree, "kept")
    git(worktree.tree, "commit", "-q", "--amend", "-m", "said better")
    kept = await finish(worktree, place)
    listed = git(repo, "log", "--format=%s", kept.dropped, "--not", "--branches").splitlines()
    assert sorted(listed) == ["Commits that were made and left, by General", "a1", "a2", "b1", "b2", "kept"]
    assert shown(repo, kept.branch, "kept") == b"kept\n"


@pytest.mark.parametrize("ref", ["refs/worktree/saved", "refs/bisect/bad", "refs/rewritten/onto"])
async def test_what_only_refs_of_the_tree_alone_have_is_kept(repo: Path, place: Place, ref: str):
    worktree = await made(repo, place)
    lost = commits(worktree, "lost")
    git(worktree.tree, "update-ref", ref, lost)
    resets(worktree)
    assert (await finish(worktree, place)).dropped == REF
    assert git(repo, "rev-parse", REF) == lost
    assert is_gone(worktree)


async def test_a_repository_that_keeps_no_logs_has_one_there(repo: Path, place: Place):
    git(repo, "config", "core.logAllRefUpdates", "false")
    worktree = await made(repo, place)
    lost = commits(worktree, "lost")
    resets(worktree)
    assert (await finish(worktree, place)).dropped == REF
    assert git(repo, "rev-parse", REF) == lost


@pytest.mark.parametrize("expires", [True, False])
async def test_without_the_whole_log_nobody_knows_what_was_left(repo: Path, place: Place, expires: bool):
    worktree = await made(repo, place)
    commits(worktree, "lost")
    resets(worktree)
    write(worktree.tree / "new", "x\n")
    if expires:
        git(worktree.tree, "reflog", "expire", "--expire=now", "--all")
    else:
        Path(worktree.git_dir, "logs", "HEAD").unlink()
    assert "log of where HEAD was there is not whole" in await stays(worktree, place)
    assert shown(repo, "subagents/General-run00001", "new") == b"x\n"


async def test_the_next_episode_adds_its_own(repo: Path, place: Place):
    worktree = await made(repo, place)
    first = commits(worktree, "first")
    resets(worktree)
    await finish(worktree, place)
    again = await made(repo, place)
    second = commits(again, "second")
    resets(again)
    kept = await finish(again, place)
    assert set(git(repo, "rev-parse", f"{REF}^@").splitlines()) == {first, second}
    third = await made(repo, place)
    assert (await finish(third, place)).dropped == kept.dropped


async def test_a_worktree_deleted_by_hand_still_gives_them(repo: Path, place: Place):
    worktree = await made(repo, place)
    lost = commits(worktree, "lost")
    resets(worktree)
    git(repo, "worktree", "unlock", str(worktree.tree))
    for path in sorted(worktree.tree.rglob("*"), reverse=True):
        path.unlink() if not path.is_dir() else path.rmdir()
    worktree.tree.rmdir()
    assert (await finish(worktree, place)).dropped == REF
    assert git(repo, "rev-parse", REF) == lost


async def test_what_stands_in_gits_log_is_not_believed(repo: Path, place: Place):
    worktree = await made(repo, place)
    log = Path(worktree.git_dir, "logs", "HEAD")
    blob = git(repo, "rev-parse", "HEAD:README")
    gone = "1" * 40
    whole = log.read_text()
    write(log, f"{whole}{gone} {gone} a <a> 1 +0000\tx\n--all --output=x y\n\0{gone} {gone} \n")
    assert (await finish(worktree, place)).dropped == ""
    other = await made(repo, place, run="run00002")
    write(Path(other.git_dir, "logs", "HEAD"), f"{whole}{gone} {blob} a <a> 1 +0000\tx\n")
    assert (await finish(other, place)).dropped == ""


async def test_where_it_cannot_be_told_the_worktree_stays(repo: Path, place: Place):
    worktree = await made(repo, place)
    log = Path(worktree.git_dir, "logs", "HEAD")
    log.unlink()
    log.mkdir()
    assert "not a regular file" in await stays(worktree, place)


async def test_they_are_told_of_after_a_crash_and_go_with_what_is_discarded(repo: Path, place: Place):
    worktree = await made(repo, place)
    lost = commits(worktree, "lost")
    resets(worktree)
    kept = await finish(worktree, place)
    wish = Wish(folder=repo, run="run00001", agent="General")
    assert await put_away(wish, place, kept.base) == kept
    discarded = await discard(of(worktree, kept), place)
    assert (discarded.ref, discarded.dropped) == (REF, lost)
    assert git(repo, "for-each-ref", REFS) == ""


# --- the stash, which all trees share


@pytest.mark.parametrize("base", [Base.HEAD, Base.SNAPSHOT])
async def test_what_was_stashed_there_is_kept_and_told_and_the_stash_is_as_it_was(
    repo: Path, place: Place, base: Base
):
    write(repo / "README", "the user's\n")
    git(repo, "stash")
    write(repo / "README", "the user's again\n")
    worktree = await made(repo, place, base=base)
    write(worktree.tree / "README", "the agent's\n")
    write(worktree.tree / "new", "the agent's too\n")
    git(worktree.tree, "stash", "push", "-q", "--include-untracked", "-m", "for later")
    before = git(repo, "stash", "list", "--format=%H %gd %gs")
    stashed = git(repo, "rev-parse", "stash@{0}")
    kept = await finish(worktree, place)
    assert (kept.dropped, kept.why, git(repo, "rev-parse", REF)) == (REF, "", stashed)
    assert is_gone(worktree)
    assert git(repo, "stash", "list", "--format=%H %gd %gs") == before
    git(repo, "stash", "clear")
    assert shown(repo, REF, "README") == b"the agent's\n"
    assert shown(repo, f"{REF}^3", "new") == b"the agent's too\n"


async def test_each_of_several_stashes_is_kept_also_from_its_own_commits(repo: Path, place: Place):
    worktree = await made(repo, place)
    for name in ("one", "two"):
        commits(worktree, name)
        write(worktree.tree / "README", f"{name}, stashed\n")
        git(worktree.tree, "stash")
    all_of_them = set(git(repo, "stash", "list", "--format=%H").split())
    kept = await finish(worktree, place)
    git(repo, "stash", "clear")
    assert (kept.dropped, kept.commits, is_gone(worktree)) == (REF, 2, True)
    assert all_of_them <= set(git(repo, "rev-list", REF).split())


async def test_what_the_user_stashed_is_not_the_agents(repo: Path, place: Place):
    git(repo, "switch", "-q", "--detach")
    write(repo / "README", "on another line\n")
    git(repo, "commit", "-q", "-a", "-m", "the user's")
    elsewhere = head(repo)
    git(repo, "switch", "-q", "-")
    worktree = await made(repo, place)
    write(repo / "README", "on a branch\n")
    git(repo, "stash")
    git(repo, "switch", "-q", "--detach", elsewhere)
    write(repo / "README", "from another commit\n")
    git(repo, "stash")
    assert (await finish(worktree, place)).dropped == ""
    assert git(repo, "for-each-ref", REFS) == ""


async def test_a_commit_that_only_the_stash_leads_to_is_kept(repo: Path, place: Place):
    worktree = await made(repo, place)
    lost = commits(worktree, "lost")
    git(worktree.tree, "switch", "-q", "-c", "mine")
    write(worktree.tree / "README", "stashed\n")
    git(worktree.tree, "stash")
    git(worktree.tree, "switch", "-q", "--detach", "HEAD~")
    git(worktree.tree, "branch", "-q", "-D", "mine")
    assert (await finish(worktree, place)).dropped == REF
    git(repo, "stash", "clear")
    assert git(repo, "rev-parse", REF) == lost
