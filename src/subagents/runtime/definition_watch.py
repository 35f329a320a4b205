"""Noticing that definition files changed, for a process that lives long. What changed is read where it always is."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
from anyio.abc import TaskStatus

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.discovery import Definitions
from subagents.definitions.folders import Folder

if TYPE_CHECKING:
    from watchfiles import Change

DEBOUNCE = 200  # milliseconds within which changes are one
STEP = 50  # milliseconds without a change that end a batch
# A change between a look and the watch that follows it is seen by nobody, nor is one behind a link: this finds it.
LOOK_AGAIN = 5_000  # milliseconds

Watched = frozenset[tuple[Path, int]]  # folders, each with what it is: one that was made anew is another


async def watch(
    definitions: Definitions,
    on_change: Callable[[AgentCatalog], None],
    *,
    look_again: int = LOOK_AGAIN,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Calls `on_change` with the catalog whenever it became another one. Ends by being cancelled, and only so.

    What the system tells is a hint only: on any of it the folders are looked at, and without one every `look_again`
    milliseconds. Folders are watched without those below; for one that is missing, the nearest that exists above it
    is watched until it is there. It has started when it knows the catalog that later ones are compared with.
    """
    seen = _content(definitions.catalog())
    task_status.started()
    stop = anyio.Event()
    async with (
        anyio.create_task_group() as tasks,
        aclosing(_hints(definitions.places, stop, look_again)) as hints,
    ):
        tasks.start_soon(_when_cancelled, stop)
        async for _ in hints:
            catalog = definitions.catalog()
            # What is young is read again and makes a new catalog; that is no news.
            if (content := _content(catalog)) != seen:
                seen = content
                on_change(catalog)


async def _when_cancelled(stop: anyio.Event) -> None:
    """The watch waits in a thread, which a cancellation does not reach."""
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()


def _content(catalog: AgentCatalog) -> tuple[object, ...]:
    return tuple(catalog), catalog.problems


async def _hints(places: Sequence[Folder], stop: anyio.Event, look_again: int) -> AsyncGenerator[None]:
    """One item for each moment at which something may have changed."""
    polling = False
    while True:
        await anyio.lowlevel.checkpoint()
        watched = watched_folders(places)
        # What came since the last look, and before this watch, is seen by the look that follows.
        yield None
        try:
            async with aclosing(_batches(places, watched, stop, look_again, polling=polling)) as batches:
                async for _ in batches:
                    yield None
                    if watched_folders(places) != watched:
                        break
        except FileNotFoundError:
            continue  # a folder went while the watch began
        except OSError:
            if polling:
                await anyio.sleep(look_again / 1000)
            polling = True  # the system has no watch left to give


async def _batches(
    places: Sequence[Folder], watched: Watched, stop: anyio.Event, look_again: int, *, polling: bool
) -> AsyncGenerator[object]:
    from watchfiles import awatch

    changes = awatch(
        *(path for path, _ in watched),
        watch_filter=Concerned(places),
        debounce=DEBOUNCE,
        step=STEP,
        stop_event=stop,
        rust_timeout=look_again,
        yield_on_timeout=True,
        force_polling=polling or None,
        recursive=False,
        ignore_permission_denied=True,
    )
    async with aclosing(changes) as batches:
        async for batch in batches:
            yield batch


def watched_folders(places: Sequence[Folder]) -> Watched:
    """The folders themselves; for each that is missing, the nearest that exists above it."""
    return frozenset(filter(None, (_nearest(place.path) for place in places)))


def _nearest(path: Path) -> tuple[Path, int] | None:
    for folder in (path, *path.parents):
        try:
            if folder.is_dir():
                return folder, folder.stat().st_ino
        except OSError:
            continue
    return None


class Concerned:
    """Whether a change concerns definitions: it is to such a file, or to a folder on the way to one."""

    def __init__(self, places: Sequence[Folder]) -> None:
        self._folders = {str(path): place for place in places for path in _names_of(place.path)}
        self._above = {str(above) for name in self._folders for above in (Path(name), *Path(name).parents)}

    def __call__(self, change: Change, path: str) -> bool:
        folder, name = os.path.split(path)
        place = self._folders.get(folder)
        return path in self._above or (place is not None and place.holds(name))


def _names_of(path: Path) -> Iterator[Path]:
    """As it is given, and without links: which of them is told differs between systems."""
    yield path
    yield Path(os.path.realpath(path))
