"""Worktrees with real processes: an agent edits in one, and a person looks at it, merges it, and tidies up."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Sit, Start
from tests.doors.program import bash
from tests.workspaces.repositories import git, repository

ISOLATED = ("--isolation", "worktree")


@pytest.fixture
def project(project: Path) -> Path:
    (project / ".gitignore").write_text(".subagents\nscript*\n", encoding="utf-8")
    return repository(project, README="one\n")


def rows(call: Call, *arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(call("worktrees", "list", "--json", *arguments).out)
    return found


def test_from_an_edit_to_a_merge(project: Path, call: Call, script: Script):
    model = script(bash("echo two >README; mkdir 'ä b'; echo x >'ä b/new'"), {"text": "Edited."})
    done = call("run", "worker", "edit", *ISOLATED, model)
    assert done.code == 0, done.err
    assert (project / "README").read_text() == "one\n"
    (row,) = rows(call)
    run = str(row["run"])
    assert (row["state"], row["files"], row["insertions"], row["deletions"]) == ("branch", 2, 2, 1)
    assert call("worktrees", "diff", run, "--name-only").out == "README\nä b/new\n"
    patch = call("worktrees", "diff", run).out
    assert git(project, "apply", "--check", "-", stdin=patch) == ""
    merged = call("worktrees", "merge", run)
    assert merged.out.startswith(f"Merged subagents/worker-{run} into main: 1 commit, 2 files, +2 -1.")
    assert (project / "ä b" / "new").read_text() == "x\n"
    assert git(project, "log", "-1", "--format=%(trailers:key=Subagents-Run,valueonly)").strip() == run
    assert git(project, "status", "--porcelain") == ""
    assert call("worktrees", "discard", run).code == 2
    discarded = call("worktrees", "discard", run, "--yes")
    assert (discarded.code, git(project, "branch", "--list", "subagents/*")) == (0, "")
    git(project, *discarded.out.splitlines()[-1].split()[-3:])
    assert git(project, "branch", "--list", "subagents/*").strip() == row["branch"]
    assert call("worktrees", "gc").err == "There are no worktrees here.\n"


def test_of_an_owner_that_was_killed_the_work_is_found_and_merged(
    project: Path, start: Start, call: Call, script: Script
):
    model = script(bash("echo two >README"), bash("exec sleep 600"))
    owner = start("run", "worker", "edit", *ISOLATED, model, "--events")
    owner.prints("ToolReturned")
    owner.send(signal.SIGKILL)
    owner.ends()
    merged = call("worktrees", "merge", "worker")
    assert merged.code == 0, merged.err
    assert (project / "README").read_text() == "two\n"
    (row,) = rows(call)
    assert row["state"] == "merged"


def test_a_person_is_asked_before_work_is_thrown_away(project: Path, sit: Sit, call: Call, script: Script):
    assert call("run", "worker", "edit", *ISOLATED, script(bash("echo x >new"), {"text": "Done."})).code == 0
    for answer, left in (("n\n", 1), ("y\n", 0)):
        terminal = sit("worktrees", "discard", "worker")
        terminal.shows("[y/N]")
        terminal.types(answer)
        assert terminal.ends() == 0
        assert len(git(project, "branch", "--list", "subagents/*").split()) == left
