"""The folders of a project's sessions: where they are, who owns one, and finding one by id or title.

    <state>/sessions/<session id>/log.db  lock  transcripts/  output/
    <state>/runs/<run id>                 which session a run is in (sessions/index.py)

Folders are made 0700 and files 0600. Looking makes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subagents.errors import SessionError, SessionNotFound
from subagents.ids import SessionId, new_session_id, with_prefix
from subagents.places import Project
from subagents.sessions import lock as locks
from subagents.sessions.lock import SessionLock
from subagents.sessions.reader import read_session
from subagents.texts import quoted


@dataclass(frozen=True, order=True)
class SessionFolder:
    """Where one session is kept. Folders order by age, because ids do."""

    id: SessionId
    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log.db"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def transcripts(self) -> Path:
        return self.path / "transcripts"

    @property
    def output(self) -> Path:
        """What its runs' commands print."""
        return self.path / "output"


def create(project: Project, now: float) -> SessionFolder:
    """A new session's folder, named for the moment. Raises `SessionError` where the state folder cannot be used."""
    make_private(project.state)
    make_private(project.sessions)
    while True:
        made = folder_of(project, new_session_id(now))
        with suppress(FileExistsError):
            made.path.mkdir(mode=0o700)
            return made


def folder_of(project: Project, session: SessionId) -> SessionFolder:
    """Where the session with this id is, or would be."""
    return SessionFolder(session, project.sessions / session)


def sessions(project: Project) -> list[SessionFolder]:
    """All of the project's, newest first."""
    try:
        with os.scandir(project.sessions) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(project.sessions, error) from error
    return [folder_of(project, SessionId(name)) for name in sorted(names, reverse=True)]


def find(project: Project, name: str) -> SessionFolder:
    """The session with this id, unique prefix of an id, or title (whatever the case).

    Raises `SessionNotFound`, naming those that fit or the newest there are.
    """
    known = sessions(project)
    fitting = with_prefix(name, [folder.id for folder in known]) if name else []
    titles = {} if fitting else {folder.id: _title(folder) for folder in known}
    if not fitting:
        fitting = [
            session for session, title in titles.items() if name and title.casefold() == name.casefold()
        ]
    if len(fitting) == 1:
        return folder_of(project, SessionId(fitting[0]))
    if fitting:
        raise SessionNotFound(
            f"{quoted(name)} fits several sessions: {_listed(fitting)}; write more of the id"
        )
    raise SessionNotFound(f"no session {quoted(name)} in {project.root}; {_nearest(name, titles)}")


def lock(folder: SessionFolder, program: str = "") -> SessionLock:
    """Makes this process the session's owner, until it is released or dies; usable in a `with`.

    Raises `SessionLocked`, which names the owner, and `SessionNotFound`.
    """
    if not folder.path.is_dir():
        raise SessionNotFound(f"there is no session in {folder.path}")
    require_own(folder.path)
    return locks.take(folder.lock_file, program)


def owner_alive(folder: SessionFolder) -> int | None:
    """The owner's process id, None when the session has none; 0 for one that has only just taken it. For messages:
    the id may be one that lives in another container. Disturbs nobody."""
    return locks.holder(folder.lock_file)


def abandoned(project: Project) -> list[SessionFolder]:
    """The sessions whose owner died: what it left running is to be ended and said."""
    return [folder for folder in sessions(project) if locks.was_abandoned(folder.lock_file)]


def make_private(path: Path) -> None:
    """Makes the folder, and those above it, for the user alone. Raises `SessionError` when it is somebody else's."""
    try:
        if not path.is_dir():
            for folder in reversed([above for above in (path, *path.parents) if not above.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)
        require_own(path)
    except OSError as error:
        raise unusable(path, error) from error


def require_own(path: Path) -> None:
    """Raises `SessionError` for a folder of another user."""
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise SessionError(
            f"{path} belongs to another user (number {owner}), who could read and change your sessions; "
            "name a folder of your own with SUBAGENTS_STATE"
        )


def unusable(path: Path, error: OSError) -> SessionError:
    """What is said of a state folder that cannot be looked into or written."""
    return SessionError(
        f"sessions cannot be kept in {path}: {error}; name another folder with SUBAGENTS_STATE"
    )


def _title(folder: SessionFolder) -> str:
    """ "" for one that cannot be read: looking for another one must not fail for its sake."""
    with suppress(SessionError):
        return read_session(folder.log).header.title
    return ""


def _nearest(name: str, titles: Mapping[SessionId, str]) -> str:
    if not titles:
        return "there is none yet"
    # Only a mistake needs it, and it is slow to import.
    from difflib import get_close_matches

    near = get_close_matches(name, [*filter(None, titles.values()), *titles], n=3)
    return f"did you mean {_listed(near)}?" if near else f"the newest are {_listed([*titles][:5])}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
