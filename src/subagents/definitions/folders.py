"""The folders that definitions come from, and what one file in them says. What is in effect is not known here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subagents.contents import first_bytes
from subagents.definitions.dialects.homes import Home, project_homes, user_homes
from subagents.definitions.frontmatter import begins_like_a_fence
from subagents.definitions.model import Dialect, Parsed, Problem, Scope
from subagents.definitions.parse import parse, stem_of
from subagents.language import _
from subagents.places import Project, user_home
from subagents.spec import DefinitionSource

MAX_FILE = 1_000_000  # bytes; the text becomes a prompt
MAX_LOOKED_AT = 4_000  # bytes in which a file of another tool begins like an agent, or is none


@dataclass(frozen=True, slots=True)
class Folder:
    """A place where definitions are looked for; it need not exist.

    Files there end with one of `endings`, and those that begin with a character of `ignored` are not meant. `root` is
    what a link among them may not lead out of; None where links lead wherever they like.
    """

    path: Path
    scope: Scope
    dialect: Dialect = Dialect.OWN
    endings: tuple[str, ...] = (".md",)
    ignored: str = "."
    root: Path | None = None

    def holds(self, name: str) -> bool:
        """Whether a file of that name in it is meant."""
        return name.endswith(self.endings) and not name.startswith(tuple(self.ignored))


def builtin_folder() -> Path:
    """The definitions that come with the package: in it when it is installed, beside `src` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "builtin_agents"
    if not installed.is_dir() and package.parent.name == "src":
        return package.parents[1] / "agents"
    return installed


def folders(project: Project, *, hide_packaged: bool = False) -> tuple[Folder, ...]:
    """Where a project's definitions come from, the least important first: by scope, and in each our own after those
    of other tools, which are only ever read."""
    packaged = () if hide_packaged else (Folder(builtin_folder(), Scope.PACKAGED),)
    return (
        *packaged,
        *_foreign(user_homes(), Scope.USER),
        Folder(user_home() / "agents", Scope.USER),
        *_foreign(project_homes(project.root), Scope.PROJECT, project.root),
        Folder(project.folder / "agents", Scope.PROJECT, root=project.root),
    )


def _foreign(homes: Sequence[Home], scope: Scope, root: Path | None = None) -> Iterator[Folder]:
    for home in reversed(homes):
        yield Folder(home.path, scope, home.dialect, (home.ending,), home.ignored, root)


def read_definition(path: Path, scope: Scope, dialect: Dialect = Dialect.OWN) -> Parsed | None:
    """What one file says; None for a file of another tool's folder that is no agent: Markdown without front matter.

    A file that cannot be read is a problem, never an error.
    """
    try:
        data = first_bytes(path, MAX_FILE + 1)
    except OSError as error:
        source = DefinitionSource(shown_path(path), "", scope, dialect)
        return _unusable(source, None, _("cannot be read: {why}").format(why=error.strerror or error))
    if _is_a_note(data, path, dialect):
        return None
    source = DefinitionSource(shown_path(path), hashlib.sha256(data).hexdigest(), scope, dialect)
    if len(data) > MAX_FILE:
        return _unusable(source, None, _("is longer than {n:,} bytes").format(n=MAX_FILE))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unusable(source, line, _("is not UTF-8 text here; save the file as UTF-8"))
    return parse(text, source)


def shown_path(path: Path) -> str:
    """A path as text that can be stored and printed; a name that is not UTF-8 shows where it is not."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_a_note(data: bytes, path: Path, dialect: Dialect) -> bool:
    """Whether it is Markdown without front matter among another tool's agents, such as their README.

    What was probably meant as front matter is not passed over: whoever wrote it has to hear of it.
    """
    if dialect is Dialect.OWN or path.suffix != ".md":
        return False
    return not begins_like_a_fence(data.lstrip()[:MAX_LOOKED_AT].decode("utf-8", "replace"))


def _unusable(source: DefinitionSource, line: int | None, message: str) -> Parsed:
    return Parsed(None, (Problem(source.path, line, message),), source, name=stem_of(source))
