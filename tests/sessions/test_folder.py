"""The folders of a project's sessions: making, listing and finding them, and who owns one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subagents.errors import SessionError, SessionLocked, SessionNotFound
from subagents.events import SessionRenamed
from subagents.ids import SessionId
from subagents.places import Project
from subagents.sessions import folder
from subagents.sessions.folder import SessionFolder
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.store import Write
from subagents.testing.facts import BEGAN
from subagents.testing.store_contract import Writing, fact

if TYPE_CHECKING:
    from tests.sessions.conftest import Start

# Tries to become the owner; says how it went, and holds on until its standard input is closed.
OWNER = """
import sys
from pathlib import Path
from subagents.errors import SessionLocked
from subagents.ids import SessionId
from subagents.sessions import folder

path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    lock = folder.lock(folder.SessionFolder(SessionId(path.name), path), "a test")
    print("owner", flush=True)
except SessionLocked as error:
    print(error, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path / "project", state=tmp_path / "state" / "project-0")


@pytest.fixture
def place(project: Project) -> SessionFolder:
    return folder.create(project, BEGAN)


def titled(project: Project, title: str, now: float) -> SessionFolder:
    made = folder.create(project, now)
    store = SqliteStore(made.log)
    store.load()
    Writing(store).keep(Write(entries=(fact(1, SessionRenamed(title=title)),)))
    store.close()
    return made


# --- making and finding


def test_a_new_session_has_a_folder_for_the_user_alone(project: Project, place: SessionFolder):
    for made in (project.state.parent, project.state, project.sessions, place.path):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert place.path == project.sessions / place.id


def test_sessions_are_listed_newest_first(project: Project):
    assert folder.sessions(project) == []
    made = [folder.create(project, BEGAN + day * 86_400) for day in (2, 0, 1)]
    (project.sessions / ".removed-something").mkdir()
    (project.sessions / "a file").touch()
    assert folder.sessions(project) == [made[0], made[2], made[1]]


def test_sessions_of_one_moment_have_folders_of_their_own(project: Project):
    assert len({folder.create(project, BEGAN).path for _ in range(20)}) == 20


def test_a_session_is_found_by_its_id_a_prefix_or_its_title(project: Project):
    old, new = titled(project, "Retries", BEGAN), titled(project, "Locks", BEGAN + 86_400)
    assert folder.find(project, old.id) == old
    assert folder.find(project, new.id[:9]) == new
    assert folder.find(project, "retries") == old


def test_what_fits_several_is_said_with_all_of_them(project: Project):
    one, two = titled(project, "Locks", BEGAN), titled(project, "Locks", BEGAN + 1)
    for name in (one.id[:4], "Locks"):
        with pytest.raises(SessionNotFound, match="fits several sessions: ") as raised:
            folder.find(project, name)
        assert one.id in str(raised.value)
        assert two.id in str(raised.value)


def test_what_fits_none_is_said_with_the_nearest(project: Project):
    with pytest.raises(SessionNotFound, match=r"no session 'x' in .*; there is none yet"):
        folder.find(project, "x")
    made = titled(project, "Where retries are", BEGAN)
    with pytest.raises(SessionNotFound, match=r"did you mean Where retries are\?"):
        folder.find(project, "where retrys are")
    for name in ("zzzz", ""):
        with pytest.raises(SessionNotFound, match=f"the newest are {made.id}"):
            folder.find(project, name)


def test_a_session_that_cannot_be_read_is_in_nobodys_way(project: Project):
    broken, sound = folder.create(project, BEGAN), titled(project, "Locks", BEGAN + 1)
    broken.log.write_text("not a database, and long enough to be taken for one" * 40)
    assert folder.find(project, "locks") == sound


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_state_folder_of_somebody_else_is_refused(project: Project):
    project.state.mkdir(parents=True)
    os.chown(project.state, 12_345, -1)
    with pytest.raises(SessionError, match=r"belongs to another user .*12345"):
        folder.create(project, BEGAN)


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="name another folder with SUBAGENTS_STATE"):
        folder.create(Project(root=tmp_path, state=tmp_path / "file" / "state"), BEGAN)


# --- the lock


def test_only_one_owns_a_session_until_it_lets_go(place: SessionFolder):
    assert folder.owner_alive(place) is None
    with folder.lock(place, "the panel"):
        assert folder.owner_alive(place) == os.getpid()
        with pytest.raises(SessionLocked, match=rf"is open in process {os.getpid()} \(this one\)"):
            folder.lock(place)
    assert folder.owner_alive(place) is None
    folder.lock(place).release()


def test_looking_makes_no_file(place: SessionFolder):
    assert folder.owner_alive(place) is None
    assert list(place.path.iterdir()) == []


def test_looking_takes_nothing_from_the_owner_and_nothing_from_who_opens(place: SessionFolder):
    with folder.lock(place):
        for _ in range(3):
            place.lock_file.read_text()  # any other handle on the file, opened and closed
            assert folder.owner_alive(place) == os.getpid()
        with pytest.raises(SessionLocked):
            folder.lock(place)
    assert stat.S_IMODE(place.lock_file.stat().st_mode) == 0o600


def test_another_process_sees_the_owner(place: SessionFolder, start: Start):
    with folder.lock(place, "the panel"):
        assert _told(start(OWNER, place.path)) == (
            f"session {place.id!r} is open in process {os.getpid()} (the panel); "
            "speak to that one, stop it, or begin a session of your own"
        )


def test_a_kernel_with_only_the_older_locks_does(place: SessionFolder, start: Start):
    without = "import fcntl\nfcntl.F_OFD_SETLK = fcntl.F_OFD_GETLK = 9_999\n"
    twice = f"{without}{OWNER}\nprint(folder.owner_alive(folder.SessionFolder(SessionId(path.name), path)))\n"
    owner = start(twice, place.path)
    assert _told(owner) == "owner"
    assert "is open in" in _told(start(without + OWNER, place.path))
    assert "is open in" in _told(start(OWNER, place.path))
    assert folder.owner_alive(place) == owner.pid
    said, _ = owner.communicate("\n", timeout=60)
    assert said.strip() == str(owner.pid)
    assert folder.owner_alive(place) is None


def test_the_owners_death_frees_the_session(place: SessionFolder, start: Start):
    owner = start(OWNER, place.path)
    assert _told(owner) == "owner"
    assert folder.owner_alive(place) == owner.pid
    owner.kill()
    owner.wait(60)
    assert folder.owner_alive(place) is None
    folder.lock(place).release()


def test_of_many_that_open_at_once_one_owns_it(place: SessionFolder, start: Start):
    openers = [start(OWNER, place.path) for _ in range(6)]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
    said = [_line(opener) for opener in openers]
    assert said.count("owner") == 1
    winner = openers[said.index("owner")]
    assert folder.owner_alive(place) == winner.pid
    assert [line for line in said if "is open in" in line] == [line for line in said if line != "owner"]


def test_programs_that_the_owner_starts_do_not_hold_the_session(place: SessionFolder):
    lock = folder.lock(place)
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, close_fds=False
    ):
        lock.release()
        assert folder.owner_alive(place) is None


def test_a_session_that_was_removed_meanwhile_is_not_owned(place: SessionFolder):
    place.path.rmdir()
    with pytest.raises(SessionNotFound):
        folder.lock(place)
    assert folder.owner_alive(place) is None


@pytest.mark.parametrize("text", ["", "no number\n", "4294967296999 x\n", "\xff\n"])
def test_the_text_in_the_lock_decides_nothing(place: SessionFolder, text: str):
    place.lock_file.write_text(text)
    assert folder.owner_alive(place) is None
    with folder.lock(place):
        place.lock_file.write_text(text)
        assert isinstance(folder.owner_alive(place), int)


def _told(opener: subprocess.Popen[str]) -> str:
    """Lets the opener try, and answers what came of it."""
    assert opener.stdin is not None
    opener.stdin.write("go\n")
    assert _line(opener) == "ready"
    return _line(opener)


def _line(opener: subprocess.Popen[str]) -> str:
    assert opener.stdout is not None
    return opener.stdout.readline().strip()


def test_ids_of_sessions_are_those_of_their_folders(project: Project, place: SessionFolder):
    assert folder.folder_of(project, SessionId(place.id)) == place
    assert (place.log.name, place.lock_file.name) == ("log.db", "lock")
    assert {place.transcripts.name, place.output.name} == {"transcripts", "output"}
