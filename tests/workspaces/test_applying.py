"""A run's work as uncommitted changes: all of it or nothing, beside what the user has not committed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.contributions import committed, given, state
from tests.workspaces.repositories import git, head, repository, write
from tests.workspaces.trees import NOW, failing, place_in

from subagents.errors import WorkspaceError
from subagents.spec import Base
from subagents.workspaces.putting_back.applying import apply
from subagents.workspaces.worktrees.placing import Place

STRANGE = "sub/ä b\nc.txt"
LINES = [f"{n}\n" for n in range(30)]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {"a": "".join(LINES), "b": "b\n", "gone": "g\n", ".gitignore": "*.log\n", STRANGE: "s\n"}
    return repository(tmp_path / "repo", **files)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


async def test_all_of_it_lies_there_uncommitted_and_nothing_is_staged(repo: Path, place: Place):
    given_ = await given(
        repo, place, {"b": "theirs\n", "gone": None, STRANGE: "x\n", "deep/new": "\0\1bytes"}
    )
    before = head(repo)
    index = (repo / ".git" / "index").read_bytes()
    applied = await apply(given_, NOW)
    assert set(applied.paths) == {"b", "gone", STRANGE, "deep/new"}
    assert head(repo) == before
    assert (repo / ".git" / "index").read_bytes() == index
    assert (repo / "deep" / "new").read_bytes() == b"\0\1bytes"
    assert (repo / STRANGE).read_text() == "x\n"
    assert not (repo / "gone").exists()
    assert (await apply(given_, NOW)).paths == ()


async def test_it_comes_beside_changes_of_the_same_file(repo: Path, place: Place):
    given_ = await given(repo, place, {"a": "".join(["zero\n", *LINES[1:]])})
    committed(repo, "a", "".join([*LINES[:15], "fifteen\n", *LINES[16:]]))
    write(repo / "a", "".join([*LINES[:15], "fifteen\n", *LINES[16:29], "last\n"]))
    await apply(given_, NOW)
    assert (repo / "a").read_text() == "".join(["zero\n", *LINES[1:15], "fifteen\n", *LINES[16:29], "last\n"])


@pytest.mark.parametrize("name", ["b", "untracked", "in-the-way.log"])
async def test_where_one_file_does_not_fit_none_is_changed(repo: Path, place: Place, name: str):
    wish = {"new": "n\n", "gone": None, ".gitignore": "", name: "theirs\n"}
    given_ = await given(repo, place, wish)
    write(repo / name, "ours\n")
    before = state(repo)
    assert (await apply(given_, NOW)).conflicts == (name,)
    assert state(repo) == before


async def test_a_folder_where_a_file_is_to_go_is_in_the_way(repo: Path, place: Place):
    given_ = await given(repo, place, {"b": "theirs\n", "new": "n\n"})
    write(repo / "new" / "inside", "ours\n")
    before = state(repo)
    with pytest.raises(WorkspaceError, match="there is something else at 'new' already"):
        await apply(given_, NOW)
    assert state(repo) == before


async def test_a_change_that_breaks_off_half_way_is_undone(repo: Path, place: Place):
    given_ = await given(repo, place, {"b": "theirs\n", "gone": None, "deep/er/new": "n\n"})
    before = state(repo)
    with pytest.raises(WorkspaceError, match=r"Nothing was applied to .*: fatal: injected"):
        await apply(given_, NOW, failing("apply", after=True))
    assert state(repo) == before
    assert not (repo / "deep").exists()


async def test_nothing_is_written_through_a_link(repo: Path, place: Place, tmp_path: Path):
    given_ = await given(repo, place, {"deep/new": "n\n"})
    (tmp_path / "elsewhere").mkdir()
    (repo / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceError, match="Nothing was applied"):
        await apply(given_, NOW)
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_of_a_snapshot_only_what_the_run_added(repo: Path, place: Place):
    write(repo / "b", "uncommitted\n")
    given_ = await given(repo, place, {"new": "n\n", "a": "short\n"}, base=Base.SNAPSHOT)
    assert set((await apply(given_, NOW)).paths) == {"a", "new"}
    assert git(repo, "status", "--porcelain").splitlines() == [" M a", " M b", "?? new"]
