"""Worktrees of other sessions: those that somebody works in are found by their records, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.workspaces.repositories import repository, write
from tests.workspaces.trees import NOW, made, place_in

from subagents.errors import WorkspaceError
from subagents.workspaces.worktrees.neighbours import Neighbours
from subagents.workspaces.worktrees.ownership import Stage, Worktree, noted, removed
from subagents.workspaces.worktrees.placing import Place

MOST = 9


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def recorded(like: Worktree, run: str, **changed) -> Worktree:
    """A record alone, of a tree that nobody made."""
    return noted(replace(like, run=run, name=f"General-{run}", **changed))


def runs(found: list[Worktree]) -> list[str]:
    return [each.run for each in found]


async def test_the_newest_that_somebody_works_in_are_found_the_newest_first(repo: Path, place: Place):
    first = await made(repo, place)
    for age in range(1, 30):
        recorded(first, f"run{age}", made_at=NOW - age)
    neighbours = Neighbours(place)
    assert runs(neighbours.live({first.common}, (), 3)) == [first.run, "run1", "run2"]
    assert runs(neighbours.live({first.common}, {first.run, "run2"}, 3)) == ["run1", "run3", "run4"]
    assert len(neighbours.live({first.common}, (), 100)) == 30


async def test_what_is_left_kept_elsewhere_or_unreadable_is_none(repo: Path, place: Place):
    first = await made(repo, place)
    recorded(first, "kept", stage=Stage.KEPT)
    recorded(first, "dead", started="before the last boot")
    recorded(first, "other", common="/elsewhere/.git")
    write(Path(first.home, "General-broken.json"), "{")
    write(Path(first.home, "General-link.json"), "").unlink()
    Path(first.home, "General-link.json").symlink_to(first.file)
    write(place.root / "a file", "x")
    neighbours = Neighbours(place)
    assert runs(neighbours.live({first.common}, (), MOST)) == [first.run]
    assert runs(neighbours.live({"/elsewhere/.git"}, (), MOST)) == ["other"]
    assert neighbours.live((), (), MOST) == []


async def test_a_record_is_read_again_when_it_was_written_anew(repo: Path, place: Place):
    first = await made(repo, place)
    neighbours = Neighbours(place)
    assert runs(neighbours.live({first.common}, (), MOST)) == [first.run]
    kept = noted(first, stage=Stage.KEPT)
    assert neighbours.live({first.common}, (), MOST) == []
    noted(kept, stage=Stage.OPEN)
    assert runs(neighbours.live({first.common}, (), MOST)) == [first.run]
    removed(first)
    assert neighbours.live({first.common}, (), MOST) == []


async def test_one_of_a_run_is_found_whoever_works_in_it(repo: Path, place: Place):
    first = noted(await made(repo, place), stage=Stage.KEPT)
    neighbours = Neighbours(place)
    assert neighbours.of(first.run, "General") == first
    assert neighbours.of("run99999", "General") is None
    write(first.file, "{")
    with pytest.raises(WorkspaceError):
        neighbours.of(first.run, "General")


def test_where_there_are_none_there_is_nothing_to_be_read(place: Place):
    assert Neighbours(place).live({"/r/.git"}, (), MOST) == []
    assert not place.root.exists()
