"""What git prints, read, whatever the names."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.workspaces.repositories import git, repository, write

from subagents.workspaces.git.output import (
    Change,
    Figures,
    Flagged,
    changes,
    figures,
    flags,
    joined,
    names,
)

STATUS = ("status", "--porcelain=v2", "-z", "--untracked-files=all")


def status(folder: Path) -> dict[str, Change]:
    return {change.path: change for change in changes(git(folder, *STATUS).encode())}


def test_every_kind_of_change_is_told(tmp_path: Path):
    repo = repository(tmp_path / "repo", **{"a b": "1\n", "moved": "2\n" * 9, "gone": "3\n", "twice": "4\n"})
    write(repo / "a b", "other\n")
    git(repo, "mv", "moved", "new\nname")
    (repo / "gone").unlink()
    write(repo / "twice", "staged\n")
    git(repo, "add", "twice")
    write(repo / "twice", "unstaged\n")
    write(repo / "ünträcked", "")
    found = status(repo)
    assert {name: (each.staged, each.unstaged) for name, each in found.items()} == {
        "a b": (".", "M"),
        "moved": ("D", "."),
        "new\nname": ("R", "."),
        "gone": (".", "D"),
        "twice": ("M", "M"),
        "ünträcked": ("?", "?"),
    }
    assert [name for name, each in found.items() if each.twice] == ["twice"]


def test_a_repository_inside_is_told_from_a_file(tmp_path: Path):
    repo = repository(tmp_path / "repo")
    repository(repo / "inner")
    assert status(repo)["inner/"].nested


def test_what_is_unmerged_is_a_change(tmp_path: Path):
    repo = repository(tmp_path / "repo", f="1\n")
    git(repo, "checkout", "-q", "-b", "side")
    write(repo / "f", "2\n")
    git(repo, "commit", "-qam", "two")
    git(repo, "checkout", "-q", "main")
    write(repo / "f", "3\n")
    git(repo, "commit", "-qam", "three")
    git(repo, "merge", "side", check=False)
    assert status(repo)["f"] == Change("f", "U", "U")


def test_figures_count_binary_files_without_lines():
    assert figures(b"3\t1\ta\tb\0-\t-\tpicture\0" + b"1\t0\tx\ny\0") == Figures(3, 4, 1)
    assert figures(b"") == Figures()


def test_files_that_git_was_told_not_to_look_at_are_found():
    found = flags(b"H a\0h b\0S c\0s d\0")
    assert found[0] == Flagged("H", "a")
    assert [each.path for each in found if each.hidden] == ["b", "c", "d"]


@given(st.lists(st.binary(min_size=1).filter(lambda name: b"\0" not in name)))
def test_names_go_in_and_out_as_they_are(given_names):
    assert [name.encode("utf-8", "surrogateescape") for name in names(b"\0".join(given_names))] == given_names
    assert names(joined(names(b"\0".join(given_names)))) == names(b"\0".join(given_names))
