"""The state of a session: its header, its runs, and finding them."""

from __future__ import annotations

import msgspec
import pytest

from subagents.errors import RunNotFound
from subagents.events import SessionArchived, SessionClosed, SessionOpened, SessionRenamed
from subagents.ids import RunId
from subagents.sessions.state import SessionState
from subagents.testing.facts import BEGAN, OTHER_RUN, RUN, replied, spawned, started, state_after

OPENED = SessionOpened(project="/project", user="me", program="subagents run", pid=42)


def test_who_owns_a_session_and_since_when():
    header = state_after(OPENED, SessionClosed(), OPENED).header
    assert (header.owner, header.closed, header.opened_at, header.project) == (42, False, BEGAN, "/project")
    assert state_after(OPENED, SessionClosed()).header.owner is None


def test_a_title_and_an_archive_can_be_changed():
    header = state_after(SessionRenamed(title="a"), SessionArchived(), SessionRenamed(title="b")).header
    assert (header.title, header.archived) == ("b", True)
    assert not state_after(SessionArchived(), SessionArchived(archived=False)).header.archived


def test_runs_are_kept_in_the_order_they_were_spawned():
    state = state_after(spawned(OTHER_RUN), spawned(RUN), started(OTHER_RUN))
    assert list(state.runs) == [OTHER_RUN, RUN]


def test_a_tree_is_walked_parents_first():
    a, b, c = (RunId(name * 8) for name in "abc")
    state = state_after(spawned(), spawned(a, RUN), spawned(b, RUN), spawned(c, a))
    assert state.children(RUN) == (a, b)
    assert state.subtree(RUN) == [RUN, a, b, c]
    assert state.subtree(c) == [c]


def test_a_run_is_found_by_handle_id_or_prefix():
    state = state_after(spawned(RUN, handle="explore"), spawned(OTHER_RUN, handle="abc"))
    assert state.find("explore") == state.find(RUN) == state.find("abcd") == RUN
    assert state.find("abc") == OTHER_RUN  # a handle goes before a prefix


def test_what_fits_no_run_or_several_is_said():
    state = state_after(spawned(RunId("aaaabbbb"), handle="x"), spawned(RunId("aaaacccc"), handle="y"))
    with pytest.raises(
        RunNotFound, match="'aaaa' fits several runs: aaaabbbb, aaaacccc; write more of the id"
    ):
        state.find("aaaa")
    for name in ("z", ""):
        with pytest.raises(RunNotFound, match=f"no run '{name}' in this session; its runs are x, y"):
            state.find(name)
    with pytest.raises(RunNotFound, match="its runs are none yet"):
        SessionState().find("z")
    with pytest.raises(RunNotFound, match="no run 'z'"):
        state.run(RunId("z"))


def test_a_request_is_remembered_with_the_run_it_made():
    state = state_after(spawned(RUN, request_id="r1"), spawned(OTHER_RUN))
    assert dict(state.requests) == {"r1": RUN}


def test_facts_of_unknown_runs_are_passed_over():
    state = state_after(replied(), spawned(OTHER_RUN))
    assert (list(state.runs), state.seq) == ([OTHER_RUN], 2)


def test_what_is_no_snapshot_is_not_restored():
    for data in (b"", b"{}", b'{"header":3}', state_after(spawned()).snapshot()[:-2]):
        with pytest.raises(msgspec.MsgspecError):
            SessionState.restore(data)
