"""What was done in a worktree is kept on a branch and in the archive, and the worktree goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, head, shown, tracked, write
from tests.workspaces.trees import checkout, everything, is_gone, made, place_in, record

from subagents.runs.kept import KeptWork
from subagents.workspaces.worktrees.life import finish


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


# --- keeping


async def test_q5_without_changes_nothing_is_left(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    assert await finish(worktree, place) == KeptWork(repository=str(repo), base=head(repo))
    assert is_gone(worktree)
    assert git(repo, "branch", "--list", "subagents/*") == ""
    assert await finish(worktree, place) == KeptWork(repository=str(repo), base=head(repo))


async def test_q9_commits_staged_unstaged_and_untracked_work_are_all_on_the_branch(
    repo: Path, tmp_path: Path
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    tree = worktree.tree
    write(tree / "committed", "1\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "by the agent")
    write(tree / "staged", "2\n")
    git(tree, "add", "staged")
    write(tree / "README", "3\n")
    write(tree / "sub/untracked", "4\n")
    kept = await finish(worktree, place, "Does things")
    assert (kept.commits, kept.files, kept.insertions, kept.deletions) == (2, 4, 4, 1)
    assert tracked(repo, kept.branch) >= {"committed", "staged", "sub/untracked"}
    assert git(repo, "log", "--format=%s", "-2", kept.branch).splitlines() == ["Does things", "by the agent"]
    assert is_gone(worktree)


async def test_what_was_staged_and_then_changed_again_is_a_commit_of_its_own(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "README", "staged\n")
    git(worktree.tree, "add", "README")
    write(worktree.tree / "README", "later\n")
    kept = await finish(worktree, place, "Two")
    assert shown(repo, kept.branch, "README") == b"later\n"
    assert shown(repo, f"{kept.branch}~", "README") == b"staged\n"
    assert is_gone(worktree)


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
async def test_what_was_staged_is_found_behind_what_git_was_told_not_to_look_at(
    repo: Path, tmp_path: Path, option: str
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "README", "staged\n")
    git(worktree.tree, "add", "README")
    git(worktree.tree, "update-index", option, "README")
    write(worktree.tree / "README", "later\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "README") == b"later\n"
    assert shown(repo, f"{kept.branch}~", "README") == b"staged\n"


async def test_a_repository_with_long_names_of_commits_is_one_too(tmp_path: Path):
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "--object-format=sha256")
    git(repo, "commit", "-q", "--allow-empty", "-m", "first")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "new") == b"x\n"
    assert len(git(repo, "rev-parse", kept.branch)) == 64
    assert is_gone(worktree)


@pytest.mark.parametrize("commits_there", [False, True])
async def test_what_the_user_commits_on_the_branch_that_it_stands_on_is_not_undone(
    repo: Path, tmp_path: Path, commits_there: bool
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    branch = git(repo, "symbolic-ref", "--short", "HEAD")
    git(worktree.tree, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    write(worktree.tree / "agents", "x\n")
    if commits_there:
        git(worktree.tree, "add", "-A")
        git(worktree.tree, "commit", "-q", "-m", "by the agent, on the user's branch")
        git(repo, "reset", "-q", "--hard")
        write(worktree.tree / "more", "x\n")
    write(repo / "users", "y\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "by the user")
    kept = await finish(worktree, place)
    assert git(repo, "diff", "--name-status", worktree.base, kept.branch).splitlines() == [
        "A\tagents",
        *(["A\tmore"] if commits_there else []),
    ]
    git(repo, "merge", "-q", "--no-edit", kept.branch)
    assert (repo / "users").read_text() == "y\n"
    assert is_gone(worktree)


async def test_commits_alone_are_kept(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "commit", "-q", "--allow-empty", "-m", "empty")
    kept = await finish(worktree, place)
    assert (kept.commits, kept.files) == (1, 0)
    assert is_gone(worktree)


async def test_a_head_that_was_moved_back_is_work(repo: Path, tmp_path: Path):
    git(repo, "commit", "-q", "--allow-empty", "-m", "second")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "reset", "-q", "--hard", "HEAD~")
    write(worktree.tree / "new", "")
    kept = await finish(worktree, place)
    assert kept.branch
    assert is_gone(worktree)


async def test_a_history_of_its_own_is_kept(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "checkout", "-q", "--orphan", "fresh")
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "new") == b"x"


async def test_q15_a_machine_without_an_identity_commits_all_the_same(
    repo: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    Path(os.environ["HOME"], ".gitconfig").unlink(missing_ok=True)
    git(repo, "config", "user.useConfigOnly", "true")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert git(repo, "log", "-1", "--format=%an <%ae>", kept.branch) == "subagents <subagents@localhost>"


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("two\nlines\r\nand more", "two lines and more"),
        ("-m --amend", "-m --amend"),
        ('it\'s "quoted" $(touch x) `touch y`', 'it\'s "quoted" $(touch x) `touch y`'),
        ("\x1b[31mred\x00 \ud800", "[31mred \ufffd"),
        ("x" * 500, "x" * 200),
        ("  \n ", "Work of General"),
        ("# no comment", "# no comment"),
    ],
)
async def test_q13_the_subject_is_one_line_whatever_the_description_holds(
    repo: Path, tmp_path: Path, description: str, line: str
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place, description)
    assert git(repo, "log", "-1", "--format=%s", kept.branch) == line
    assert not list(worktree.tree.parent.glob("[xy]"))


async def test_a_branch_that_there_is_already_is_left_alone(repo: Path, tmp_path: Path):
    git(repo, "branch", "subagents/General-run00001")
    git(repo, "commit", "-q", "--allow-empty", "-m", "more")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    assert (await finish(worktree, place)).branch == "subagents/General-run00001-2"


async def test_a_branch_called_subagents_is_no_obstacle(repo: Path, tmp_path: Path):
    git(repo, "branch", "subagents")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    assert (await finish(worktree, place)).branch == "subagents-General-run00001"


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
async def test_what_git_was_told_not_to_look_at_is_found(repo: Path, tmp_path: Path, option: str):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "update-index", option, "README")
    write(worktree.tree / "README", "hidden\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "README") == b"hidden\n"
    assert is_gone(worktree)


async def test_a_stale_lock_of_the_agents_git_is_no_obstacle(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(Path(worktree.git_dir, "index.lock"), "")
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert (kept.files, kept.preserved) == (1, "")


async def test_names_that_look_like_patterns_are_names(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    names = {":(exclude)x", "*.[ab]", "-n", "a\tb", "ü", 'q"', "line\nend", "!x"}
    for name in names:
        write(worktree.tree / name, "x")
    os.close(os.open(os.fsencode(worktree.tree) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))
    kept = await finish(worktree, place)
    assert names | {"\udcff\udcfe"} <= tracked(repo, kept.branch)
    assert is_gone(worktree)


async def test_a_folder_that_became_a_file_or_a_link_is_kept(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    (worktree.tree / "sub/a.txt").unlink()
    (worktree.tree / "sub").rmdir()
    (worktree.tree / "sub").symlink_to("/etc")
    (worktree.tree / "README").unlink()
    write(worktree.tree / "README/inside", "x")
    kept = await finish(worktree, place)
    assert {"sub", "README/inside"} <= tracked(repo, kept.branch)
    assert is_gone(worktree)


# --- ignored files


async def test_ignored_files_go_to_the_archive_and_what_is_worth_nothing_goes(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / ".gitignore", "*.log\n__pycache__\nnode_modules\n")
    git(worktree.tree, "commit", "-qam", "ignores")
    write(worktree.tree / "run.log", "precious")
    write(worktree.tree / "__pycache__/x.pyc", "x")
    write(worktree.tree / "sub/node_modules/a/b.js", "x")
    kept = await finish(worktree, place)
    assert is_gone(worktree)
    assert everything(Path(kept.archived)) == {"run.log": b"precious"}


async def test_ignored_files_that_are_too_large_keep_the_worktree(repo: Path, tmp_path: Path):
    place = place_in(tmp_path, archived=1000)
    worktree = await made(repo, place)
    write(worktree.tree / "big.log", "x" * 1001)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert kept.branch
    assert kept.preserved == str(worktree.tree)
    assert "1 ignored files of 1,001 bytes ('big.log' …)" in kept.why or "big.log" in kept.why
    assert (worktree.tree / "big.log").stat().st_size == 1001
    assert record(worktree).why == kept.why
