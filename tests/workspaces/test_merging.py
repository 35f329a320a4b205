"""A run's branch, merged: whole, or with nothing changed; never over what the user has not committed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.contributions import committed, given, of, state
from tests.workspaces.repositories import git, head, repository, shown, write
from tests.workspaces.trees import NOW, made, place_in

from subagents.errors import WorkspaceError
from subagents.spec import Base
from subagents.workspaces.git.program import Answer, Call, execute
from subagents.workspaces.git.repository import repository_at
from subagents.workspaces.git.three_way import in_a_worktree, in_memory
from subagents.workspaces.putting_back.how import How
from subagents.workspaces.putting_back.merging import merge
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.placing import Place

STRANGE = "sub/ä b\nc.txt"  # a name with an umlaut, a blank and a line end
LINES = "".join(f"{n}\n" for n in range(20))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "ré po", **{"a": LINES, "b": "b\n", ".gitignore": "*.log\n", STRANGE: "s\n"})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


async def test_a_merge_is_a_commit_with_both_sides_by_the_user_with_our_trailer(repo: Path, place: Place):
    given_ = await given(repo, place, {"a": None, STRANGE: "mine\n", "new": "n\n"})
    before = committed(repo, "b", "bb\n")
    merged = await merge(given_, NOW)
    assert (merged.into, merged.before, merged.after) == ("main", before, head(repo))
    assert (merged.commits, merged.figures.files, merged.conflicts) == (1, 3, ())
    assert git(repo, "log", "-1", "--format=%an|%p|%B").splitlines() == [
        f"A Tester|{before[:7]} {git(repo, 'rev-parse', '--short', given_.branch)}|"
        "Merge subagents/General-run00001: Work of run00001",
        "",
        "Subagents-Run: run00001",
    ]
    assert not (repo / "a").exists()
    assert (repo / STRANGE).read_text() == "mine\n"
    assert git(repo, "status", "--porcelain") == ""
    again = await merge(given_, NOW)
    assert again.before == again.after == head(repo)


async def test_a_squash_is_one_commit_with_one_parent(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    before = committed(repo, "b", "bb\n")
    await merge(given_, NOW, How.SQUASH)
    assert git(repo, "log", "-1", "--format=%P|%s|%(trailers:key=Subagents-Run)") == (
        f"{before}|Work of run00001|Subagents-Run: run00001"
    )


async def test_a_rebase_makes_each_commit_anew_and_keeps_who_wrote_it(repo: Path, place: Place):
    worktree = await made(repo, place)
    write(worktree.tree / "one", "1\n")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-q", "-m", "first of it", "--author=An Agent <agent@example.invalid>")
    write(worktree.tree / "two", "2\n")
    given_ = of(worktree, await finish(worktree, place))
    committed(repo, "b", "bb\n")
    merged = await merge(given_, NOW, How.REBASE)
    assert merged.commits == 2
    assert git(repo, "log", "-3", "--format=%an|%s|%(trailers:key=Subagents-Run,valueonly,separator=)") == (
        "A Tester|Work of General|run00001\nAn Agent|first of it|run00001\nA Tester|mine: 'b'|"
    )


async def test_what_is_there_already_is_left_out_of_a_rebase(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    before = committed(repo, "new", "n\n")
    merged = await merge(given_, NOW, How.REBASE)
    assert (merged.after, head(repo)) == (before, before)


@pytest.mark.parametrize("how", list(How))
async def test_a_conflict_leaves_everything_as_it_was_and_names_the_files(repo: Path, place: Place, how: How):
    given_ = await given(repo, place, {"b": "theirs\n", STRANGE: "theirs\n", "new": "n\n"})
    write(repo / STRANGE, "ours\n")
    committed(repo, "b", "ours\n")
    write(repo / "untracked", "u\n")
    before = state(repo)
    merged = await merge(given_, NOW, how)
    assert set(merged.conflicts) == {"b", STRANGE}
    assert state(repo) == before


async def test_changes_of_tracked_files_refuse_it_and_untracked_ones_do_not(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    write(repo / "untracked", "u\n")
    write(repo / "b", "changed\n")
    before = state(repo)
    with pytest.raises(WorkspaceError, match="and not committed: 'b'"):
        await merge(given_, NOW)
    assert state(repo) == before
    await merge(given_, NOW, anyway=True)
    assert (repo / "b").read_text() == "changed\n"
    assert (repo / "untracked").read_text() == "u\n"
    assert git(repo, "status", "--porcelain").splitlines() == [" M b", "?? untracked"]


@pytest.mark.parametrize("name", ["b", "untracked", "in-the-way.log"])
async def test_nothing_uncommitted_is_ever_written_over(repo: Path, place: Place, name: str):
    worktree = await made(repo, place)
    write(worktree.tree / name, "theirs\n")
    git(worktree.tree, "add", "-f", name)
    git(worktree.tree, "commit", "-q", "-m", "theirs")
    given_ = of(worktree, await finish(worktree, place))
    write(repo / name, "not committed\n")
    before = state(repo)
    with pytest.raises(WorkspaceError, match="was not merged, and main is as it was"):
        await merge(given_, NOW, anyway=True)
    assert state(repo) == before


async def test_a_merge_that_breaks_off_half_way_is_undone(repo: Path, place: Place):
    given_ = await given(repo, place, {"b": "theirs\n", "a": None, "deep/new": "n\n"})
    before = state(repo)

    async def half(call: Call) -> Answer:
        """As a disk that is full after some files."""
        if "--ff-only" not in call.argv:
            return await execute(call)
        write(repo / "b", "theirs\n")
        write(repo / "deep" / "new", "n")
        (repo / "a").unlink()
        return Answer(128, b"", b"fatal: No space left on device")

    with pytest.raises(WorkspaceError, match="main is as it was: fatal: No space left on device"):
        await merge(given_, NOW, run=half)
    assert state(repo) == before
    assert not (repo / "deep").exists()


async def test_another_branch_is_merged_into_without_a_file_being_touched(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    git(repo, "branch", "other")
    write(repo / "b", "changed\n")
    before = state(repo)
    await merge(given_, NOW, into="other")
    assert state(repo) == before
    assert shown(repo, "other", "new") == b"n\n"


async def test_a_branch_that_is_elsewhere_or_nowhere_is_refused(repo: Path, place: Place, tmp_path: Path):
    given_ = await given(repo, place, {"new": "n\n"})
    git(repo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    with pytest.raises(WorkspaceError, match=r"other is checked out in .*linked"):
        await merge(given_, NOW, into="other")
    with pytest.raises(WorkspaceError, match=r"no branch 'nowhere' .* there are main, other, subagents/"):
        await merge(given_, NOW, into="nowhere")
    git(repo, "checkout", "-q", "--detach")
    with pytest.raises(WorkspaceError, match="No branch is checked out"):
        await merge(given_, NOW)


async def test_what_git_is_in_the_middle_of_comes_first(repo: Path, place: Place):
    given_ = await given(repo, place, {"new": "n\n"})
    (repo / ".git" / "MERGE_HEAD").write_text(head(repo))
    with pytest.raises(WorkspaceError, match="in the middle of a merge"):
        await merge(given_, NOW)


async def test_no_hook_is_run(repo: Path, place: Place, tmp_path: Path):
    given_ = await given(repo, place, {"new": "n\n"})
    for name in ("pre-merge-commit", "commit-msg", "post-merge", "reference-transaction", "post-checkout"):
        hook = write(repo / ".git" / "hooks" / name, f"#!/bin/sh\ntouch '{tmp_path}/ran'\nexit 1\n")
        hook.chmod(0o755)
    await merge(given_, NOW)
    assert not (tmp_path / "ran").exists()


async def test_renames_are_followed(repo: Path, place: Place):
    given_ = await given(repo, place, {"a": LINES.replace("5\n", "five\n", 1)})
    git(repo, "mv", "a", "moved")
    git(repo, "commit", "-q", "-m", "moved")
    await merge(given_, NOW)
    assert (repo / "moved").read_text() == LINES.replace("5\n", "five\n", 1)


async def test_of_a_run_in_progress_there_is_no_branch_to_merge(repo: Path, place: Place):
    with pytest.raises(WorkspaceError, match="run00001 is still at work"):
        await merge(of(await made(repo, place)), NOW)


async def test_of_a_run_that_changed_nothing_neither(repo: Path, place: Place):
    with pytest.raises(WorkspaceError, match="run00001 changed nothing"):
        await merge(await given(repo, place, {}), NOW)


async def test_a_snapshot_comes_with_what_it_began_with(repo: Path, place: Place):
    write(repo / "b", "uncommitted\n")
    given_ = await given(repo, place, {"new": "n\n"}, base=Base.SNAPSHOT)
    committed(repo, "b", "uncommitted\n")
    await merge(given_, NOW)
    assert (repo / "new").read_text() == "n\n"
    assert (repo / "b").read_text() == "uncommitted\n"


async def test_a_run_from_a_linked_worktree_goes_back_there(repo: Path, place: Place, tmp_path: Path):
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "-b", "other", str(linked))
    before = state(repo)
    given_ = await given(linked, place, {"new": "n\n"})
    assert (await merge(given_, NOW)).into == "other"
    assert (linked / "new").read_text() == "n\n"
    assert state(repo) == before


async def test_an_older_git_comes_to_the_same_in_a_worktree_that_goes(repo: Path, place: Place):
    clean = await given(repo, place, {"new": "n\n", "a": None})
    torn = await given(repo, place, {STRANGE: "theirs\n"}, run="run00002")
    ours = committed(repo, STRANGE, "ours\n")
    before = state(repo)
    real = (await repository_at(repo)).git()
    for each in (clean, torn):
        old, new = [
            await way(real, ours, git(repo, "rev-parse", each.branch)) for way in (in_a_worktree, in_memory)
        ]
        assert old.conflicts == new.conflicts
        assert old.conflicts or old.tree == new.tree
    assert state(repo) == before
    assert git(repo, "worktree", "list").count("\n") == 0
