"""Which sessions are kept, and that removing one leaves nothing half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subagents.errors import RunNotFound, SessionLocked, SessionNotFound
from subagents.events import Event, SessionArchived
from subagents.ids import RunId
from subagents.places import Project
from subagents.sessions import folder
from subagents.sessions.folder import SessionFolder
from subagents.sessions.index import find_run, register_run
from subagents.sessions.retention import DAY, Report, gc, needed_runs, remove
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import Write
from subagents.testing.facts import numbered, spawned
from subagents.testing.store_contract import Writing

NOW = 1_800_000_000.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path / "project", state=tmp_path / "state")


def aged(project: Project, days: float, *more: Event, kilobytes: int = 0) -> SessionFolder:
    """A session last written to so many days ago, and with this much output of commands."""
    made = folder.create(project, NOW - days * DAY)
    run = RunId(made.id[-8:])
    store = SqliteStore(made.log)
    store.load()
    Writing(store).keep(Write(entries=numbered([spawned(run), *more])))
    store.close()
    made.output.mkdir()
    (made.output / "big").write_bytes(bytes(kilobytes * 1024))
    os.utime(made.log, (NOW - days * DAY,) * 2)
    register_run(project, run, made.id)
    return made


def kept(project: Project) -> list[SessionFolder]:
    return folder.sessions(project)


def test_without_limits_everything_is_kept(project: Project):
    sessions = [aged(project, days) for days in (1, 400)]
    assert gc(project, now=NOW) == Report()
    assert kept(project) == sessions


def test_what_nobody_wrote_to_for_long_is_removed_with_the_ids_of_its_runs(project: Project):
    old, new = aged(project, 31), aged(project, 29)
    report = gc(project, now=NOW, max_age_days=30)
    assert report.removed == (old.id,)
    assert report.bytes > 4_096
    assert kept(project) == [new]
    assert find_run(project, new.id[-8:])[0] == new
    with pytest.raises(RunNotFound):
        find_run(project, old.id[-8:])
    assert register_run(project, RunId(old.id[-8:]), new.id)


def test_what_is_too_much_goes_beginning_with_the_longest_untouched(project: Project):
    sessions = [aged(project, days, kilobytes=400) for days in (1, 2, 3, 4)]
    assert gc(project, now=NOW, max_bytes=1_000 * 1024).removed == (sessions[3].id, sessions[2].id)
    assert kept(project) == sessions[:2]


def test_a_session_that_somebody_owns_stays(project: Project):
    old = aged(project, 400)
    with folder.lock(old):
        assert gc(project, now=NOW, max_age_days=1, max_bytes=0) == Report()
        with pytest.raises(SessionLocked):
            remove(project, old)
    assert kept(project) == [old]
    assert gc(project, now=NOW, max_age_days=1).removed == (old.id,)


def test_archived_sessions_stay_unless_it_is_said(project: Project):
    old = aged(project, 400, SessionArchived())
    assert gc(project, now=NOW, max_age_days=1) == Report()
    assert gc(project, now=NOW, max_age_days=1, archived=True).removed == (old.id,)


def test_a_session_with_a_run_that_is_needed_stays(project: Project):
    needed, other = aged(project, 400), aged(project, 400)
    (run,) = needed_runs(needed, {needed.id[-8:], "somebody"})
    assert run == needed.id[-8:]
    assert gc(project, now=NOW, max_age_days=30, needed=[run]).removed == (other.id,)
    assert kept(project) == [needed]


def test_a_session_that_cannot_be_read_stays(project: Project):
    unreadable = aged(project, 400)
    unreadable.log.write_bytes(b"?" * 8_192)
    os.utime(unreadable.log, (0, 0))
    assert gc(project, now=NOW, max_age_days=1) == Report()
    remove(project, unreadable)
    assert kept(project) == []


def test_a_dry_run_tells_and_touches_nothing(project: Project):
    old, new = aged(project, 31), aged(project, 1)
    leftover = project.sessions / ".removed-x"
    leftover.mkdir()
    assert gc(project, now=NOW, max_age_days=30, dry_run=True).removed == (old.id,)
    assert kept(project) == [new, old]
    assert leftover.exists()


def test_what_a_crash_left_of_a_removal_goes_the_next_time(project: Project):
    leftover = aged(project, 1)
    leftover.path.rename(leftover.path.with_name(f".removed-{leftover.id}"))
    assert kept(project) == []
    gc(project, now=NOW)
    assert list(project.sessions.iterdir()) == []


def test_removing_one_that_is_gone_is_said(project: Project):
    gone = aged(project, 1)
    remove(project, gone)
    with pytest.raises(SessionNotFound):
        remove(project, gone)


def test_a_project_without_sessions_has_nothing_to_remove(project: Project):
    assert gc(project, now=NOW, max_age_days=0, max_bytes=0) == Report()
    assert not project.state.exists()
