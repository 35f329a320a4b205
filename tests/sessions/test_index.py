"""Finding a run of the project without knowing its session."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from subagents.errors import RunNotFound
from subagents.events import Event
from subagents.ids import RunId
from subagents.places import Project
from subagents.sessions import folder
from subagents.sessions.folder import SessionFolder
from subagents.sessions.index import find_run, forget_runs, register_run
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import Write
from subagents.testing.facts import BEGAN, numbered, spawned
from subagents.testing.store_contract import Writing


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path / "project", state=tmp_path / "state")


def session_with(project: Project, now: float, *events: Event) -> SessionFolder:
    made = folder.create(project, now)
    store = SqliteStore(made.log)
    store.load()
    Writing(store).keep(Write(entries=numbered(events)))
    store.close()
    return made


def test_a_run_is_found_by_its_id_and_any_prefix_that_only_it_has(project: Project):
    place = folder.create(project, BEGAN)
    for run in ("abcdefgh", "abxxxxxx"):
        assert register_run(project, RunId(run), place.id)
    assert find_run(project, "abcdefgh") == (place, "abcdefgh")
    assert find_run(project, "abc") == (place, "abcdefgh")


def test_an_id_is_given_once_in_a_project(project: Project):
    one, two = folder.create(project, BEGAN), folder.create(project, BEGAN + 1)
    assert register_run(project, RunId("abcdefgh"), one.id)
    assert not register_run(project, RunId("abcdefgh"), two.id)
    assert find_run(project, "abcdefgh")[0] == one


def test_a_prefix_of_several_is_said_with_all_of_them(project: Project):
    place = folder.create(project, BEGAN)
    for run in ("abcdefgh", "abxxxxxx"):
        register_run(project, RunId(run), place.id)
    with pytest.raises(RunNotFound, match="'ab' fits several runs: abcdefgh, abxxxxxx; write more of the id"):
        find_run(project, "ab")


def test_a_handle_is_that_of_the_newest_session_that_has_it(project: Project):
    session_with(project, BEGAN, spawned(RunId("oldoldol"), handle="explore"))
    newer = session_with(project, BEGAN + 100, spawned(RunId("newnewne"), handle="explore"))
    session_with(project, BEGAN + 200, spawned(RunId("othersot"), handle="review"))
    assert find_run(project, "explore") == (newer, "newnewne")


def test_a_run_that_is_not_there_is_said_with_the_newest_that_are(project: Project):
    with pytest.raises(RunNotFound, match=r"no run 'nope' in .*; there is none yet"):
        find_run(project, "nope")
    session_with(project, BEGAN, spawned(RunId("aaaaaaaa"), handle="explore"))
    session_with(
        project,
        BEGAN + 1,
        spawned(RunId("bbbbbbbb"), handle="review"),
        spawned(RunId("cccccccc"), handle="review-2"),
    )
    expected = r"the newest are review-2 \(cccccccc\), review \(bbbbbbbb\), explore \(aaaaaaaa\)$"
    with pytest.raises(RunNotFound, match=expected):
        find_run(project, "nope")


@pytest.mark.parametrize("name", ["", ".", "..", "../sessions", "/etc/passwd", "a/b", "x" * 5_000, "nul\0"])
def test_what_is_no_name_finds_nothing_and_opens_nothing(project: Project, name: str):
    register_run(project, RunId("abcdefgh"), folder.create(project, BEGAN).id)
    with pytest.raises(RunNotFound):
        find_run(project, name)


def test_a_run_whose_session_is_gone_is_not_found(project: Project):
    gone, kept = folder.create(project, BEGAN), folder.create(project, BEGAN + 1)
    register_run(project, RunId("abcdefgh"), gone.id)
    register_run(project, RunId("ijklmnop"), kept.id)
    gone.path.rmdir()
    for name in ("abcdefgh", "abc"):
        with pytest.raises(RunNotFound):
            find_run(project, name)
    forget_runs(project, ())
    assert register_run(project, RunId("abcdefgh"), kept.id)
    assert not register_run(project, RunId("ijklmnop"), kept.id)


def test_looking_makes_nothing_and_registering_makes_it_private(project: Project):
    with pytest.raises(RunNotFound):
        find_run(project, "abc")
    assert not project.state.exists()
    place = folder.create(project, BEGAN)
    register_run(project, RunId("abcdefgh"), place.id)
    entry = project.state / "runs" / "abcdefgh"
    assert (stat.S_IMODE(entry.stat().st_mode), entry.read_text()) == (0o600, place.id)
    assert stat.S_IMODE(entry.parent.stat().st_mode) == 0o700
