"""Runs in worktrees: where their work cannot be merged is known while they are at work, and until it is merged."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.writers import TEN, story, until, until_with
from tests.workspaces.repositories import git, repository, write

from subagents import AgentManager
from subagents.conflict import ConflictKind, LineRange, ResolvedBy
from subagents.events import ConflictResolved, Entry
from subagents.ids import RunId
from subagents.places import project_at
from subagents.runs.conflicts import told
from subagents.runtime.radar import pairs
from subagents.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", a=TEN, b=TEN)


async def test_two_that_edit_the_same_lines_are_known_until_one_takes_it_back(repo: Path):
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until(lambda: at.found() == [(tuple(sorted((one, two))), ConflictKind.TEXT)])
        (conflict,) = at.manager.state.conflicts.open
        (place,) = conflict.places
        assert (place.path, place.ours, place.theirs) == ("a", (LineRange(3, 3),), (LineRange(3, 3),))
        assert told(conflict, at.manager.state.handle, one) == (
            f"Will not merge with two: a line 3 / line 3 [{conflict.id}]"
        )
        await at.runner.write(two, "a", TEN)
        await until(lambda: not at.found())
        resolved = [entry.event async for entry in _so_far(at.manager)]
        assert [fact.by for fact in resolved if isinstance(fact, ConflictResolved)] == [ResolvedBy.UNDONE]


async def test_one_is_compared_with_what_is_committed_in_the_checkout(repo: Path):
    async with story(repo) as at:
        one = await at.agent("one")
        write(repo / "a", TEN.replace("line 5", "5"))
        git(repo, "commit", "-q", "-a", "-m", "meanwhile")
        await at.runner.write(one, "a", TEN.replace("line 5", "five"))
        await until(lambda: at.found() == [((one,), ConflictKind.TEXT)])


async def test_what_is_committed_in_the_checkout_later_is_seen_though_no_run_does_anything(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as at:
        one = await at.agent("one")
        await at.runner.write(one, "a", TEN.replace("line 5", "five"))
        await at.runner.write(one, "b", TEN)
        await clock.advance(2)
        write(repo / "a", TEN.replace("line 5", "5"))
        git(repo, "commit", "-q", "-a", "-m", "meanwhile")
        await until_with(clock, lambda: at.found() == [((one,), ConflictKind.TEXT)], step=61)


async def test_what_merges_is_no_alarm(repo: Path):
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 1\n", "1\n"))
        await at.runner.write(two, "a", TEN.replace("line 9", "nine"))
        await until(lambda: at.found())
        assert [kind for _, kind in at.found()] == [ConflictKind.SAME_FILE]
        assert not at.manager.state.conflicts.alarming(one)


async def test_an_ending_is_told_with_its_conflicts_and_a_merge_resolves_them(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until_with(clock, lambda: at.found())
        for run in (one, two):
            at.runner.ends[run].set()
        await until(lambda: all(at.manager.state.run(run).kept for run in (one, two)))
        await until_with(clock, lambda: len(at.manager.state.notices.told) == 2)
        notices = await at.manager.outbox.pending()
        texts = "\n".join(notice.text for notice in notices)
        assert "<conflict>Will not merge with two: a line 3 / line 3 [" in texts
        assert "<conflict>Will not merge with one: a line 3 / line 3 [" in texts
        git(repo, "merge", "-q", at.manager.state.run(one).kept.branch)  # type: ignore[union-attr]
        await until_with(clock, lambda: at.found() == [((two,), ConflictKind.TEXT)], step=61)


async def test_whoever_took_all_of_it_back_when_it_ended_meets_nobody(repo: Path):
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until(at.found)
        # As by a command that the radar did not hear of.
        write(at.runner.contexts[two].folder / "a", TEN)
        await at.end(two)
        await until(lambda: not at.found())


async def test_a_branch_that_somebody_deleted_meets_nobody(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until_with(clock, at.found)
        await at.end(two)
        git(repo, "branch", "-q", "-D", at.manager.state.run(two).kept.branch)  # type: ignore[union-attr]
        await until_with(clock, lambda: not at.found(), step=61)


async def test_the_branch_of_an_ended_run_is_compared_with_one_that_goes_on(repo: Path):
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.end(one)
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until(lambda: at.found() == [(tuple(sorted((one, two))), ConflictKind.TEXT)])


async def test_uncommitted_work_that_both_began_with_is_no_change_of_theirs(repo: Path):
    begun = TEN.replace("line 3", "mine")
    write(repo / "a", begun)
    async with story(repo) as at:
        one, two = [await at.agent(name, base="snapshot") for name in ("one", "two")]
        await at.runner.write(one, "a", begun.replace("mine", "three"))
        await at.runner.write(two, "a", begun.replace("line 9", "nine"))
        await until(at.found)
        assert at.found() == [(tuple(sorted((one, two))), ConflictKind.SAME_FILE)]
        await at.runner.write(two, "a", begun.replace("mine", "3"))
        await until(lambda: (tuple(sorted((one, two))), ConflictKind.TEXT) in at.found())


async def test_runs_in_the_folder_itself_are_not_looked_at(repo: Path):
    async with story(repo) as at:
        one, two = await at.agent("one", ""), await at.agent("two")
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await at.end(two)
        assert one not in {run for runs, _ in at.found() for run in runs}


def test_each_that_is_due_is_paired_with_its_checkout_and_all_others():
    a, b, c = (RunId(name) for name in "abc")
    assert list(pairs([a, b, c], [b])) == [(b,), (a, b), (b, c)]
    assert list(pairs([a, b, c], [])) == []


async def test_nothing_is_left_of_what_the_radar_wrote_nor_of_what_a_dead_one_did(repo: Path):
    state = project_at(repo).state
    write(state / "radar-999999999-x" / "objects" / "o", "x")
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until(at.found)
    assert not list(state.glob("radar-*"))


async def test_a_look_that_hangs_delays_no_ending(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = shutil.which("git")
    hangs = f'*merge-tree*) : > "{tmp_path}/hangs"; exec tail -f /dev/null;;'
    script = write(tmp_path / "bin" / "git", f'#!/bin/sh\ncase "$*" in {hangs} esac\nexec {there} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    async with story(repo) as at:
        one, two = await at.agent("one"), await at.agent("two")
        await at.runner.write(one, "a", TEN.replace("line 3", "three"))
        await at.runner.write(two, "a", TEN.replace("line 3", "3"))
        await until((tmp_path / "hangs").exists)
        for run in (one, two):
            await at.end(run)
            kept = at.manager.state.run(run).kept
            assert kept is not None
            assert kept.branch


async def _so_far(manager: AgentManager) -> AsyncIterator[Entry]:
    last = manager.state.seq
    async for entry in manager.events():
        yield entry
        if entry.seq == last:
            return
