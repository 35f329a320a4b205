"""All runs of a project as another process sees them: read only, whoever owns their sessions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subagents.cli.streams import say
from subagents.errors import SessionError
from subagents.language import _
from subagents.places import Project
from subagents.runs.state import RunState, RunStatus
from subagents.sessions.folder import SessionFolder, owner_alive, sessions
from subagents.sessions.index import find_run
from subagents.sessions.soundness import examine
from subagents.sessions.state import SessionState
from subagents.sessions.wal import wal_of


@dataclass(frozen=True)
class Seen:
    """A run, the session it is in, and that session's owner, None when there is none; `problem` says what of the
    session cannot be read, "" where all can. `conflicts` has a line for each place where it meets others."""

    run: RunState
    folder: SessionFolder
    owner: int | None
    problem: str = ""
    conflicts: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """Somebody drives it."""
        return not self.run.status.ended and self.owner is not None

    @property
    def owner_gone(self) -> bool:
        """It was in progress when its owner died; the next owner will record that."""
        return not self.run.status.ended and self.owner is None and not self.run.parked

    @property
    def status(self) -> str:
        if self.owner_gone:
            return str(RunStatus.INTERRUPTED)
        return _("paused") if self.run.parked else str(self.run.status)

    @property
    def last_sign(self) -> float:
        """When it ended, or gave its last sign of life."""
        return self.run.ended_at or self.run.progress_at


@dataclass(frozen=True)
class Look:
    """What was found, and a sentence for each session that could not be read, or not all of it."""

    runs: list[Seen]
    problems: list[str]


def look(project: Project, since: float | None = None) -> Look:
    """The project's runs. With `since`, without ownerless sessions that were last written to before."""
    found = Look([], [])
    for folder in sessions(project):
        owner = owner_alive(folder)
        if owner is None and since is not None and _written_at(folder) < since:
            continue
        examined = examine(folder)
        if examined.problem:
            found.problems.append(examined.problem)
        if (state := examined.state) is not None and (since is None or not state.header.archived):
            found.runs.extend(
                Seen(run, folder, owner, examined.problem, state.conflicts_of(run.id))
                for run in state.runs.values()
            )
    return found


def find(project: Project, name: str) -> tuple[Seen, SessionState]:
    """The run with this id, unique prefix of one, or handle, and its session. Raises `RunNotFound`, `SessionError`."""
    folder, run_id = find_run(project, name)
    # Before the facts: an owner that ends in between has then recorded its endings.
    owner = owner_alive(folder)
    examined = examine(folder)
    if (state := examined.state) is None or (examined.problem and run_id not in state.runs):
        raise SessionError(examined.problem)
    return Seen(state.run(run_id), folder, owner, examined.problem, state.conflicts_of(run_id)), state


def find_to_show(project: Project, name: str) -> Seen:
    """The same, for a command that prints what was recorded: what of it cannot be read is said."""
    seen, _state = find(project, name)
    if seen.problem:
        say(seen.problem)
    return seen


def _written_at(folder: SessionFolder) -> float:
    """When its log was last written; 0 when there is none."""
    return max(map(_changed_at, (folder.log, wal_of(folder.log))))


def _changed_at(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
