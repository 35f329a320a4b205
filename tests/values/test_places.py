"""Where things live: the project's root, the user's folder, the state that is kept out of both."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subagents.errors import SessionError
from subagents.places import (
    is_in_worktree,
    project_at,
    project_root,
    state_home,
    state_name,
    user_home,
    worktree_around,
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    _git(root, "init", "-q")
    _git(root, "commit", "-q", "--allow-empty", "-m", "first")
    return root


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, timeout=60)


def test_the_nearest_subagents_folder_makes_the_project(tmp_path: Path):
    inner = tmp_path / "outer" / "inner"
    (inner / "deep").mkdir(parents=True)
    (inner / ".subagents").mkdir()
    (tmp_path / "outer" / ".subagents").mkdir()
    assert project_root(inner / "deep") == inner
    assert project_root(tmp_path / "outer") == tmp_path / "outer"


def test_without_one_the_repository_is_the_project(repository: Path):
    (repository / "src").mkdir()
    assert project_root(repository / "src") == repository


def test_a_linked_worktree_belongs_to_its_repository(repository: Path, tmp_path: Path):
    _git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert project_root(tmp_path / "side") == repository
    assert project_at(tmp_path / "side") == project_at(repository)


def test_a_git_file_that_names_no_worktree_is_a_root_of_its_own(tmp_path: Path):
    for name, text in (("submodule", "gitdir: ../.git/modules/submodule\n"), ("empty", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".git").write_text(text)
    assert project_root(tmp_path / "submodule") == tmp_path / "submodule"
    assert project_root(tmp_path / "empty") == tmp_path / "empty"


def test_without_either_the_folder_itself_is_the_project(tmp_path: Path):
    assert project_root(tmp_path / "gone") == tmp_path / "gone"


def test_the_users_own_folder_makes_no_project_of_the_home(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUBAGENTS_HOME", str(home / ".subagents"))
    (home / ".subagents").mkdir()
    (home / "notes").mkdir()
    assert project_root(home / "notes") == home / "notes"


# --- what others own

ME = os.getuid()
SOMEBODY = ME + 1


def others(*paths: Path) -> Callable[[Path], int]:
    """Somebody owns these, and I everything else."""
    return lambda path: SOMEBODY if path in paths else ME


def test_a_folder_of_somebody_else_above_makes_no_project(tmp_path: Path):
    (tmp_path / ".subagents").mkdir()
    (tmp_path / "work").mkdir()
    assert project_root(tmp_path / "work", others(tmp_path / ".subagents")) == tmp_path / "work"
    assert project_root(tmp_path / "work", others()) == tmp_path


def test_nor_does_one_above_the_repository_but_one_within_does(repository: Path):
    (repository / "src").mkdir()
    above, within = repository.parent / ".subagents", repository / ".subagents"
    above.mkdir()
    assert project_root(repository / "src", others(above)) == repository
    assert project_root(repository / "src", others()) == repository.parent
    within.mkdir()
    assert project_root(repository / "src", others(above, within)) == repository


def test_ones_own_further_up_counts_past_that_of_somebody_else(tmp_path: Path):
    deep = tmp_path / "middle" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / ".subagents").mkdir()
    (tmp_path / "middle" / ".subagents").mkdir()
    assert project_root(deep, others(tmp_path / "middle" / ".subagents")) == tmp_path


def test_a_folder_of_somebody_else_is_a_project_to_who_works_in_it(tmp_path: Path):
    (tmp_path / ".subagents").mkdir()
    assert project_root(tmp_path, others(tmp_path, tmp_path / ".subagents")) == tmp_path


def test_a_repository_of_somebody_else_above_is_none_unless_all_is_theirs(repository: Path):
    """Else a repository made in /tmp would be everybody's, with what stands in it."""
    source, git = repository / "src", repository / ".git"
    source.mkdir()
    (repository / ".subagents").mkdir()
    assert project_root(source, others(git, repository / ".subagents")) == source
    assert project_root(source, others(git, repository / ".subagents", source)) == repository


def test_state_is_kept_out_of_the_project_and_apart_for_each(tmp_path: Path):
    one, two = (project_at(tmp_path / name / "app") for name in ("one", "two"))
    assert one.state != two.state
    assert one.state.parent == state_home()
    assert not one.state.is_relative_to(one.root)
    assert one.sessions == one.state / "sessions"


def test_a_state_folders_name_can_be_read_and_typed():
    assert state_name(Path("/home/me/my app!")).startswith("my-app-")
    assert state_name(Path("/")).startswith("root-")
    assert state_name(Path("/x/" + "long" * 50)).count("long") == 10


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SUBAGENTS_STATE": "/state"}, "/state"),
        ({"XDG_STATE_HOME": "/xdg"}, "/xdg/subagents"),
        ({"XDG_STATE_HOME": "relative"}, "~/.local/state/subagents"),
        ({}, "~/.local/state/subagents"),
    ],
)
def test_where_the_state_is(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch):
    _only(variables, monkeypatch)
    assert state_home() == Path(expected).expanduser()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SUBAGENTS_HOME": "~/mine"}, "~/mine"),
        ({"XDG_CONFIG_HOME": "/xdg"}, "/xdg/subagents"),
        ({}, "~/.config/subagents"),
    ],
)
def test_where_the_users_folder_is(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch):
    _only(variables, monkeypatch)
    assert user_home() == Path(expected).expanduser()


def test_asking_where_things_are_makes_nothing(tmp_path: Path, home: Path):
    before = sorted(home.iterdir())
    project = project_at(tmp_path)
    assert not project.folder.exists()
    assert not project.state.exists()
    assert sorted(home.iterdir()) == before


def _only(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUBAGENTS_STATE", "SUBAGENTS_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("variable", ["SUBAGENTS_HOME", "SUBAGENTS_STATE", "HOME"])
def test_what_is_the_users_is_nowhere_relative(variable: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("SUBAGENTS_STATE", "SUBAGENTS_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "here")
    ask = state_home if variable == "SUBAGENTS_STATE" else user_home
    with pytest.raises(SessionError, match=f"{variable}='here.*give an absolute"):
        ask()


def test_of_the_state_directory_only_worktrees_hold_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUBAGENTS_STATE", str(tmp_path))
    repository = tmp_path / "shop-123/worktrees/shop-123"
    assert is_in_worktree(repository / "general-abc/sub")
    assert is_in_worktree(repository / "general-abc")
    assert worktree_around(repository / "general-abc/sub/b") == repository / "general-abc"
    for other in (
        repository,
        repository.parent,
        tmp_path,
        tmp_path / "shop-123/sessions/a/b",
        Path("/srv/a/b/c/d"),
    ):
        assert not is_in_worktree(other)
