"""Which session a run is in: one small file for each run of the project, so that an id is looked up, not searched.

The file's name is the run's id and makes it unique in the project; its text is the session's.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from subagents.errors import RunNotFound, SessionError
from subagents.ids import RunId, SessionId, with_prefix
from subagents.places import Project
from subagents.sessions.folder import SessionFolder, folder_of, make_private, sessions, unusable
from subagents.sessions.reader import LogReader
from subagents.texts import quoted

MOST_NAMED = 10  # runs that an error lists


def register_run(project: Project, run: RunId, session: SessionId) -> bool:
    """Claims the id for a run of this session. False when the project has such a run already."""
    folder = _folder(project)
    make_private(folder)
    try:
        file = os.open(folder / run, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(file, "w", encoding="ascii") as claimed:
        claimed.write(session)
    return True


def find_run(project: Project, name: str) -> tuple[SessionFolder, RunId]:
    """The run with this id, unique prefix of an id, or handle; of a handle the newest session that has it.

    Raises `RunNotFound`, naming those that fit or the newest there are.
    """
    with suppress(RunNotFound):
        return _located(project, RunId(name))
    known = _known(project)
    fitting = with_prefix(name, known) if name else []
    if len(fitting) == 1:
        return _located(project, RunId(fitting[0]))
    if (found := _by_handle(project, name)) is not None:
        return found
    if fitting:
        raise RunNotFound(
            f"{quoted(name)} fits several runs: {', '.join(fitting[:MOST_NAMED])}; write more of the id"
        )
    raise RunNotFound(f"no run {quoted(name)} in {project.root}; {_newest(project)}")


def forget_runs(project: Project, removed: Collection[SessionId]) -> None:
    """Drops the entries of sessions that were removed, and of any others that are not there, with what was counted
    of the trees below their runs (runtime/admission.py)."""
    for run in _known(project):
        session = _session_of(project, RunId(run))
        if session in removed or (session and not folder_of(project, session).path.exists()):
            (_folder(project) / run).unlink(missing_ok=True)
            for kind in ("count", "slots"):
                (project.state / "trees" / f"{run}.{kind}").unlink(missing_ok=True)


def _located(project: Project, run: RunId) -> tuple[SessionFolder, RunId]:
    session = _session_of(project, run)
    if not session or not folder_of(project, session).path.is_dir():
        raise RunNotFound(f"no run {run!r} in {project.root}")
    return folder_of(project, session), run


def _session_of(project: Project, run: RunId) -> SessionId:
    """ "" when there is no such run; also for one whose entry is only just being made."""
    # What a person typed is a file's name here, and must not be a path.
    if not run or "/" in run or run.startswith("."):
        return SessionId("")
    with suppress(OSError, ValueError):
        return SessionId((_folder(project) / run).read_text(encoding="ascii").strip())
    return SessionId("")


def _by_handle(project: Project, handle: str) -> tuple[SessionFolder, RunId] | None:
    for folder in sessions(project):
        for known, run in _handles(folder):
            if known == handle:
                return folder, run
    return None


def _handles(folder: SessionFolder) -> list[tuple[str, RunId]]:
    """The handles of a session's runs, the newest run first; none for a session that cannot be read."""
    with suppress(SessionError):
        return LogReader(folder.log).handles()
    return []


def _known(project: Project) -> list[str]:
    try:
        return [entry.name for entry in _folder(project).iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(_folder(project), error) from error


def _newest(project: Project) -> str:
    named: list[str] = []
    for folder in sessions(project):
        named += (f"{handle} ({run})" for handle, run in _handles(folder))
        if len(named) >= MOST_NAMED:
            break
    return f"the newest are {', '.join(named[:MOST_NAMED])}" if named else "there is none yet"


def _folder(project: Project) -> Path:
    return project.state / "runs"
