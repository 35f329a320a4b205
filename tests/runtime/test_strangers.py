"""Two sessions on one repository, as those of two terminals: each finds where its runs meet those of the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from msgspec.structs import replace
from tests.cli.acting import Done, cli
from tests.runtime.writers import TEN, Story, story, until_with
from tests.workspaces.repositories import git, repository, write
from tests.workspaces.trees import NOW, made, place_in

from subagents import AgentManager
from subagents.cli.worktrees.conflicts import settle_in
from subagents.conflict import ConflictKind, ResolvedBy
from subagents.errors import NotNow
from subagents.events import ConflictResolved, Event
from subagents.ids import RunId
from subagents.runs.conflicts import Conflict, ConflictState
from subagents.runtime.strangers import MOST_SIDES, Met, among_newest, met_in, pairs_with
from subagents.serve.control import control
from subagents.serve.rpc.question import OwnerRefused
from subagents.sessions.soundness import examine
from subagents.testing.clock import FakeClock
from subagents.workspaces.conflicts.live import LiveTree
from subagents.workspaces.worktrees.ownership import Worktree

pytestmark = pytest.mark.anyio

A_MINUTE = 61.0  # seconds, after which it is looked again
THREE, OTHER = TEN.replace("line 3", "three"), TEN.replace("line 3", "3")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    repo = repository(tmp_path / "repo", a=TEN, b=TEN)
    monkeypatch.chdir(repo)
    return repo


@asynccontextmanager
async def sessions(repo: Path, clock: FakeClock, number: int = 2) -> AsyncIterator[list[Story]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(story(repo, clock)) for _ in range(number)]


async def met(clock: FakeClock, here: Story, there: Story) -> tuple[RunId, RunId]:
    """One run in each, which edited the same line, when both sessions know it."""
    one, two = await here.agent("one"), await there.agent("two")
    await here.runner.write(one, "a", THREE)
    await there.runner.write(two, "a", OTHER)
    await until_with(clock, lambda: here.found() and there.found(), step=A_MINUTE)
    return one, two


async def facts(manager: AgentManager) -> list[Event]:
    last, found = manager.state.seq, []
    async for entry in manager.events():
        found.append(entry.event)
        if entry.seq == last:
            break
    return found


async def resolved(story: Story) -> list[ResolvedBy]:
    return [fact.by for fact in await facts(story.manager) if isinstance(fact, ConflictResolved)]


async def test_both_find_it_each_for_its_own_run_under_one_id_and_tell_it(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        one, two = await met(clock, here, there)
        assert here.found() == [((one, two), ConflictKind.TEXT)]
        assert there.found() == [((two, one), ConflictKind.TEXT)]
        (conflict,), (theirs,) = (each.manager.state.conflicts.open for each in (here, there))
        assert conflict.id == theirs.id
        line = f"Will not merge with general-purpose ({two}, of another session): a line 3 / line 3 [{theirs.id}]"
        assert here.manager.state.conflicts_of(one) == (line,)
        here.runner.ends[one].set()
        await until_with(clock, lambda: here.manager.state.notices.told)
        (notice,) = await here.manager.outbox.pending()
        assert f"<conflict>{line}</conflict>" in notice.text
        assert (await here.manager.get_result(one)).conflicts == (line,)


async def test_it_is_listed_once_and_a_word_settles_it_in_both(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there), control(here.manager), control(there.manager):
        await met(clock, here, there)
        (conflict,) = here.manager.state.conflicts.open
        listed = await cli("worktrees", "conflicts")
        assert listed.out.count("\n") == 1
        assert f"of another session): will not merge: a line 3 / line 3 [{conflict.id}]" in listed.out
        settled = await cli("worktrees", "conflicts", "resolve", conflict.id[:5])
        assert settled == Done(0, f"{conflict.id} is settled\n", "")
        assert not here.found()
        assert not there.found()
        # It is not found again as long as they meet in the same lines.
        await clock.advance(3 * A_MINUTE)
        assert (await cli("worktrees", "conflicts")).out == ""
        assert await resolved(here) == await resolved(there) == [ResolvedBy.PERSON]


async def test_a_word_settles_it_in_the_logs_of_both_when_nobody_owns_them(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        await met(clock, here, there)
        (conflict,) = here.manager.state.conflicts.open
        folders = [folder for each in (here, there) if (folder := each.manager.folder) is not None]
    assert (await cli("worktrees", "conflicts")).out.count("\n") == 1
    assert (await cli("worktrees", "conflicts", "resolve", conflict.id)).code == 0
    assert [examine(each).state.conflicts.open for each in folders] == [(), ()]  # type: ignore[union-attr]
    with pytest.raises(NotNow, match="was resolved already"):
        await anyio.to_thread.run_sync(settle_in, folders, conflict.id, "")


async def test_one_that_was_resolved_meanwhile_in_one_session_is_settled_in_the_other(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there), control(here.manager), control(there.manager):
        await met(clock, here, there)
        (conflict,) = here.manager.state.conflicts.open
        await here.manager.settling.conflict(conflict.id)
        folders = [folder for each in (here, there) if (folder := each.manager.folder) is not None]
        await anyio.to_thread.run_sync(settle_in, folders, conflict.id, "")
        assert not there.found()
        with pytest.raises(OwnerRefused, match="was resolved already"):
            await anyio.to_thread.run_sync(settle_in, folders, conflict.id, "")


async def test_a_session_that_is_opened_again_goes_on_where_it_was(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as there:
        async with story(repo, clock) as here:
            one, two = await met(clock, here, there)
            folder = here.manager.folder
        assert folder is not None
        async with AgentManager.open(repo, session=folder.id, clock=clock) as manager:
            assert [each.runs for each in manager.state.conflicts.open] == [(one, two)]
            await there.runner.write(two, "a", TEN)
            await until_with(clock, lambda: not manager.state.conflicts.open, step=A_MINUTE)


async def test_a_session_that_ended_first_is_not_listed_with_what_the_other_saw_go(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as there:
        async with story(repo, clock) as here:
            one, two = await met(clock, here, there)
            await here.end(one)
        assert (await cli("worktrees", "conflicts")).out.count("\n") == 1
        await there.runner.write(two, "a", TEN)
        await until_with(clock, lambda: not there.found(), step=A_MINUTE)
        assert (await cli("worktrees", "conflicts")).out == ""


async def test_it_goes_in_both_when_one_takes_it_back(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        one, _ = await met(clock, here, there)
        await here.runner.write(one, "a", TEN)
        await until_with(clock, lambda: not here.found() and not there.found(), step=A_MINUTE)
        assert await resolved(here) == await resolved(there) == [ResolvedBy.UNDONE]


async def test_the_branch_of_one_that_ended_is_compared_until_it_is_merged(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        one, two = await met(clock, here, there)
        await there.end(two)
        await clock.advance(2 * A_MINUTE)
        assert here.found() == [((one, two), ConflictKind.TEXT)]
        git(repo, "merge", "-q", there.manager.state.run(two).kept.branch)  # type: ignore[union-attr]
        await until_with(clock, lambda: here.found() == [((one,), ConflictKind.TEXT)], step=A_MINUTE)
        assert await resolved(here) == [ResolvedBy.MERGE]


async def test_it_is_over_when_the_branch_of_the_other_is_deleted(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        _, two = await met(clock, here, there)
        await there.end(two)
        git(repo, "branch", "-q", "-D", there.manager.state.run(two).kept.branch)  # type: ignore[union-attr]
        await until_with(clock, lambda: not here.found(), step=A_MINUTE)
        assert await resolved(here) == [ResolvedBy.UNDONE]


async def test_it_is_over_when_the_other_ended_with_nothing(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        _, two = await met(clock, here, there)
        write(there.runner.contexts[two].folder / "a", TEN)
        await there.end(two)
        await until_with(clock, lambda: not here.found(), step=A_MINUTE)


async def test_a_session_that_ended_leaves_its_runs_branch_to_be_compared(repo: Path):
    clock = FakeClock()
    async with story(repo, clock) as here:
        async with story(repo, clock) as there:
            one, two = await met(clock, here, there)
        await clock.advance(2 * A_MINUTE)
        assert here.found() == [((one, two), ConflictKind.TEXT)]


async def test_two_others_are_left_to_each_other(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock, 3) as (here, there, third):
        await met(clock, here, there)
        mine = await third.agent("third")
        await third.runner.write(mine, "b", OTHER)
        await here.runner.write(next(iter(here.runner.contexts)), "b", THREE)
        await until_with(clock, third.found, step=A_MINUTE)
        assert {runs[0] for runs, _ in third.found()} == {mine}
        assert {runs[1] for runs, _ in third.found()} == set(here.runner.contexts)


async def test_a_record_that_is_none_and_a_tree_that_is_gone_spoil_no_look(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock, 3) as (here, there, third):
        gone = await third.agent("gone")
        tree = third.runner.contexts[gone].folder
        tree.rename(tree.with_name("elsewhere"))
        write(tree.with_name("general-purpose-aaaaaaaa.json"), "{")
        one, two = await met(clock, here, there)
        assert here.found() == [((one, two), ConflictKind.TEXT)]
        tree.with_name("elsewhere").rename(tree)


async def test_what_git_is_told_to_run_since_spoils_no_look_and_ends_no_conflict(repo: Path):
    clock = FakeClock()
    async with sessions(repo, clock) as (here, there):
        await met(clock, here, there)
        git(repo, "config", "filter.x.clean", "cat")
        await clock.advance(2 * A_MINUTE)
        assert here.found()
        git(repo, "config", "--unset", "filter.x.clean")
        await here.runner.write(next(iter(here.runner.contexts)), "a", TEN)
        await until_with(clock, lambda: not here.found(), step=A_MINUTE)


# --- pure


def others(template: Worktree, number: int) -> list[Worktree]:
    """The newest first."""
    return [replace(template, run=f"r{age}", made_at=NOW - age) for age in range(number)]


async def test_the_newest_of_all_are_looked_at(repo: Path, tmp_path: Path):
    known = others(await made(repo, place_in(tmp_path)), 60)
    assert among_newest([NOW - 100], known[:3]) == known[:3]
    assert among_newest([], known) == known[:MOST_SIDES]
    assert among_newest([NOW + age for age in range(1, MOST_SIDES - 1)], known) == known[:2]
    assert among_newest([NOW + age for age in range(1, 60)], known) == []


def test_those_that_ours_are_known_to_meet_are_found_by_our_checkouts(tmp_path: Path):
    checkout = LiveTree(tmp_path, tmp_path, tmp_path)
    a, b, x, y = (RunId(name) for name in "abxy")
    found = [
        Conflict(
            id="1", runs=(a, x), kind=ConflictKind.TEXT, places=(), heads=(), at=1.0, stranger="Explore"
        ),
        Conflict(id="2", runs=(a, b), kind=ConflictKind.TEXT, places=(), heads=(), at=1.0),
        Conflict(id="3", runs=(b, y), kind=ConflictKind.TEXT, places=(), heads=(), at=1.0, stranger="Plan"),
    ]
    assert met_in(ConflictState(tuple(found)), {a: checkout}) == [Met(x, "Explore", checkout)]


def test_ours_are_paired_with_theirs_where_one_changed():
    a, b, x, y = (RunId(name) for name in "abxy")
    assert list(pairs_with([a, b], [x, y], {a})) == [(a, x), (a, y)]
    assert list(pairs_with([a, b], [x, y], {y})) == [(a, y), (b, y)]
    assert list(pairs_with([a, b], [x, y], set())) == []
