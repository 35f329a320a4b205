"""Definition files that somebody names by a path: what is in them, and which tool's way of writing they follow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from subagents.cli.streams import say
from subagents.definitions.dialects.homes import Home, home_of
from subagents.definitions.discovery import read_in
from subagents.definitions.folders import Folder
from subagents.definitions.model import Dialect, Parsed, Scope
from subagents.errors import SubagentsError
from subagents.language import _


def named(path: Path, places: Sequence[Folder]) -> Iterator[Parsed]:
    """What the file says, or each of the folder. Raises `SubagentsError` where there is nothing of that name.

    A folder that is none of agents, but has such folders in it, stands for those: a project's root for all of its.
    Another tool's Markdown without front matter is no agent; for one that is named that is said.
    """
    if path.is_dir():
        for folder in _folders(path, places):
            yield from _in(folder)
        return
    if not os.path.lexists(path):
        raise SubagentsError(_("There is no file or folder {path!r}.").format(path=str(path)))
    parsed = read_in(_folder_of(path, places), path.absolute())
    if parsed is not None:
        yield parsed
    else:
        say(_("{path} has no front matter, so it is no agent.").format(path=path))


def count_of(places: Iterable[Folder]) -> int:
    """How many definition files there are in these folders, each counted once."""
    return len({parsed.source.path for place in places for parsed in _in(place)})


def _in(folder: Folder) -> Iterator[Parsed]:
    try:
        names = sorted(os.listdir(folder.path))  # noqa: PTH208
    except FileNotFoundError:
        return
    for name in names:
        if folder.holds(name) and (parsed := read_in(folder, folder.path / name)) is not None:
            yield parsed


def _folders(path: Path, places: Sequence[Folder]) -> list[Folder]:
    real = Path(os.path.realpath(path))
    inside = [place for place in places if Path(os.path.realpath(place.path)).is_relative_to(real)]
    there = [place for place in inside if place.path.is_dir()]
    return there or [_guessed(path.absolute())]


def _folder_of(path: Path, places: Sequence[Folder]) -> Folder:
    parent = os.path.realpath(path.parent)
    known = (place for place in places if os.path.realpath(place.path) == parent)
    return next(known, None) or _guessed(path.absolute().parent, path.suffix)


def _guessed(folder: Path, suffix: str = "") -> Folder:
    """A folder that is none of this project's."""
    home = Home(Dialect.CODEX, folder, ".toml") if suffix == ".toml" else home_of(folder)
    return Folder(folder, Scope.PROJECT, home.dialect, (home.ending,), home.ignored)
