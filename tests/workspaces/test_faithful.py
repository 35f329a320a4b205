"""What a branch would not give back byte for byte is in the archive, or keeps the worktree."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import is_gone, made, place_in, stays

from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import noted

ID = b"$Id: what the agent wrote $\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", **{"README": "one\n", ".gitattributes": "*.c ident\n*.txt text\n"})


async def test_line_ends_and_idents_that_git_changes_are_archived_as_they_were(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "id.c", ID)
    write(worktree.tree / "dos.txt", b"a\r\nb\r\n")
    write(worktree.tree / "unix.txt", b"a\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "dos.txt") == b"a\nb\n"
    archived = {path.name: path.read_bytes() for path in Path(kept.archived).iterdir()}
    assert archived == {"id.c": ID, "dos.txt": b"a\r\nb\r\n"}
    assert is_gone(worktree)


async def test_what_a_filter_gives_back_is_on_the_branch_alone(repo: Path, tmp_path: Path):
    """As with large files: git has something else, and a checkout writes what was there."""
    git(repo, "config", "filter.rot.clean", "tr a-z b-za")
    git(repo, "config", "filter.rot.smudge", "tr b-za a-z")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / ".gitattributes", "*.rot filter=rot\n")
    write(worktree.tree / "a.rot", "abc\n")
    kept = await finish(worktree, place)
    assert (shown(repo, kept.branch, "a.rot"), kept.archived) == (b"bcd\n", "")
    assert is_gone(worktree)


@pytest.mark.parametrize("beside", [False, True])
async def test_what_a_filter_takes_away_is_archived_though_git_sees_no_difference(
    repo: Path, tmp_path: Path, beside: bool
):
    """As filters do that strip the output of notebooks."""
    git(repo, "config", "filter.strip.clean", "grep -v OUTPUT")
    write(repo / ".gitattributes", "*.nb filter=strip\n*.bat text eol=lf\n")
    write(repo / "a.nb", "code\n")
    write(repo / "b.bat", "line\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "notebooks")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "a.nb", "code\nOUTPUT precious\n")
    write(worktree.tree / "b.bat", b"line\r\n")
    if beside:
        write(worktree.tree / "new", "x\n")
    kept = await finish(worktree, place)
    assert bool(kept.branch) is beside
    archived = {path.name: path.read_bytes() for path in Path(kept.archived).iterdir()}
    assert archived == {"a.nb": b"code\nOUTPUT precious\n", "b.bat": b"line\r\n"}
    assert is_gone(worktree)


async def test_what_nobody_touched_is_not_compared(repo: Path, tmp_path: Path, monkeypatch):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    later = noted(worktree, ready=worktree.ready + 10**12)
    monkeypatch.setattr("subagents.workspaces.git.faithful._blob", lambda *_: "another")
    assert (await finish(later, place)).archived == ""


async def test_too_much_of_it_keeps_the_worktree(repo: Path, tmp_path: Path):
    place = place_in(tmp_path, archived=3)
    worktree = await made(repo, place)
    write(worktree.tree / "dos.txt", b"a\r\nb\r\n")
    assert "1 files that no branch has, of 6 bytes (dos.txt …)" in await stays(worktree, place)


async def test_links_and_odd_names_are_compared_too(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "line\nend.c", "plain\n")
    (worktree.tree / "dos.txt").symlink_to("no where")
    kept = await finish(worktree, place)
    assert (kept.files, kept.archived) == (2, "")
    assert is_gone(worktree)
