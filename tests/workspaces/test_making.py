"""A worktree is made beside the user's checkout, or refused with the reason."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from tests.workspaces.repositories import git, head, repository, shown, write
from tests.workspaces.trees import checkout, everything, failing, is_gone, made, place_in, record

from subagents.errors import WorkspaceError
from subagents.runs.kept import KeptWork
from subagents.spec import Base
from subagents.workspaces.git.program import Answer, Call, execute
from subagents.workspaces.worktrees.life import finish

#: What git may run in a repository with one filter, beside what the machine's own settings say.
SET = {"filter.ours.clean": "cat"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


# --- making


async def test_it_takes_four_starts_of_git_of_which_two_and_two_are_at_once(repo: Path, tmp_path: Path):
    """What the first of a pair asks, the second needs no answer to: each waits until the other is there."""
    asked: list[str] = []
    pairs = [anyio.Event(), anyio.Event()]

    async def run(call: Call) -> Answer:
        asked.append(
            next(each for each in call.argv if each in ("rev-parse", "config", "status", "worktree"))
        )
        pair = pairs[(len(asked) - 1) // 2]
        if len(asked) % 2 == 0:
            pair.set()
        await pair.wait()
        return await execute(call)

    with anyio.fail_after(30):
        await made(repo, place_in(tmp_path, execute=run))
    assert [{*asked[:2]}, {*asked[2:]}] == [{"rev-parse", "config"}, {"status", "worktree"}]
    assert len(asked) == 4


async def test_settings_read_elsewhere_than_git_finds_the_repository_are_read_again(
    repo: Path, tmp_path: Path
):
    """A repository below it is there while they are read, and gone when git says where it is."""
    git(repo, "config", "filter.ours.clean", "cat")
    git(repo / "sub", "init", "-q")
    read = anyio.Event()

    async def run(call: Call) -> Answer:
        if "rev-parse" in call.argv:
            await read.wait()
            (repo / "sub" / ".git").rename(tmp_path / "gone")
        answer = await execute(call)
        if "config" in call.argv:
            read.set()
        return answer

    with anyio.fail_after(30):
        worktree = await made(repo / "sub", place_in(tmp_path, execute=run))
    assert worktree.top == str(repo)
    assert worktree.drivers is not None
    assert SET.items() <= worktree.drivers.items()


async def test_settings_are_read_in_a_worktree_of_another_too(repo: Path, tmp_path: Path):
    git(repo, "config", "filter.ours.clean", "cat")
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    worktree = await made(tmp_path / "linked", place_in(tmp_path))
    assert worktree.common == str(repo / ".git")
    assert worktree.drivers is not None
    assert SET.items() <= worktree.drivers.items()


async def test_settings_that_could_not_be_read_meanwhile_are_read_again(repo: Path, tmp_path: Path):
    git(repo, "config", "filter.ours.clean", "cat")
    answers = iter((Answer(128, b"", b"fatal: injected"),))

    async def run(call: Call) -> Answer:
        return next(answers, None) or await execute(call) if "config" in call.argv else await execute(call)

    worktree = await made(repo, place_in(tmp_path, execute=run))
    assert worktree.drivers is not None
    assert SET.items() <= worktree.drivers.items()


async def test_q1_it_has_the_repositorys_files_at_its_head_outside_of_the_checkout(
    repo: Path, tmp_path: Path
):
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


async def test_q3_two_of_the_same_id_do_not_collide(repo: Path, tmp_path: Path):
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


async def test_q7_the_users_hooks_do_not_run(repo: Path, tmp_path: Path):
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


async def foreign(call: Call) -> Answer:
    """git that takes every repository for another user's."""
    return await execute(
        replace(call, environment={**call.environment, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    )


async def test_a_repository_of_another_user_is_refused_until_it_is_trusted(repo: Path, tmp_path: Path):
    place = place_in(tmp_path, execute=foreign)
    with pytest.raises(WorkspaceError, match="belongs to another user") as error:
        await made(repo, place)
    assert "git config --global --add safe.directory" in str(error.value)
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(repo))
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


@pytest.mark.parametrize("divided", ["false", "true"])
async def test_a_snapshot_has_the_users_work_and_leaves_no_trace_in_the_checkout(
    repo: Path, tmp_path: Path, divided: str
):
    git(repo, "config", "core.splitIndex", divided)
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
    assert await finish(worktree, place) == KeptWork(repository=str(repo), base=worktree.base)
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


async def test_one_that_another_git_is_half_way_through_making_is_waited_for(repo: Path, tmp_path: Path):
    """git creates a worktree's files before it writes them, and fails where it meets those of another."""
    met = iter((True, True, False))

    async def run(call: Call) -> Answer:
        if "worktree" in call.argv and next(met):
            return Answer(128, b"", b"fatal: failed to read .git/worktrees/other/commondir: Success")
        return await execute(call)

    worktree = await made(repo, place_in(tmp_path, execute=run))
    assert (worktree.tree / "README").read_text() == "one\n"
    assert next(met, None) is None


async def test_ten_at_once_all_get_theirs(repo: Path, tmp_path: Path):
    place, found = place_in(tmp_path), []

    async def one(number: int) -> None:
        found.append(await made(repo, place, run=f"run{number}"))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(one, number)
    assert len({worktree.tree for worktree in found}) == 10
    assert git(repo, "worktree", "list", "--porcelain").count("locked") == 10


async def test_what_is_uncommitted_may_be_unknown_and_the_worktree_is_made_all_the_same(
    repo: Path, tmp_path: Path
):
    worktree = await made(repo, place_in(tmp_path, execute=failing("status")))
    assert worktree.missing is None
    assert (worktree.tree / "README").is_file()
