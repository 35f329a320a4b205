"""The folders that definitions come from, and keeping up with them: an edit counts from the next look on."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import AgentDefinition, Parsed, Problem, Scope
from subagents.definitions.parse import parse
from subagents.errors import UnknownAgent
from subagents.language import _
from subagents.places import Project, user_home
from subagents.spec import DefinitionSource

MAX_FILE = 1_000_000  # bytes; the text becomes a prompt
# A change within one tick of the file system's clock leaves every stamp as it was (10 ms on Linux with HZ=100),
# so what was stamped this recently is looked at again. Git calls such an entry racily clean.
YOUNG = 50_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class Folder:
    """A place where definitions are looked for; it need not exist."""

    path: Path
    scope: Scope


def builtin_folder() -> Path:
    """The definitions that come with the package: in it when it is installed, beside `src` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "builtin_agents"
    if not installed.is_dir() and package.parent.name == "src":
        return package.parents[1] / "agents"
    return installed


def folders(project: Project) -> tuple[Folder, ...]:
    """Where a project's definitions come from, the least important first."""
    return (
        Folder(builtin_folder(), Scope.PACKAGED),
        Folder(user_home() / "agents", Scope.USER),
        Folder(project.folder / "agents", Scope.PROJECT),
    )


def read_definition(path: Path, scope: Scope) -> Parsed:
    """What one file says. A file that cannot be read is a problem, never an error."""
    try:
        data = _contents(path)
    except OSError as error:
        source = DefinitionSource(_shown(path), "", scope)
        return _unusable(source, None, _("cannot be read: {why}").format(why=error.strerror or error))
    source = DefinitionSource(_shown(path), hashlib.sha256(data).hexdigest(), scope)
    if len(data) > MAX_FILE:
        return _unusable(source, None, _("is longer than {n:,} bytes").format(n=MAX_FILE))
    try:
        return parse(data.decode("utf-8"), source)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unusable(source, line, _("is not UTF-8 text here; save the file as UTF-8"))


def load(places: Iterable[Folder]) -> AgentCatalog:
    """The catalog of these folders, as they are now."""
    return _Files(tuple(places)).catalog()


class Definitions:
    """A project's definitions, as the files are at each look.

    A look costs one `stat` a folder and file (about a microsecond each) and reads only what changed, so it is cheap
    enough for every spawn. Nothing is read before the first look.
    """

    def __init__(self, project: Project, places: Sequence[Folder] | None = None) -> None:
        self._files = _Files(folders(project) if places is None else tuple(places))
        self._catalog = AgentCatalog()

    def catalog(self) -> AgentCatalog:
        if self._files.changed():
            self._catalog = self._files.catalog()
        return self._catalog

    def find(self, name: str) -> AgentDefinition:
        """Like `AgentCatalog.find`; before a name is said to be unknown, every file is read again."""
        try:
            return self.catalog().find(name)
        except UnknownAgent:
            self._files.forget()
            return self.catalog().find(name)


Stamp = tuple[int, int, int, int] | None


@dataclass(slots=True)
class _File:
    stamp: Stamp
    parsed: Parsed


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
        self._files, self._folders = {}, {}
        for place in self.places:
            if place.path in self._folders:
                continue
            self._folders[place.path] = _stamp(place.path)
            for path in _listed(place.path, problems):
                self._files[path] = self._read(path, place.scope, known.get(path))
        self._looked, self._stale = now, False
        return AgentCatalog((file.parsed for file in self._files.values()), problems)

    def _read(self, path: Path, scope: Scope, before: _File | None) -> _File:
        # Stamped first: what is written between the two looks newer at the next look.
        stamp = _stamp(path)
        if before is not None and before.stamp == stamp and not _young(stamp, self._looked):
            return before
        return _File(stamp, read_definition(path, scope))

    def _moved_on(self, path: Path, stamp: Stamp) -> bool:
        return _stamp(path) != stamp or _young(stamp, self._looked)


def _listed(folder: Path, problems: list[Problem]) -> list[Path]:
    """The definition files directly in a folder, in order; hidden ones are not meant, nor is a missing folder."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(Problem(_shown(folder), None, _("cannot be read: {why}").format(why=error.strerror)))
        return []
    return [folder / name for name in names if name.endswith(".md") and not name.startswith(".")]


def _stamp(path: Path) -> Stamp:
    """What differs after a change: times, size and identity. None when there is nothing."""
    try:
        seen = os.stat(path)  # noqa: PTH116  a third faster than Path.stat, and this is done at every spawn
    except (OSError, ValueError):
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino


def _young(stamp: Stamp, looked: int) -> bool:
    return stamp is not None and stamp[1] > looked - YOUNG


def _contents(path: Path) -> bytes:
    """At most one byte more than a file may have. What is no file is refused unread: a pipe would never end."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, _("it is not a file"))
        return file.read(MAX_FILE + 1)


def _shown(path: Path) -> str:
    """A path as text that can be stored and printed; a name that is not UTF-8 shows where it is not."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unusable(source: DefinitionSource, line: int | None, message: str) -> Parsed:
    return Parsed(None, (Problem(source.path, line, message),), source, name=Path(source.path).stem)
