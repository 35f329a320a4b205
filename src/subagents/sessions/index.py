"""Which session a run is in: one small file for each run of the project, so that an id is looked up, not searched.

The file's name is the run's id and makes it unique in the project; its text is the session's. What it says is in the
logs as well, which are searched where it says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from subagents.atomic import replace
from subagents.errors import RunNotFound, SessionError
from subagents.ids import RunId, SessionId, with_prefix
from subagents.places import Project
from subagents.sessions.folder import SessionFolder, folder_of, make_private, sessions, unusable
from subagents.sessions.reader import LogReader
from subagents.sessions.soundness import examine
from subagents.texts import quoted

MOST_NAMED = 10  # runs that an error lists
MOST_DAMAGED = 3  # sessions of which it says what is wrong


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
    fitting = with_prefix(name, _known(project)) if name else []
    if len(fitting) == 1:
        with suppress(RunNotFound):
            return _located(project, RunId(fitting[0]))
    logs = _Logs(project)
    if (found := logs.by_handle(name)) is not None:
        return found
    if len(fitting) <= 1:
        # Entries may be gone, or say nothing: the logs know it all.
        fitting = logs.with_prefix(name)
        if len(fitting) == 1:
            return _entered_again(project, *logs.located(fitting[0]))
    if fitting:
        raise RunNotFound(
            f"{quoted(name)} fits several runs: {', '.join(fitting[:MOST_NAMED])}; write more of the id"
        )
    raise RunNotFound(f"no run {quoted(name)} in {project.root}; {logs.newest()}")


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
        session = (_folder(project) / run).read_text(encoding="ascii").strip()
        # Nor may what is in a damaged one.
        return SessionId(session if session.isalnum() else "")
    return SessionId("")


def _entered_again(project: Project, folder: SessionFolder, run: RunId) -> tuple[SessionFolder, RunId]:
    """Writes the entry that a run lacks, so that it need not be searched again; where that cannot be, it will be."""
    with suppress(OSError, SessionError):
        make_private(_folder(project))
        replace(_folder(project) / run, folder.id.encode("ascii"), 0o600)
    return folder, run


class _Logs:
    """The runs that the logs know of, the newest session and in it the newest run first, read as far as is needed."""

    def __init__(self, project: Project) -> None:
        self._waiting = iter(sessions(project))
        self._read: list[tuple[SessionFolder, str, RunId]] = []
        self._problems: list[str] = []

    def by_handle(self, handle: str) -> tuple[SessionFolder, RunId] | None:
        return next(((folder, run) for folder, known, run in self._runs() if known == handle), None)

    def with_prefix(self, name: str) -> list[str]:
        return with_prefix(name, [run for _folder, _handle, run in self._runs()]) if name else []

    def located(self, run: str) -> tuple[SessionFolder, RunId]:
        return next((folder, known) for folder, _handle, known in self._runs() if known == run)

    def newest(self) -> str:
        """The newest runs there are, and what cannot be read, for whoever found none."""
        named = [f"{handle} ({run})" for _folder, handle, run in islice(self._runs(), MOST_NAMED)]
        said = f"the newest are {', '.join(named)}" if named else "there is none yet"
        if not (problems := self._problems[:MOST_DAMAGED]):
            return said
        return "; ".join((said if named else "there is none that can be read", *problems))

    def _runs(self) -> Iterator[tuple[SessionFolder, str, RunId]]:
        """All of them; what was read once is not read again."""
        yield from self._read
        for folder in self._waiting:
            of_session = [(folder, handle, run) for handle, run in self._handles(folder)]
            self._read += of_session
            yield from of_session

    def _handles(self, folder: SessionFolder) -> list[tuple[str, RunId]]:
        """Of a session that is damaged as far as it can be read; what is wrong with it is remembered."""
        try:
            if found := LogReader(folder.log).handles():
                return found
        except SessionError:
            pass
        examined = examine(folder)
        if examined.problem:
            self._problems.append(examined.problem)
        runs = list(examined.state.runs.values()) if examined.state is not None else []
        return [(run.handle, run.id) for run in reversed(runs)]


def _known(project: Project) -> list[str]:
    try:
        return [entry.name for entry in _folder(project).iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(_folder(project), error) from error


def _folder(project: Project) -> Path:
    return project.state / "runs"
