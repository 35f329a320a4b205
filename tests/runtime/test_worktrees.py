"""Runs with worktrees of their own, told through the manager on real repositories."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from tests.workspaces.repositories import git, head, repository, shown, write

from subagents.bootstrap import AgentManager
from subagents.errors import RunnerError, SpawnRefused
from subagents.events import WorkspaceClosed
from subagents.ids import RunId
from subagents.prompts.role import Role
from subagents.runners.base import RunContext
from subagents.runners.native_tools import coding_deps
from subagents.runs.kept import KeptWork
from subagents.runs.result import result_json, result_text
from subagents.runs.state import RunStatus
from subagents.settings.model import Settings
from subagents.spec import RunSpec, SpawnRequest
from subagents.toolsets.coding.command_bounds import refusal

pytestmark = pytest.mark.anyio

BOUND = 60.0  # seconds that a story may wait


class Editing:
    """A runner whose agents do one thing in their folder, and then answer, break, or wait until they are stopped."""

    def __init__(self, edit: Callable[[Path], object], *, breaks: str = "", waits: bool = False) -> None:
        self.edit = edit
        self.breaks = breaks
        self.waits = waits
        self.there = anyio.Event()
        self.contexts: list[RunContext] = []

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Editing]:
        self.contexts.append(context)
        yield self

    async def prompt(self, text: str | None) -> str:
        self.edit(self.contexts[-1].directory)
        self.there.set()
        if self.waits:
            await anyio.sleep_forever()
        if self.breaks:
            raise RunnerError(self.breaks)
        return "done"

    def steer(self, steer: str, text: str) -> bool:
        return False


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", **{"README": "one\n", "sub/a": "a\n"})


def adding(name: str = "new", text: str = "x\n") -> Callable[[Path], object]:
    return lambda folder: write(folder / name, text)


def nothing(folder: Path) -> None:
    """As an agent that only reads."""


@asynccontextmanager
async def managed(
    repo: Path, runner: Editing, session: str | None = None, **settings
) -> AsyncIterator[AgentManager]:
    with anyio.fail_after(BOUND):
        async with AgentManager.open(
            repo, session=session, settings=Settings(**settings), runners={"native": runner}
        ) as manager:
            yield manager


async def spawned(manager: AgentManager, **wish) -> RunId:
    asked = {"agent": "Explore", "prompt": "go", "isolation": "worktree", **wish}
    return await manager.spawn(SpawnRequest(**asked))


async def told(manager: AgentManager, run: RunId) -> str:
    """The result, when the worktree has been put away too."""
    closed = anyio.Event()
    manager.listen(lambda entry: closed.set() if isinstance(entry.event, WorkspaceClosed) else None)
    await manager.get_result(run, wait=True)
    if manager.state.run(run).isolation:
        await closed.wait()
    result = await manager.get_result(run)
    return result_text(result, now=result.run.ended_at or 0.0)


def kept(manager: AgentManager, run: RunId) -> KeptWork:
    found = manager.state.run(run).kept
    assert found is not None
    return found


async def test_it_works_in_a_tree_of_its_own_and_its_result_names_the_branch(repo: Path):
    runner = Editing(adding())
    async with managed(repo, runner) as manager:
        run = await spawned(manager)
        text = await told(manager, run)
        work = kept(manager, run)
        as_json = result_json(await manager.get_result(run))
    assert f"Worktree: the work is on branch {work.branch} of {repo}: 1 commit, 1 file, +1 -0 since" in text
    assert f"To merge it: git -C {repo} merge subagents/Explore-{run}" in text
    assert as_json["worktree"]["branch"] == work.branch
    assert shown(repo, work.branch, "new") == b"x\n"
    assert work.base == head(repo)
    assert not runner.contexts[0].folder.is_relative_to(repo)
    assert not runner.contexts[0].folder.exists()
    assert git(repo, "status", "--porcelain") == ""
    git(repo, "merge", "-q", work.branch)


async def test_one_that_changes_nothing_leaves_nothing(repo: Path):
    async with managed(repo, Editing(nothing)) as manager:
        text = await told(manager, await spawned(manager))
    assert "Worktree: nothing was changed in it." in text
    assert git(repo, "worktree", "list").count("\n") == 0
    assert git(repo, "branch", "--list", "subagents/*") == ""


async def test_q21_it_is_told_where_it_is_and_one_without_a_worktree_is_not(repo: Path):
    write(repo / "README", "uncommitted\n")
    runner = Editing(nothing)
    async with managed(repo, runner) as manager:
        await told(manager, await spawned(manager))
        await told(manager, await spawned(manager, isolation=""))
    isolated, plain = runner.contexts
    assert f"{repo} is the user's own checkout and out of bounds" in isolated.told
    assert "Uncommitted work of the user is NOT in it: README." in isolated.told
    assert (plain.told, plain.folder) == ("", repo)


async def test_a_snapshot_begins_with_the_users_uncommitted_work(repo: Path):
    write(repo / "README", "uncommitted\n")
    seen = []
    runner = Editing(lambda folder: seen.append((folder / "README").read_text()))
    async with managed(repo, runner, worktree_base="snapshot") as manager:
        assert "nothing was changed" in await told(manager, await spawned(manager))
    assert seen == ["uncommitted\n"]


@pytest.mark.parametrize("prepare", ["no repository", "no commit", "bare"])
async def test_what_cannot_be_isolated_is_refused_before_it_begins(tmp_path: Path, prepare: str):
    folder = tmp_path / "place"
    folder.mkdir()
    if prepare != "no repository":
        git(folder, "init", "-q", *(("--bare",) if prepare == "bare" else ()))
    async with managed(folder, Editing(adding())) as manager:
        with pytest.raises(SpawnRefused, match=r"No worktree can be made for .*place'"):
            await spawned(manager)
        assert manager.list() == []


async def test_what_fails_later_fails_the_run_and_it_never_works_elsewhere(repo: Path):
    first = Editing(adding(), waits=True)
    async with managed(repo, first, max_concurrent=1) as manager:
        one = await spawned(manager, isolation="off")
        await first.there.wait()
        two = await spawned(manager)
        shutil.rmtree(repo / ".git")
        await manager.stop(one)
        result = await manager.get_result(two, wait=True)
    assert result.run.status is RunStatus.FAILED
    assert result.run.outcome is not None
    assert result.run.outcome.reason.startswith("workspace: No worktree can be made")
    assert len(first.contexts) == 1


async def test_q19_a_run_that_breaks_or_is_stopped_has_its_work_on_a_branch_too(repo: Path):
    broken = Editing(adding("broken"), breaks="it broke")
    async with managed(repo, broken) as manager:
        run = await spawned(manager)
        text = await told(manager, run)
        assert "Error: it broke" in text
        assert f"merge {kept(manager, run).branch}" in text
    stopped = Editing(adding("stopped"), waits=True)
    async with managed(repo, stopped) as manager:
        run = await spawned(manager)
        await stopped.there.wait()
        await manager.stop(run)
        text = await told(manager, run)
        assert "STOPPED" in text
        assert shown(repo, kept(manager, run).branch, "stopped") == b"x\n"


async def test_a_tree_that_has_to_stay_is_named_with_the_reason(repo: Path):
    async with managed(repo, Editing(lambda folder: repository(folder / "inner"))) as manager:
        run = await spawned(manager)
        text = await told(manager, run)
        preserved = kept(manager, run).preserved
    assert f"The worktree itself is kept at {preserved}: 'inner' is a repository of its own" in text
    assert Path(preserved, "inner/README").is_file()


async def test_one_that_is_resumed_goes_on_where_its_branch_is(repo: Path):
    runner = Editing(adding("first"))
    async with managed(repo, runner) as manager:
        run = await spawned(manager)
        await told(manager, run)
        first = kept(manager, run)

        def more(folder: Path) -> None:
            assert (folder / "first").read_text() == "x\n"
            write(folder / "second", "y\n")

        runner.edit = more
        await manager.resume(run, "go on")
        await told(manager, run)
        second = kept(manager, run)
    assert (second.branch, second.commits, second.files) == (first.branch, 2, 2)


async def test_a_subfolder_is_the_same_subfolder_there(repo: Path):
    runner = Editing(adding())
    async with managed(repo, runner) as manager:
        run = await spawned(manager, cwd="sub")
        await told(manager, run)
        assert shown(repo, kept(manager, run).branch, "sub/new") == b"x\n"
    assert runner.contexts[0].folder.name == "sub"


async def test_q17_where_worktrees_are_switched_off_it_runs_without_and_says_so(repo: Path):
    runner = Editing(nothing)
    async with managed(repo, runner, worktree_isolation=False) as manager:
        text = await told(manager, await spawned(manager))
    assert "Note: It works in the folder itself: worktrees are switched off" in text
    assert runner.contexts[0].folder == repo


async def test_many_at_once_keep_apart(repo: Path):
    runner = Editing(lambda folder: write(folder / "same", folder.name))
    async with managed(repo, runner) as manager:
        runs = [await spawned(manager) for _ in range(6)]
        for run in runs:
            await told(manager, run)
            assert shown(repo, kept(manager, run).branch, "same") == f"Explore-{run}".encode()
    assert git(repo, "worktree", "list").count("\n") == 0


DIES = """
import os, sys, anyio
from contextlib import asynccontextmanager
from subagents.bootstrap import AgentManager
from subagents.events import WorkspaceOpened
from subagents.spec import SpawnRequest

async def main():
    worked, opened = anyio.Event(), anyio.Event()

    class Working:
        @asynccontextmanager
        async def open(self, spec, context):
            (context.folder / "work").write_text("done before the end\\n")
            worked.set()
            await anyio.sleep_forever()
            yield

    async with AgentManager.open(sys.argv[1], runners={"native": Working()}) as manager:
        manager.listen(lambda entry: opened.set() if isinstance(entry.event, WorkspaceOpened) else None)
        run = await manager.spawn(SpawnRequest(agent="Explore", prompt="go", isolation="worktree"))
        await worked.wait()
        await opened.wait()
        print(manager.session, run, flush=True)
        os._exit(9)

anyio.run(main)
"""


@pytest.mark.parametrize("opens_the_session", [True, False])
async def test_what_an_owner_that_died_left_is_put_on_a_branch_by_the_next(
    repo: Path, opens_the_session: bool
):
    with anyio.fail_after(BOUND):
        died = await anyio.run_process(
            [sys.executable, "-c", DIES, str(repo)], check=False, stderr=subprocess.PIPE
        )
    assert died.returncode == 9, died.stderr
    session, run = died.stdout.decode().split()
    wanted = session if opens_the_session else None
    async with AgentManager.open(repo, session=wanted, runners={"native": Editing(adding())}) as manager:
        if opens_the_session:
            text = await told(manager, RunId(run))
            assert "INTERRUPTED" in text
            assert f"merge subagents/Explore-{run}" in text
    assert shown(repo, f"subagents/Explore-{run}", "work") == b"done before the end\n"
    assert git(repo, "worktree", "list").count("\n") == 0


async def test_the_file_tools_write_in_a_worktree_though_it_is_in_the_state_directory(
    repo: Path, tmp_path: Path
):
    write(
        repo / ".subagents/agents/maker.md",
        "---\ndescription: makes\ntools: write\nisolation: worktree\n---\nYou make.\n",
    )
    record = tmp_path.joinpath("nothing")
    calls = [
        ("new.txt", "hello\n"),
        ("../Explore.json", "{}"),
        (".git", "gitdir: /elsewhere\n"),
        (str(record), "x"),
    ]
    turns = [
        {"tool_calls": [{"name": "write", "arguments": {"path": path, "content": text}}]}
        for path, text in calls
    ]
    write(tmp_path / "turns.yaml", json.dumps({"turns": [*turns, {"text": "made"}]}))
    with anyio.fail_after(BOUND):
        async with AgentManager.open(repo, model=f"script:{tmp_path / 'turns.yaml'}") as manager:
            run = await manager.spawn(SpawnRequest(agent="maker", prompt="make it"))
            await told(manager, run)
            work = kept(manager, run)
    assert (work.files, work.preserved) == (1, "")
    assert shown(repo, work.branch, "new.txt") == b"hello\n"
    assert not record.exists()


async def test_a_command_that_leads_out_is_refused_and_the_agent_goes_on(repo: Path, tmp_path: Path):
    write(
        repo / ".subagents/agents/maker.md",
        "---\ndescription: makes\ntools: bash\nisolation: worktree\n---\nYou make.\n",
    )
    commands = [
        f"cd {repo} && touch out",
        f"echo mine > {repo}/README",
        "touch made; git stash -u",
        "touch made && cat sub/a",
    ]
    turns = [{"tool_calls": [{"name": "bash", "arguments": {"command": command}}]} for command in commands]
    write(tmp_path / "turns.yaml", json.dumps({"turns": [*turns, {"text": "made"}]}))
    before = git(repo, "status", "--porcelain")
    with anyio.fail_after(BOUND):
        async with AgentManager.open(repo, model=f"script:{tmp_path / 'turns.yaml'}") as manager:
            run = await manager.spawn(SpawnRequest(agent="maker", prompt="make it"))
            await told(manager, run)
            work = kept(manager, run)
            said = "\n".join(line.text for line in (await manager.peek(run, lines=200)).lines)
    assert f"Error: `cd {repo}` leads out of your worktree '" in said
    assert f"Error: '{repo}/README' leads into the user's checkout, which is out of bounds. What is" in said
    assert (
        "Error: `git stash -u` is refused: the stash is shared with the user's checkout. Commit inst" in said
    )
    assert "Nothing of the command was run." in said
    assert shown(repo, work.branch, "made") == b""
    assert (work.files, work.preserved) == (1, "")
    assert (git(repo, "status", "--porcelain"), git(repo, "stash", "list")) == (before, "")


async def test_who_works_in_the_worktree_of_another_is_bound_to_it_too_and_nobody_else(repo: Path):
    runner = Editing(nothing, waits=True)
    async with managed(repo, runner) as manager:
        lead = await spawned(manager, cwd=str(repo / "sub"))
        await runner.there.wait()
        root = runner.contexts[0].folder
        for folder in (root, repo):
            runner.there = anyio.Event()
            await spawned(manager, isolation="", cwd=str(folder))
            await runner.there.wait()
        spec = manager.state.run(lead).spec
        own, nested, plain = (coding_deps(spec, context, Role(())).bounds for context in runner.contexts)
    assert own == nested
    assert plain is None
    assert own is not None
    assert (own.tree, own.checkouts) == (root.parent, (repo, repo / ".git"))
    assert "leads into the user's checkout" in refusal(f"cat {repo}/README", root, own)
    assert "to where others are" in refusal("cat ../../Explore-other/README", root, own)
    assert refusal("cd .. && git -C . status && cat README /etc/hosts", root, own) == ""
