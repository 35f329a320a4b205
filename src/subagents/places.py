"""Where things live: the project's root, the user's folder, the state that is kept out of the project.

Every user-level path goes through here, so that the overrides `SUBAGENTS_HOME` and `SUBAGENTS_STATE`
hold for all of them. Nothing here creates a folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from subagents.errors import SessionError

PROJECT_FOLDER = ".subagents"
WORKTREES = "worktrees"

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Project:
    """A project and its part of the state directory."""

    root: Path
    state: Path

    @property
    def folder(self) -> Path:
        """What is shared with the repository: settings, definitions, memory, skills."""
        return self.root / PROJECT_FOLDER

    @property
    def sessions(self) -> Path:
        return self.state / "sessions"

    @property
    def worktrees(self) -> Path:
        """Each is at <repository>/<agent>-<run> in it, beside its record."""
        return self.state / WORKTREES


def project_at(folder: Path) -> Project:
    """The project that `folder` belongs to; the folder need not exist any more."""
    root = project_root(folder)
    return Project(root=root, state=state_home() / state_name(root))


def project_root(folder: Path, owner: Callable[[Path], int] | None = None) -> Path:
    """The nearest folder with `.subagents/`, else the repository's main worktree, else `folder` itself.

    `owner` tells whose a file is, as a user's number. What another user put above the repository, or above `folder`
    where there is none, does not count: everybody can write to a folder such as /tmp.
    """
    start = Path(os.path.realpath(folder))
    owner, lineage = owner or _owner, (start, *start.parents)
    top = next((place for place in lineage if _is_repository_of(place, start, owner)), None)
    inside = (start, *(place for place in start.parents if top is not None and place.is_relative_to(top)))
    for place in lineage:
        if _makes_project(place) and (place in inside or owner(place / PROJECT_FOLDER) == _user()):
            return place
    return (_main_worktree(top) or start) if top is not None else start


def _makes_project(place: Path) -> bool:
    """The user's own folder may be called .subagents too; it does not make the home a project."""
    return (place / PROJECT_FOLDER).is_dir() and (place / PROJECT_FOLDER) != user_home()


def _is_repository_of(place: Path, start: Path, owner: Callable[[Path], int]) -> bool:
    """Whether it is the top of a repository, above `start` only one of the user, or of who owns `start`."""
    if _main_worktree(place) is None:
        return False
    return place == start or owner(place / ".git") in (_user(), owner(start))


def _owner(path: Path) -> int:
    """-1, which is nobody, where it cannot be known."""
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def is_safe_name(name: str) -> bool:
    """Whether a name that others chose may become the name of a file or folder: it then leads nowhere else."""
    return _SAFE_NAME.fullmatch(name) is not None


def is_in_worktree(folder: Path) -> bool:
    """Whether the folder is the worktree of a run, or in it: of all that is in the state directory only these hold
    work. Its links are to be followed already."""
    return worktree_around(folder) is not None


def worktree_around(folder: Path) -> Path | None:
    """The worktree of a run that the folder is, or is in; the same holds for its links."""
    home = Path(os.path.realpath(state_home()))
    inside = folder.relative_to(home).parts if folder.is_relative_to(home) else ()
    down = len(("project", WORKTREES, "repository", "worktree"))
    return home.joinpath(*inside[:down]) if len(inside) >= down and inside[1] == WORKTREES else None


def user_home() -> Path:
    """The user's settings, definitions, memory and skills: `$SUBAGENTS_HOME`, else XDG's configuration."""
    if given := os.environ.get("SUBAGENTS_HOME"):
        return _expanded("SUBAGENTS_HOME", given)
    return _xdg("XDG_CONFIG_HOME", ".config") / "subagents"


def state_home() -> Path:
    """Sessions and locks: `$SUBAGENTS_STATE`, else XDG's state directory. On macOS XDG too."""
    if given := os.environ.get("SUBAGENTS_STATE"):
        return _expanded("SUBAGENTS_STATE", given)
    return _xdg("XDG_STATE_HOME", ".local/state") / "subagents"


def state_name(root: Path) -> str:
    """`<name>-<hash>` of a project root: readable, and different for equal names in different places."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name).strip("-.")[:40] or "root"
    return f"{name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:10]}"


def _expanded(variable: str, given: str) -> Path:
    try:
        return _absolute(variable, Path(given).expanduser())
    except RuntimeError:
        raise SessionError(
            f"{variable}={given!r} names a home that is not there; give an absolute path"
        ) from None


def _absolute(variable: str, path: Path) -> Path:
    """What is the user's must not be what happens to lie in the folder that a command is called in."""
    if not path.is_absolute():
        raise SessionError(f"{variable}={str(path)!r} is a relative path; give an absolute one")
    return path


def _xdg(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    # The XDG base directory specification: a relative path is invalid and to be ignored.
    return Path(given) if Path(given).is_absolute() else _absolute("HOME", Path.home()) / default


def _main_worktree(place: Path) -> Path | None:
    """The main worktree of the repository whose top folder is `place`, or None when there is none.

    In a linked worktree `.git` is a file that names `<main>/.git/worktrees/<name>` (gitrepository-layout(5)).
    """
    git = place / ".git"
    if git.is_dir():
        return place
    try:
        first = git.read_text(encoding="utf-8", errors="replace").splitlines()[0]
    except (OSError, IndexError):
        return None
    named = Path(place, first.removeprefix("gitdir:").strip())
    if named.parent.name == "worktrees" and named.parent.parent.name == ".git":
        return Path(os.path.realpath(named.parent.parent.parent))
    return place
