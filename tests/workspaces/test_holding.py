"""One at a time at a worktree: collections, ends, commits and runs that go on keep out of each other's way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from tests.workspaces.contributions import of
from tests.workspaces.repositories import git, repository, shown, write
from tests.workspaces.trees import checkout, is_gone, made, place_in, record

from subagents.errors import WorkspaceBusy
from subagents.workspaces.git.program import Answer, Call, Execute, execute
from subagents.workspaces.putting_back.recommitting import recommit
from subagents.workspaces.worktrees.debris import Finding, Verdict, gc
from subagents.workspaces.worktrees.holding import held
from subagents.workspaces.worktrees.life import finish
from subagents.workspaces.worktrees.ownership import Worktree, noted
from subagents.workspaces.worktrees.placing import Place, Wish, found

BOUND = 30.0  # seconds after which a story is given up


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


async def abandoned(repo: Path, place: Place, run: str = "run00001") -> Worktree:
    """A worktree with staged and other work, whose owner died."""
    worktree = await made(repo, place, run=run)
    write(worktree.tree / "file", "staged\n")
    git(worktree.tree, "add", "file")
    write(worktree.tree / "file", "later\n")
    return noted(worktree, started="gone")


class Pausing:
    """git that waits before the first call with a word, until it may go on."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.there = anyio.Event()
        self.go_on = anyio.Event()

    @property
    def execute(self) -> Execute:
        async def run(call: Call) -> Answer:
            if self.word in call.argv and not self.there.is_set():
                self.there.set()
                await self.go_on.wait()
            return await execute(call)

        return run


async def test_of_two_collections_one_does_it_and_the_other_says_that_it_is_in_use(repo: Path, place: Place):
    worktree = await abandoned(repo, place)
    pausing = Pausing("add")
    verdicts = []

    async def first() -> None:
        (finding,) = await gc(replace(place, execute=pausing.execute))
        verdicts.append(finding.verdict)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await pausing.there.wait()
            (second,) = await gc(place)
            pausing.go_on.set()
    assert (verdicts, second.verdict) == ([Verdict.REMOVED], Verdict.IN_USE)
    (branch,) = git(repo, "branch", "--list", "--format=%(refname:short)", "subagents/*").splitlines()
    assert (shown(repo, branch, "file"), shown(repo, f"{branch}~", "file")) == (b"later\n", b"staged\n")
    assert is_gone(worktree)


async def test_a_collection_leaves_alone_what_a_run_took_after_it_was_listed(
    repo: Path, place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("subagents.workspaces.worktrees.debris.MOST_AT_ONCE", 1)
    await abandoned(repo, place, "run00001")
    other = await abandoned(repo, place, "run00002")
    pausing = Pausing("add")
    findings: list[Finding] = []

    async def collect() -> None:
        findings.extend(await gc(replace(place, execute=pausing.execute)))

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect)
            await pausing.there.wait()
            taken = await found(Wish(folder=repo, run="run00002", agent="General"), place)
            pausing.go_on.set()
    assert [finding.verdict for finding in findings] == [Verdict.REMOVED, Verdict.IN_USE]
    assert taken is not None
    assert other.tree.is_dir()
    write(other.tree / "more", "x\n")
    assert shown(repo, (await finish(taken, place)).branch, "more") == b"x\n"


async def test_who_needs_one_waits_for_the_other_and_then_sees_what_there_is(repo: Path, place: Place):
    worktree = await made(repo, place)
    repository(worktree.tree / "inner")
    write(worktree.tree / "new", "x\n")
    kept = await finish(worktree, place)
    write(worktree.tree / "later", "y\n")
    commits = []

    async def commit() -> None:
        commits.append(await recommit(of(record(worktree), kept), place.now()))

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks, held(worktree):
            tasks.start_soon(commit)
            with pytest.raises(WorkspaceBusy, match="of run run00001 is being put away, or gone on with"):
                async with held(worktree, patience=0.0):
                    pass
    assert shown(repo, commits[0].branch, "later") == b"y\n"


async def test_the_end_of_a_run_says_when_somebody_else_does_not_let_go(
    repo: Path, place: Place, monkeypatch
):
    monkeypatch.setattr("subagents.workspaces.worktrees.holding.PATIENCE", 0.0)
    worktree = await made(repo, place)
    write(worktree.tree / "new", "x\n")
    async with held(worktree, patience=0.0):
        kept = await finish(worktree, place)
    assert kept.preserved == str(worktree.tree)
    assert "by another process just now" in kept.why
    assert (await finish(record(worktree), place)).branch


async def test_a_lock_whose_file_was_taken_away_holds_nobody(repo: Path, place: Place):
    worktree = await made(repo, place)
    async with held(worktree):
        worktree.lock.unlink()
        async with held(worktree, patience=0.0) as known:
            assert known == record(worktree)
