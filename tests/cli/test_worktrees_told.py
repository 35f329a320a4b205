"""After a person did something with a run's work, its log says what that came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.acting import cli
from tests.cli.test_worktrees import at_work, ended, keeping, worktrees, writing
from tests.workspaces.repositories import git, repository, write

from subagents import AgentManager
from subagents.errors import NotNow
from subagents.ids import RunId
from subagents.places import project_at
from subagents.runs.kept import KeptWork
from subagents.serve.control import control
from subagents.sessions.folder import sessions

pytestmark = pytest.mark.anyio


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = repository(tmp_path / "repo")
    monkeypatch.chdir(folder)
    return folder


async def told(run: str) -> dict[str, Any]:
    """What the log says of its worktree."""
    found: dict[str, Any] = json.loads((await cli("result", run, "--json")).out)
    kept: dict[str, Any] = found["worktree"]
    return kept


async def test_what_was_discarded_is_told_with_what_brings_it_back(repo: Path):
    run = await ended(repo, writing("new"))
    branch = (await told(run))["branch"]
    tip = git(repo, "rev-parse", branch)
    await worktrees("discard", run, "--yes")
    assert (await told(run))["discarded"] == tip
    result = (await cli("result", run)).err
    assert f"its work was discarded. As long as git keeps it, this brings it back: git -C {repo}" in result
    assert f"branch {branch} {tip[:12]}" in result
    assert "merge" not in result
    await worktrees("discard", run, "--yes")
    assert (await told(run))["discarded"] == tip


async def test_the_owner_of_the_session_writes_it_down_when_there_is_one(repo: Path):
    run = RunId(await ended(repo, keeping))
    (session,) = [folder.id for folder in sessions(project_at(repo))]
    async with AgentManager.open(repo, session=session) as manager, control(manager):
        before = manager.state.run(run).kept
        assert before is not None
        write(Path(before.preserved) / "later", "y\n")
        assert (await worktrees("commit", run)).code == 0
        after = manager.state.run(run).kept
        assert after is not None
        assert (before.files, after.files, after.branch) == (1, 2, before.branch)
        assert after.preserved == before.preserved


async def test_a_session_stays_as_long_as_a_worktree_of_it_does(repo: Path):
    run = await ended(repo, keeping)
    (session,) = [folder.id for folder in sessions(project_at(repo))]
    refused = await cli("sessions", "remove", session, "--yes")
    assert refused.code == 2
    assert (
        f"Session {session} has runs whose worktrees are still there: {run}. Discard these first"
        in refused.err
    )
    assert (await worktrees("discard", run, "--yes")).code == 0
    assert (await cli("sessions", "remove", session, "--yes")).code == 0


async def test_of_a_run_at_work_nothing_is_written_down(repo: Path):
    async with at_work(repo, writing("new")) as run, AgentManager.open(repo) as other:
        with pytest.raises(NotNow, match="is told when it ends"):
            await other.settling.worktree(
                await other.spawn("Explore", "x"), KeptWork(repository="r", base="b")
            )
        assert run


async def test_what_a_collection_came_to_is_told_with_the_run(repo: Path):
    run = await ended(repo, keeping)
    folder = Path((await told(run))["preserved"])
    write(folder / "later", "y\n")
    git(repo, "worktree", "unlock", str(folder), check=False)
    for path in sorted((folder / "inner").rglob("*"), reverse=True):
        path.unlink() if not path.is_dir() else path.rmdir()
    (folder / "inner").rmdir()
    assert "removed; its work is on subagents/" in (await worktrees("gc", "--older-than", "0")).out
    now = await told(run)
    assert (now["preserved"], now["why"], now["files"]) == ("", "", 2)
