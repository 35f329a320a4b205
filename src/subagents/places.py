"""Where things live: the project's root, the user's folder, the state that is kept out of the project.

Every user-level path goes through here, so that the overrides `SUBAGENTS_HOME` and `SUBAGENTS_STATE`
hold for all of them. Nothing here creates a folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from subagents.errors import SessionError

PROJECT_FOLDER = ".subagents"


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


def project_at(folder: Path) -> Project:
    """The project that `folder` belongs to; the folder need not exist any more."""
    root = project_root(folder)
    return Project(root=root, state=state_home() / state_name(root))


def project_root(folder: Path) -> Path:
    """The nearest folder with `.subagents/`, else the repository's main worktree, else `folder` itself."""
    start = Path(os.path.realpath(folder))
    lineage = (start, *start.parents)
    for place in lineage:
        # The user's own folder may be called .subagents too; it does not make the home a project.
        if (place / PROJECT_FOLDER).is_dir() and (place / PROJECT_FOLDER) != user_home():
            return place
    for place in lineage:
        if (main := _main_worktree(place)) is not None:
            return main
    return start


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
        return Path(given).expanduser()
    except RuntimeError:
        raise SessionError(
            f"{variable}={given!r} names a home that is not there; give an absolute path"
        ) from None


def _xdg(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    # The XDG base directory specification: a relative path is invalid and to be ignored.
    return Path(given) if Path(given).is_absolute() else Path.home() / default


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
