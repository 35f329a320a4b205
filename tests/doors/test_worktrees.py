"""`subagents run --isolation worktree`, as it is met in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script
from tests.doors.program import bash
from tests.workspaces.repositories import git, shown, write


@pytest.fixture
def shop(project: Path) -> Path:
    git(project, "init", "-q")
    write(project / "README", "one\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    return project


def test_its_work_is_on_a_branch_and_the_checkout_is_as_it_was(call: Call, script: Script, shop: Path):
    model = script(bash("echo hello > new.txt; pwd"), {"text": "made it"})
    before = git(shop, "status", "--porcelain")
    done = call("run", "worker", "make it", model, "--isolation", "worktree")
    assert (done.code, done.out) == (0, "made it\n")
    run = json.loads(call("ps", "--json", "--all").out)[0]["id"]
    branch = f"subagents/worker-{run}"
    assert f"worker may run commands in a worktree of {shop}." in done.err
    assert f"Worktree: the work is on branch {branch} of {shop}: 1 commit, 1 file, +1 -0 since" in done.err
    assert shown(shop, branch, "new.txt") == b"hello\n"
    assert git(shop, "status", "--porcelain") == before
    assert git(shop, "worktree", "list").count("\n") == 0
    assert branch in call("show", run).out
    assert f"merge {branch}" in call("result", run).err


def test_what_cannot_be_isolated_is_not_begun(call: Call, script: Script, project: Path):
    done = call("run", "worker", "make it", script({"text": "x"}), "--isolation", "worktree")
    assert (done.code, done.out) == (2, "")
    assert "it is in no git repository" in done.err


def test_one_in_the_background_has_a_worktree_too(call: Call, script: Script, shop: Path):
    model = script(bash("echo hello > new.txt"), {"text": "made it"})
    run = call(
        "spawn", "-q", "worker", "make it", model, "--isolation", "worktree", "--base", "snapshot"
    ).out.strip()
    assert call("result", "--wait", run).out == "made it\n"
    assert shown(shop, f"subagents/worker-{run}", "new.txt") == b"hello\n"
