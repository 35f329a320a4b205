"""git as we call it: bounded, told where it is, and deaf to what a repository would have it run."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces.repositories import git, head, repository, write

from subagents.errors import GitFailed
from subagents.workspaces.git.program import Answer, Call, Git, execute, git_environment


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def ours(repo: Path) -> Git:
    return Git(repo / ".git", repo / ".git", repo)


def program(path: Path, text: str) -> Path:
    write(path, f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


async def test_it_answers_with_what_git_wrote(repo: Path):
    assert (await ours(repo)("rev-parse", "HEAD")).decode().strip() == head(repo)


async def test_a_failure_is_a_sentence_with_what_git_said(repo: Path):
    with pytest.raises(
        GitFailed, match=r"`git rev-parse --verify` failed with exit code 128: fatal: Needed a single"
    ) as e:
        await ours(repo)("rev-parse", "--verify", "nothing^{commit}")
    assert e.value.code == 128


async def test_an_exit_code_that_is_an_answer_is_no_failure(repo: Path):
    assert (await ours(repo).answer("diff", "--quiet", fine=(0, 1))).code == 0


async def test_what_takes_too_long_is_ended_with_all_it_started(repo: Path, tmp_path: Path):
    git(repo, "config", "alias.hang", "!sleep 600")
    with pytest.raises(GitFailed, match=r"`git hang` was ended: it took more than 0\.3 seconds"):
        await ours(repo)("hang", seconds=0.3)


async def test_what_writes_too_much_is_ended(tmp_path: Path):
    answer = await execute(Call(("yes",), tmp_path, git_environment(), most=100_000))
    assert answer.code is None


async def test_without_a_git_there_is_a_sentence(repo: Path, tmp_path: Path):
    nowhere = replace(ours(repo), environment={"PATH": str(tmp_path)})
    with pytest.raises(GitFailed, match="git could not be started in"):
        await nowhere("status")


async def test_a_folder_that_is_gone_is_a_sentence(repo: Path, tmp_path: Path):
    with pytest.raises(GitFailed, match="gone"):
        await replace(ours(repo), work_tree=tmp_path / "gone")("status")


async def test_a_tree_that_leads_elsewhere_gets_no_command_run(repo: Path, tmp_path: Path):
    """An agent puts a repository with a command of its choosing in the place of its `.git` file."""
    evil = program(tmp_path / "evil", f"touch {tmp_path}/ran")
    tree = tmp_path / "tree"
    git(repo, "worktree", "add", "-q", "--detach", str(tree))
    mine = Git(repo / ".git/worktrees/tree", repo / ".git", tree)
    (tree / ".git").unlink()
    git(tree, "init", "-q")
    git(tree, "config", "core.fsmonitor", str(evil))
    write(tree / ".git/hooks/post-index-change", evil.read_text())
    assert b"? new" in await _status_after(mine, write(tree / "new", ""))
    assert not (tmp_path / "ran").exists()


async def _status_after(mine: Git, _written: Path) -> bytes:
    return await mine("status", "--porcelain=v2", "-z")


async def test_a_command_in_the_repositorys_own_settings_is_not_run_by_a_status(repo: Path, tmp_path: Path):
    evil = program(tmp_path / "evil", f"touch {tmp_path}/ran")
    git(repo, "config", "core.fsmonitor", str(evil))
    git(repo, "config", "core.hooksPath", str(tmp_path))
    await ours(repo)("status", "--porcelain=v2", "-z")
    assert not (tmp_path / "ran").exists()


async def test_a_commondir_that_was_edited_leads_nowhere(repo: Path, tmp_path: Path):
    tree = tmp_path / "tree"
    git(repo, "worktree", "add", "-q", "--detach", str(tree))
    other = repository(tmp_path / "other", other="x")
    write(repo / ".git/worktrees/tree/commondir", f"{other}/.git\n")
    mine = Git(repo / ".git/worktrees/tree", repo / ".git", tree)
    assert (await mine("rev-parse", "HEAD")).decode().strip() == head(repo)


async def test_variables_of_git_around_us_and_a_language_change_nothing(repo: Path, monkeypatch):
    for name, value in {
        "GIT_DIR": "/nowhere",
        "GIT_WORK_TREE": "/nowhere",
        "GIT_INDEX_FILE": "/nowhere/index",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "true",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
    }.items():
        monkeypatch.setenv(name, value)
    environment = git_environment()
    assert (environment["LC_ALL"], environment["LANGUAGE"]) == ("C", "")
    mine = ours(repo)
    assert await mine("status", "--porcelain=v2", "-z") == b""


async def test_credentials_are_never_asked_for(repo: Path):
    git(repo, "remote", "add", "origin", "http://127.0.0.1:9/secret.git")
    git(repo, "config", "credential.helper", "!sleep 600")
    with pytest.raises(GitFailed):
        await ours(repo)("fetch", "origin", seconds=20)
    assert git_environment()["GIT_TERMINAL_PROMPT"] == "0"


async def test_a_failure_can_be_put_in_its_place(repo: Path):
    async def broken(call: Call) -> Answer:
        return Answer(128, b"", b"fatal: No space left on device")

    with pytest.raises(GitFailed, match="No space left"):
        await replace(ours(repo), execute=broken)("add", "-A")


def test_the_environment_has_no_secrets():
    found = git_environment({"PATH": os.defpath, "GIT_DIR": "x", "OPENAI_API_KEY": "k", "HOME": "/h"})
    assert "OPENAI_API_KEY" not in found
    assert "GIT_DIR" not in found
    assert found["HOME"] == "/h"
