"""Several branches: those that are in the way of the fewest others first, and nothing is changed by asking."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspaces.contributions import given, state
from tests.workspaces.repositories import git, repository
from tests.workspaces.trees import NOW, place_in

from subagents.errors import WorkspaceError
from subagents.workspaces.putting_back.how import How
from subagents.workspaces.putting_back.merging import merge
from subagents.workspaces.putting_back.ordering import MOST, next_of, plan
from subagents.workspaces.worktrees.placing import Place


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", a="a\n", b="b\n", c="c\n")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def test_the_one_in_the_way_of_the_fewest_is_next():
    pairs = {frozenset("xy"): 2, frozenset("xz"): 1, frozenset("yz"): 0}
    assert next_of(["x", "y", "z"], pairs) == "z"
    assert next_of(["x", "y"], pairs) == "x"


async def test_a_history_that_has_nothing_in_common_is_left_out_and_the_others_go_on(
    repo: Path, place: Place
):
    good = await given(repo, place, {"new": "1\n"})
    stranger = await given(repo, place, {"a": "2\n"}, run="run00002")
    git(repo, "checkout", "-q", "--orphan", "alone")
    git(repo, "commit", "-q", "-m", "of its own")
    git(repo, "branch", "-q", "-f", stranger.branch, "alone")
    git(repo, "switch", "-q", "main")
    found = await plan([good, stranger], NOW)
    assert [(step.contribution.run, step.fits) for step in found.steps] == [
        ("run00001", True),
        ("run00002", False),
    ]
    assert "has no commit in common with main" in found.steps[1].why
    for how in How:
        with pytest.raises(WorkspaceError, match="has no commit in common with main"):
            await merge(stranger, NOW, how)


async def test_an_order_is_found_in_memory_and_can_be_carried_out(repo: Path, place: Place):
    everywhere = await given(repo, place, {"a": "1\n", "b": "1\n"}, run="run00001")
    one = await given(repo, place, {"a": "2\n"}, run="run00002")
    alone = await given(repo, place, {"c": "3\n"}, run="run00003")
    there = await given(repo, place, {"new": "4\n"}, run="run00004")
    await merge(there, NOW)
    before = state(repo)
    found = await plan([everywhere, one, alone, there], NOW)
    assert state(repo) == before
    assert [(step.contribution.run, step.conflicts) for step in found.steps] == [
        ("run00003", ()),
        ("run00001", ()),
        ("run00002", ("a",)),
    ]
    assert (found.into, found.there) == ("main", ("run00004",))
    for step in found.steps[:2]:
        assert not (await merge(step.contribution, NOW)).conflicts
    assert (await merge(one, NOW)).conflicts == ("a",)


async def test_too_many_are_refused_with_their_number(repo: Path, place: Place):
    given_ = await given(repo, place, {"a": "1\n"})
    with pytest.raises(WorkspaceError, match="41 branches are more than the 40"):
        await plan([given_] * (MOST + 1), NOW)
    assert (await plan([], NOW)).steps == ()
