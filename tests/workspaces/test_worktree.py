"""A worktree's life, told with real repositories: made beside the user's checkout, worked in, kept, removed."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, head, repository, shown, tracked, write
from tests.workspaces.trees import failing, made, place_in, record

from subagents.errors import WorkspaceError
from subagents.workspaces.removing import make_deletable
from subagents.workspaces.starting import Base
from subagents.workspaces.worktree import Kept, finish


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "repo", README="one\n", **{"sub/a.txt": "a\n", ".gitignore": "*.log\nsecret\n.env\n"}
    )


def is_gone(worktree) -> bool:
    names = [path.name for path in Path(worktree.home).iterdir()]
    return not names and not Path(worktree.git_dir).exists()


# --- making


async def test_it_has_the_repositorys_files_at_its_head_outside_of_the_checkout(repo: Path, tmp_path: Path):
    worktree = await made(repo, place_in(tmp_path), run="test-id-1")
    assert (worktree.tree / "README").read_text() == "one\n"
    assert worktree.base == worktree.head == head(repo) == head(worktree.tree)
    assert not worktree.tree.is_relative_to(repo)
    assert worktree.tree.name == "General-test-id-1"
    assert git(worktree.tree, "branch", "--show-current") == ""


async def test_it_is_locked_with_the_reason_while_it_is_in_use(repo: Path, tmp_path: Path):
    worktree = await made(repo, place_in(tmp_path))
    assert "locked in use by the subagents run run00001" in git(repo, "worktree", "list", "--porcelain")
    assert record(worktree).owned


async def test_two_of_the_same_id_do_not_collide(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    first, second = await made(repo, place), await made(repo, place)
    assert first.tree != second.tree
    assert second.tree.is_dir()


async def test_a_subfolder_stays_the_same_subfolder(repo: Path, tmp_path: Path):
    (repo / "fresh").mkdir()
    place = place_in(tmp_path)
    assert (await made(repo / "sub", place)).root.joinpath("a.txt").is_file()
    assert (await made(repo / "fresh", place, run="other")).root.is_dir()


async def test_a_checkout_behind_a_link_is_found_all_the_same(repo: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(repo / "sub")
    worktree = await made(tmp_path / "link", place_in(tmp_path))
    assert (worktree.top, worktree.subfolder) == (str(repo), "sub")


@pytest.mark.parametrize("name", ["with space", "line\nend", "ünïcode ☃", "-dash", "quote'\"", "co:lon"])
async def test_a_repository_may_be_called_anything(tmp_path: Path, name: str):
    repo = repository(tmp_path / name, **{f"file {name}": "x"})
    write(repo / f"new {name}", "mine")
    place = place_in(tmp_path)
    worktree = await made(repo, place, base=Base.SNAPSHOT)
    write(worktree.tree / f"by agent {name}", "y")
    kept = await finish(worktree, place)
    assert (kept.preserved, kept.files) == ("", 1)
    assert shown(repo, kept.branch, f"by agent {name}") == b"y"
    assert is_gone(worktree)


async def test_the_users_hooks_do_not_run(repo: Path, tmp_path: Path):
    for name in ("post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction"):
        hook = write(repo / ".git/hooks" / name, f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\nexit 1\n")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert kept.branch == "subagents/General-run00001"
    assert not list(tmp_path.glob("ran-*"))


async def test_the_users_uncommitted_paths_are_known(repo: Path, tmp_path: Path):
    write(repo / "README", "changed")
    write(repo / "new\nfile", "x")
    worktree = await made(repo, place_in(tmp_path))
    assert set(worktree.missing or ()) == {"README", "new\nfile"}
    assert (worktree.tree / "README").read_text() == "one\n"


async def test_ignored_files_that_are_named_come_along_and_go_unless_they_were_changed(
    repo: Path, tmp_path: Path
):
    write(repo / ".worktreeinclude", ".env\n/cache.log\n")
    write(repo / ".env", "KEY=1")
    write(repo / "sub/.env", "KEY=2")
    write(repo / "cache.log", "cached")
    write(repo / "other.log", "not named")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    assert (worktree.tree / ".env").read_text() == "KEY=1"
    assert (worktree.tree / "sub/.env").read_text() == "KEY=2"
    assert not (worktree.tree / "other.log").exists()
    write(worktree.tree / "sub/.env", "KEY=3")
    kept = await finish(worktree, place)
    assert is_gone(worktree)
    assert [path.name for path in Path(kept.archived).rglob("*") if path.is_file()] == [".env"]
    assert Path(kept.archived, "sub/.env").read_text() == "KEY=3"


# --- refusing


async def refused(folder: Path, tmp_path: Path, base: Base = Base.HEAD) -> str:
    place = place_in(tmp_path)
    with pytest.raises(WorkspaceError) as error:
        await made(folder, place, base=base)
    assert not [path for path in place.root.rglob("*") if path.is_file()]
    return str(error.value)


async def test_a_folder_in_no_repository_is_refused(tmp_path: Path):
    (tmp_path / "plain").mkdir()
    assert "it is in no git repository. Make it a repository (git init)" in await refused(
        tmp_path / "plain", tmp_path
    )


async def test_a_repository_without_a_commit_is_refused(tmp_path: Path):
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    assert "no commit yet. Make one (git commit) first." in await refused(tmp_path / "new", tmp_path)


async def test_a_bare_repository_is_refused(repo: Path, tmp_path: Path):
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    assert "its repository is bare" in await refused(tmp_path / "bare", tmp_path)


async def test_gits_own_folder_is_refused(repo: Path, tmp_path: Path):
    assert "inside a repository's own `.git` folder" in await refused(repo / ".git", tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="giving a folder to somebody else is root's")
async def test_a_repository_of_another_user_is_refused_until_it_is_trusted(repo: Path, tmp_path: Path):
    os.chown(repo, 4321, 4321)
    os.chown(repo / ".git", 4321, 4321)
    said = await refused(repo, tmp_path)
    assert "belongs to another user" in said
    assert "git config --global --add safe.directory" in said
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(repo))
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert (kept.files, kept.preserved) == (1, "")


async def test_a_default_branch_that_there_is_not_is_refused(repo: Path, tmp_path: Path):
    git(repo, "config", "init.defaultBranch", "nothing")
    git(repo, "branch", "-m", "work")
    assert "no default branch" in await refused(repo, tmp_path, Base.DEFAULT_BRANCH)


async def test_what_fails_later_leaves_nothing_behind(repo: Path, tmp_path: Path):
    full = place_in(
        tmp_path, execute=failing("worktree", "add", said="fatal: No space left on device", after=True)
    )
    with pytest.raises(WorkspaceError, match=r"could not be made: .*No space left on device"):
        await made(repo, full)
    assert [path.name for path in full.root.rglob("*") if path.is_file()] == []
    assert git(repo, "worktree", "list").count("\n") == 0


# --- the base


async def test_the_default_branch_is_the_remotes(repo: Path, tmp_path: Path):
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", "-b", "work")
    git(clone, "commit", "-q", "--allow-empty", "-m", "more")
    worktree = await made(clone, place_in(tmp_path), base=Base.DEFAULT_BRANCH)
    assert worktree.base == head(repo)


async def test_a_detached_head_is_a_base(repo: Path, tmp_path: Path):
    git(repo, "checkout", "-q", "--detach")
    git(repo, "commit", "-q", "--allow-empty", "-m", "on nothing")
    assert (await made(repo, place_in(tmp_path))).base == head(repo)


def everything(folder: Path) -> dict[str, bytes]:
    """Each file of a folder, but for what git writes down of the worktrees."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git/worktrees" not in str(path)
    }


async def test_a_snapshot_has_the_users_work_and_leaves_no_trace_in_the_checkout(repo: Path, tmp_path: Path):
    write(repo / "README", "staged\n")
    git(repo, "add", "README")
    write(repo / "README", "edited\n")
    write(repo / "untracked", "new\n")
    write(repo / "noise.log", "ignored")
    (repo / "sub/a.txt").unlink()
    (repo / "link").symlink_to("README")
    before = everything(repo)
    place = place_in(tmp_path)
    worktree = await made(repo, place, base=Base.SNAPSHOT)
    assert everything(repo) == before
    tree = worktree.tree
    assert (tree / "README").read_text() == "edited\n"
    assert (tree / "untracked").read_text() == "new\n"
    assert (tree / "link").readlink() == Path("README")
    assert not (tree / "sub/a.txt").exists()
    assert not (tree / "noise.log").exists()
    assert head(tree) == head(repo)
    assert git(repo, "gc", "--prune=now", "-q") == ""
    assert await finish(worktree, place) == Kept(repository=str(repo), base=worktree.base)
    assert is_gone(worktree)


async def test_work_on_a_snapshot_is_a_commit_on_that_of_the_users_work(repo: Path, tmp_path: Path):
    write(repo / "README", "edited\n")
    place = place_in(tmp_path)
    worktree = await made(repo, place, base=Base.SNAPSHOT)
    write(worktree.tree / "by-agent", "1\n2\n")
    kept = await finish(worktree, place, "Adds a file")
    assert (kept.commits, kept.files, kept.insertions, kept.deletions) == (1, 1, 2, 0)
    assert git(repo, "log", "--format=%s", kept.branch).splitlines() == [
        "Adds a file",
        "Uncommitted work that this began with",
        "first",
    ]
    assert git(repo, "fsck", "--connectivity-only", check=True) == ""
    assert is_gone(worktree)


async def test_a_snapshot_of_nothing_is_the_commit(repo: Path, tmp_path: Path):
    assert (await made(repo, place_in(tmp_path), base=Base.SNAPSHOT)).base == head(repo)


# --- keeping


async def test_without_changes_nothing_is_left(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    assert await finish(worktree, place) == Kept(repository=str(repo), base=head(repo))
    assert is_gone(worktree)
    assert git(repo, "branch", "--list", "subagents/*") == ""
    assert await finish(worktree, place) == Kept(repository=str(repo), base=head(repo))


async def test_commits_staged_unstaged_and_untracked_work_are_all_on_the_branch(repo: Path, tmp_path: Path):
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


async def test_a_machine_without_an_identity_commits_all_the_same(repo: Path, tmp_path: Path, monkeypatch):
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
async def test_the_subject_is_one_line_whatever_the_description_holds(
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


# --- what cannot be proven stays


async def stays(worktree, place) -> str:
    kept = await finish(worktree, place)
    assert kept.preserved == str(worktree.tree)
    assert worktree.tree.is_dir()
    assert record(worktree).stage == "kept"
    return kept.why


async def test_a_repository_inside_it_stays_with_it(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    repository(worktree.tree / "inner", precious="x")
    git(worktree.tree, "init", "-q", "sub/empty")
    write(worktree.tree / "new", "x")
    assert "'inner', 'sub/empty' are repositories of their own inside it" in await stays(worktree, place)
    assert "new" in tracked(repo, "subagents/General-run00001")
    assert (worktree.tree / "inner/precious").read_text() == "x"


async def test_a_submodule_that_was_filled_stays(repo: Path, tmp_path: Path):
    inner = repository(tmp_path / "inner", f="x")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "module")
    git(repo, "commit", "-qam", "module")
    place = place_in(tmp_path)
    untouched = await made(repo, place, run="other")
    assert (await finish(untouched, place)).preserved == ""
    worktree = await made(repo, place)
    git(worktree.tree, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    write(worktree.tree / "module/work", "x")
    assert "'module' are repositories of their own" in await stays(worktree, place)


async def test_files_in_the_place_of_an_empty_submodule_go_to_the_archive(repo: Path, tmp_path: Path):
    inner = repository(tmp_path / "inner", f="x")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "module")
    git(repo, "commit", "-qam", "module")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "module/work", "x")
    kept = await finish(worktree, place)
    assert kept.preserved or everything(Path(kept.archived)) == {"module/work": b"x"}


async def test_a_tree_whose_git_file_was_replaced_is_found_by_our_own_record(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    (worktree.tree / ".git").unlink()
    git(worktree.tree, "init", "-q")
    git(worktree.tree, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    write(worktree.tree / "new", "x")
    assert "'.' are repositories of their own" in await stays(worktree, place)
    assert shown(repo, "subagents/General-run00001", "new") == b"x"
    assert not (tmp_path / "ran").exists()


async def test_settings_that_the_agent_wrote_for_its_tree_run_nothing(repo: Path, tmp_path: Path):
    git(repo, "config", "extensions.worktreeConfig", "true")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(worktree.tree, "config", "--worktree", "filter.x.clean", f"touch {tmp_path}/ran")
    write(worktree.tree / ".gitattributes", "* filter=x\n")
    write(worktree.tree / "new", "x")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "new") == b"x"
    assert not (tmp_path / "ran").exists()


async def test_a_rebase_in_the_middle_stays(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "README", "theirs\n")
    git(worktree.tree, "commit", "-qam", "theirs")
    git(worktree.tree, "checkout", "-q", "-b", "mine", "HEAD~")
    write(worktree.tree / "README", "mine\n")
    git(worktree.tree, "commit", "-qam", "mine")
    git(worktree.tree, "rebase", "HEAD@{1}", check=False)
    git(worktree.tree, "rebase", worktree_reflog(worktree), check=False)
    assert "git is in the middle of a rebase there" in await stays(worktree, place)


def worktree_reflog(worktree) -> str:
    return git(worktree.tree, "log", "-g", "--format=%H", "--grep-reflog=commit: theirs", "-1", "HEAD")


async def test_a_filter_that_is_needed_and_missing_keeps_the_tree(repo: Path, tmp_path: Path):
    """As with LFS: pointers come along as they are, and what cannot be turned into one stays in the folder."""
    write(repo / ".gitattributes", "*.bin filter=lfs\n")
    write(repo / "old.bin", "version https://git-lfs.github.com/spec/v1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "pointers")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(repo, "config", "filter.lfs.clean", "no-such-program clean -- %f")
    git(repo, "config", "filter.lfs.required", "true")
    write(worktree.tree / "new.bin", "large")
    assert "failed" in await stays(worktree, place)
    git(repo, "config", "--remove-section", "filter.lfs")
    kept = await finish(record(worktree), place)
    assert (kept.preserved, kept.why) == ("", "")
    assert shown(repo, kept.branch, "new.bin") == b"large"


async def test_a_sparse_checkout_keeps_what_was_made_outside_of_it(tmp_path: Path):
    repo = repository(tmp_path / "repo", **{"in/a": "1\n", "out/b": "2\n"})
    git(repo, "sparse-checkout", "set", "--cone", "in")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    assert (worktree.tree / "in/a").is_file()
    write(worktree.tree / "out/b", "changed\n")
    write(worktree.tree / "out/new", "x\n")
    kept = await finish(worktree, place)
    assert (kept.files, kept.preserved) == (2, "")
    assert shown(repo, kept.branch, "out/b") == b"changed\n"
    assert tracked(repo, kept.branch) == {"in/a", "out/b", "out/new"}


async def test_names_that_differ_in_case_are_two_where_the_disk_thinks_so(repo: Path, tmp_path: Path):
    git(repo, "config", "core.ignoreCase", "true")
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    if worktree.ignores_case:
        return
    write(worktree.tree / "readme", "another\n")
    kept = await finish(worktree, place)
    assert shown(repo, kept.branch, "readme") == b"another\n"


async def test_a_worktree_that_was_deleted_by_hand_still_gives_its_commits(repo: Path, tmp_path: Path):
    import shutil

    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    git(worktree.tree, "add", "-A")
    git(worktree.tree, "commit", "-qm", "mine")
    write(worktree.tree / "staged", "y")
    git(worktree.tree, "add", "-A")
    shutil.rmtree(worktree.tree)
    kept = await finish(worktree, place)
    assert tracked(repo, kept.branch) >= {"new", "staged"}
    assert (kept.preserved, kept.why) == ("", "")
    assert is_gone(worktree)


async def test_one_that_was_removed_with_git_is_gone(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    git(repo, "worktree", "remove", "-f", "-f", str(worktree.tree))
    assert await finish(worktree, place) == Kept(repository=str(repo), base=head(repo))
    assert is_gone(worktree)


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("add", "--all"),
        ("write-tree",),
        ("commit-tree",),
        ("update-ref",),
        ("ls-files",),
        ("diff-tree",),
        ("rev-list",),
        ("rev-parse",),
        ("diff-index",),
        ("worktree", "remove"),
    ],
    ids=" ".join,
)
async def test_every_step_of_git_may_fail_and_nothing_is_lost(
    repo: Path, tmp_path: Path, words: tuple[str, ...]
):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    kept = await finish(
        worktree, replace(place, execute=failing(*words, said="fatal: No space left on device"))
    )
    assert "No space left" in kept.why
    if kept.preserved:
        assert Path(kept.preserved, "new").read_text() == "x"
    else:
        assert shown(repo, kept.branch, "new") == b"x"
    again = await finish(record(worktree), place)
    assert (again.preserved, again.why) == ("", "")
    assert shown(repo, again.branch, "new") == b"x"
    assert again.branch == "subagents/General-run00001"
    assert is_gone(worktree)


async def test_a_link_in_the_place_of_the_folder_above_is_not_followed(repo: Path, tmp_path: Path):
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    home = Path(worktree.home)
    home.rename(tmp_path / "elsewhere")
    victim = tmp_path / "victim" / worktree.name
    write(victim / "precious", "x")
    home.symlink_to(tmp_path / "victim")
    write(home / worktree.file.name, (tmp_path / "elsewhere" / worktree.file.name).read_bytes())
    kept = await finish(worktree, place)
    assert "is reached by a link now" in kept.why
    assert (victim / "precious").read_text() == "x"


async def test_a_process_of_the_agent_that_still_writes_keeps_it(repo: Path, tmp_path: Path):
    """It stands in the folder, and so follows it when it is moved aside."""
    place = place_in(tmp_path)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x")
    inside = os.open(worktree.tree, os.O_RDONLY)

    async def slow(call):
        from subagents.workspaces.git import execute

        if "update-ref" in call.argv:
            os.close(os.open("late", os.O_CREAT | os.O_WRONLY, dir_fd=inside))
        return await execute(call)

    kept = await finish(worktree, replace(place, execute=slow))
    os.close(inside)
    assert "'late' changed after its work was kept" in kept.why
    assert (worktree.tree / "late").exists()


# --- unusual repositories


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
