"""Keeping up with the folders that definitions come from: an edit counts from the next look on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.folders import Folder, folders, read_definition, shown_path
from subagents.definitions.installed import installed_only
from subagents.definitions.model import AgentDefinition, Parsed, Problem, Scope
from subagents.definitions.parse import stem_of
from subagents.errors import BadDefinition, UnknownAgent
from subagents.language import _
from subagents.places import Project
from subagents.spec import DefinitionSource

# A change within one tick of the file system's clock leaves every stamp as it was (10 ms on Linux with HZ=100),
# so what was stamped this recently is looked at again. Git calls such an entry racily clean.
YOUNG = 50_000_000  # nanoseconds


def load(places: Iterable[Folder]) -> AgentCatalog:
    """The catalog of these folders, as they are now."""
    return _Files(tuple(places)).catalog()


def read_in(place: Folder, path: Path) -> Parsed | None:
    """What a file of this folder says, as `read_definition` does; one that is a link out of the project says nothing.

    A repository could otherwise name any file of whoever works in it, a key perhaps, as a prompt to be sent away.
    """
    if not _leads_out(place, path):
        return read_definition(path, place.scope, place.dialect)
    source = DefinitionSource(shown_path(path), "", place.scope, place.dialect)
    text = _("is a link out of the project ({target}), so it is not used; copy the file here")
    target = shown_path(Path(os.path.realpath(path)))
    return Parsed(
        None, (Problem(source.path, None, text.format(target=target)),), source, name=stem_of(source)
    )


def _leads_out(place: Folder, path: Path) -> bool:
    """Where the folder itself is a link, a person sees what is in it; what stays in there counts too."""
    if place.root is None or not path.is_symlink():
        return False
    real = Path(os.path.realpath(path))
    return not any(real.is_relative_to(os.path.realpath(top)) for top in (place.root, place.path))


class Definitions:
    """A project's definitions, as the files are at each look.

    A look costs one `stat` a folder and file (about a microsecond each) and reads only what changed, so it is cheap
    enough for every spawn. Nothing is read before the first look. With `strict`, looking raises `BadDefinition`
    until there was a look at which every file could be used; what breaks after that is only a problem.
    """

    def __init__(
        self,
        project: Project,
        places: Sequence[Folder] | None = None,
        *,
        hide_packaged: bool = False,
        strict: bool = False,
    ) -> None:
        given = folders(project) if places is None else tuple(places)
        hidden = {Scope.PACKAGED} if hide_packaged else set()
        self.places = tuple(place for place in given if place.scope not in hidden)
        self._files = _Files(self.places)
        self._catalog = AgentCatalog()
        self._strict = strict

    def catalog(self) -> AgentCatalog:
        if self._files.changed():
            self._catalog = self._files.catalog()
        if self._strict:
            self._refuse_broken()
        return self._catalog

    def find(self, name: str) -> AgentDefinition:
        """Like `AgentCatalog.find`; before a name is said to be unknown, every file is read again."""
        try:
            return self.catalog().find(name)
        except UnknownAgent:
            self._files.forget()
            return self.catalog().find(name)

    def _refuse_broken(self) -> None:
        if broken := next(self._files.broken(), None):
            text = _("{problem}. The setting strict_agent_files refuses to start with such a file.")
            raise BadDefinition(text.format(problem=broken))
        self._strict = False


Stamp = tuple[int, int, int, int] | None


@dataclass(slots=True)
class _File:
    stamp: Stamp
    parsed: Parsed | None


@dataclass(slots=True)
class _Files:
    """The files of some folders, and by what one sees that they changed."""

    places: tuple[Folder, ...]
    _folders: dict[Path, Stamp] = field(default_factory=dict)
    _files: dict[Path, _File] = field(default_factory=dict)
    _looked: int = 0
    _stale: bool = True

    def changed(self) -> bool:
        """Whether anything is different from the last reading, or was too young then to tell."""
        return (
            self._stale
            or any(self._moved_on(path, stamp) for path, stamp in self._folders.items())
            or any(self._moved_on(path, file.stamp) for path, file in self._files.items())
        )

    def forget(self) -> None:
        """The next reading is of everything."""
        self._files, self._stale = {}, True

    def catalog(self) -> AgentCatalog:
        """Reads what changed since the last time."""
        known, now, problems = self._files, time.time_ns(), list[Problem]()
        self._files = {}
        self._folders = {place.path: _stamp(place.path) for place in self.places}
        for place in _distinct(self.places, self._folders):
            for path in _listed(place, problems):
                self._files[path] = self._read(path, place, known.get(path))
        self._looked, self._stale = now, False
        here, missing = installed_only(filter(None, (file.parsed for file in self._files.values())))
        return AgentCatalog(here, problems, missing)

    def broken(self) -> Iterator[Problem]:
        """Why files cannot be used, one problem each."""
        for file in self._files.values():
            if file.parsed is not None and file.parsed.definition is None:
                yield file.parsed.problems[0]

    def _read(self, path: Path, place: Folder, before: _File | None) -> _File:
        # Stamped first: what is written between the two looks newer at the next look.
        stamp = _stamp(path)
        if before is not None and before.stamp == stamp and not _young(stamp, self._looked):
            return before
        return _File(stamp, read_in(place, path))

    def _moved_on(self, path: Path, stamp: Stamp) -> bool:
        return _stamp(path) != stamp or _young(stamp, self._looked)


def _distinct(places: Sequence[Folder], stamps: dict[Path, Stamp]) -> Iterator[Folder]:
    """The folders that exist, each once: one that is a link to another is that one.

    Of two that are the same the less trusted scope does not count, and within a scope the more important one does,
    so that a folder of ours stays ours when another tool's is a link to it.
    """
    chosen: dict[str, Folder] = {}
    for place in places:
        if stamps[place.path] is None and not _in_the_way(place.path):
            continue
        real = os.path.realpath(place.path)
        if real not in chosen or chosen[real].scope == place.scope:
            chosen[real] = place
    kept = set(map(id, chosen.values()))
    return (place for place in places if id(place) in kept)


def _in_the_way(path: Path) -> bool:
    """Whether something is there that a look cannot go through, such as a link to itself."""
    return os.path.lexists(path)


def _listed(place: Folder, problems: list[Problem]) -> list[Path]:
    """The definition files directly in a folder, in order; a missing folder has none."""
    try:
        names = sorted(os.listdir(place.path))  # noqa: PTH208  a path object each would double the time
    except FileNotFoundError:
        return []
    except OSError as error:
        text = _("cannot be read: {why}").format(why=error.strerror)
        problems.append(Problem(shown_path(place.path), None, text))
        return []
    return [place.path / name for name in names if place.holds(name)]


def _stamp(path: Path) -> Stamp:
    """What differs after a change: times, size and identity. None when there is nothing."""
    try:
        seen = os.stat(path)  # noqa: PTH116  a third faster than Path.stat, and this is done at every spawn
    except (OSError, ValueError):
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino


def _young(stamp: Stamp, looked: int) -> bool:
    return stamp is not None and stamp[1] > looked - YOUNG
