"""A process that lives long is told when definition files changed, whatever became of their folder."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
from watchfiles import Change

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions
from subagents.definitions.folders import Folder
from subagents.definitions.model import Dialect, Scope
from subagents.places import project_at
from subagents.runtime import definition_watch
from subagents.runtime.definition_watch import Concerned, watch, watched_folders

BOUND = 30  # seconds; a bound, not a wait


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "shop" / ".subagents" / "agents"


class Watching:
    """What was told so far."""

    def __init__(self) -> None:
        self.told: list[AgentCatalog] = []
        self._came = anyio.Event()

    def __call__(self, catalog: AgentCatalog) -> None:
        self.told.append(catalog)
        self._came.set()
        self._came = anyio.Event()

    async def until(self, *names: str) -> None:
        with anyio.fail_after(BOUND):
            while not self.told or self.told[-1].names() != list(names):
                await self._came.wait()


@asynccontextmanager
async def watching(place: Path, look_again: int = definition_watch.LOOK_AGAIN) -> AsyncIterator[Watching]:
    definitions = Definitions(project_at(place.parents[1]), [Folder(place, Scope.PROJECT)])
    told = Watching()
    async with anyio.create_task_group() as tasks:
        await tasks.start(partial(watch, definitions, told, look_again=look_again))
        yield told
        tasks.cancel_scope.cancel()


def write(path: Path, text: str = "prompt") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


async def changed(place: Path, told: Watching) -> None:
    write(place / "b.md")
    await told.until("a", "b")
    write(place / "b.md", "---\nname: c\n---\n")
    await told.until("a", "c")
    (place / "a.md").unlink()
    await told.until("c")


async def test_new_changed_and_removed_files_are_told(place: Path):
    write(place / "a.md")
    async with watching(place) as told:
        await changed(place, told)


async def test_what_no_hint_was_given_of_is_found_by_looking_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    # As on a system that has no watch to give; polling sees no second change within a second.
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    write(place / "a.md")
    async with watching(place, look_again=100) as told:
        await changed(place, told)


async def test_a_folder_that_is_made_later_is_watched_from_then_on(place: Path):
    place.parents[1].mkdir()
    async with watching(place) as told:
        write(place / "a.md")
        await told.until("a")
        write(place / "b.md")
        await told.until("a", "b")


async def test_a_folder_that_was_removed_and_made_anew_is_watched_again(place: Path):
    write(place / "a.md")
    async with watching(place) as told:
        shutil.rmtree(place.parent)
        await told.until()
        write(place / "b.md")
        await told.until("b")
        write(place / "c.md")
        await told.until("b", "c")


async def test_it_ends_when_it_is_cancelled(place: Path):
    write(place / "a.md")
    with anyio.fail_after(definition_watch.LOOK_AGAIN / 1000 - 1):
        async with watching(place) as told:
            write(place / "b.md")
            await told.until("a", "b")


def test_for_a_missing_folder_the_nearest_above_it_is_watched(tmp_path: Path):
    there = tmp_path / "there"
    there.mkdir()
    places = [Folder(there, Scope.USER), Folder(tmp_path / "shop" / ".codex" / "agents", Scope.PROJECT)]

    assert {path for path, _ in watched_folders(places)} == {there, tmp_path}


def test_only_changes_of_definitions_or_of_folders_on_the_way_to_them_are_looked_at():
    concerned = Concerned(
        [
            Folder(Path("/srv/shop/.subagents/agents"), Scope.PROJECT),
            Folder(Path("/srv/shop/.codex/agents"), Scope.PROJECT, Dialect.CODEX, (".toml",)),
        ]
    )

    def matters(path: str) -> bool:
        return concerned(Change.modified, path)

    assert matters("/srv/shop/.subagents/agents/a.md")
    assert matters("/srv/shop/.codex/agents/a.toml")
    assert matters("/srv/shop/.codex")
    assert not matters("/srv/shop/.codex/agents/a.md")
    assert not matters("/srv/shop/.subagents/agents/.a.md.swp")
    assert not matters("/srv/shop/README.md")
    assert not matters("/srv/shop/.subagents/agents/deeper/a.md")
