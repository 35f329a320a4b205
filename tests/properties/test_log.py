"""What holds for every log: what is read is what was written, and the state is what the facts say."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subagents.errors import NotNow
from subagents.events import EVENTS, Ending, Entry, Event, RunEvent, decode, encode
from subagents.ids import RunId
from subagents.runs.state import RunState
from subagents.sessions import tables
from subagents.sessions.reader import read_session
from subagents.sessions.sqlite import SqliteStore
from subagents.sessions.state import SessionState, fold
from subagents.sessions.store import EventStore, MemoryStore, Write
from subagents.testing.facts import numbered, spawned, started
from subagents.testing.store_contract import Writing
from subagents.testing.strategies import STEPS, events, logs
from subagents.usage import Usage


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
@given(data=st.data())
@settings(max_examples=20)
def test_what_is_encoded_is_decoded_again(kind: type[Event], data: st.DataObject):
    event = data.draw(events(kind))
    assert decode(kind.__name__, encode(event)) == event
    assert b"\n" not in encode(event)


@given(events(), st.integers(1, 2**40), st.floats(0, 4e9) | st.integers(0, 2**40))
def test_a_row_of_the_log_gives_its_fact_back(event: Event, seq: int, at: float):
    entry = Entry(seq, "0123456789abcdef", at, event)
    assert tables.read_entry(tables.event_row(entry)) == entry


@given(logs(), st.data())
def test_a_snapshot_anywhere_and_the_rest_are_the_fold_of_all(log: tuple[Entry, ...], data: st.DataObject):
    at = data.draw(st.integers(0, len(log)))
    restored = SessionState.restore(fold(log[:at]).snapshot())
    assert seen(fold(log[at:], restored)) == seen(fold(log))


@given(logs())
@settings(max_examples=40)
def test_what_a_store_kept_folds_to_the_state_in_memory(log: tuple[Entry, ...]):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        for store in (MemoryStore(), SqliteStore(path)):
            kept = _kept(store, log)
            assert tuple(kept) == log
            assert seen(fold(kept)) == seen(fold(log))
        assert seen(read_session(path)) == seen(fold(log))


@given(logs(max_size=120))
def test_an_episode_ends_at_most_once(log: tuple[Entry, ...]):
    ended = [(e.run, e.episode) for e in _events(log) if isinstance(e, Ending) and not _is_late(e)]
    assert len(ended) == len(set(ended))


@given(st.lists(events(*(kind for kind in EVENTS.values() if issubclass(kind, Ending))), max_size=6))
def test_the_first_ending_wins_whatever_else_is_in_the_log(endings: list[Ending]):
    late = [msgspec.structs.replace(ending, run=RunId("abcdefgh"), episode=1) for ending in endings]
    run = fold(numbered([spawned(), started(), *late])).run(RunId("abcdefgh"))
    assert (run.outcome.seq if run.outcome else None) == (3 if late else None)


@given(logs(max_size=120))
def test_the_time_of_the_ending_is_known_exactly_when_it_has_ended(log: tuple[Entry, ...]):
    for state in _every_state(log):
        for run in state.runs.values():
            assert (run.ended_at is not None) == (run.outcome is not None) == run.status.ended


@given(logs(max_size=120))
def test_usage_and_counts_never_shrink(log: tuple[Entry, ...]):
    before: dict[RunId, RunState] = {}
    for state in _every_state(log):
        for run_id, run in state.runs.items():
            was = before.get(run_id, run)
            assert run.turns >= was.turns
            assert run.tool_uses >= was.tool_uses
            assert run.episode >= was.episode
            assert _at_least(run.usage, was.usage)
            before[run_id] = run


@given(logs(max_size=120))
def test_only_a_run_that_is_running_is_parked_and_only_one_that_has_not_ended_is_paused(
    log: tuple[Entry, ...],
):
    for state in _every_state(log):
        for run in state.runs.values():
            assert not (run.status.ended and (run.paused or run.parked or run.in_flight))
            assert not run.parked or run.status == "running"


@given(logs())
def test_every_run_is_found_by_its_id_and_handle_and_below_its_parent(log: tuple[Entry, ...]):
    state = fold(log)
    for run in state.runs.values():
        assert state.find(run.id) == state.find(run.handle) == run.id
        assert run.parent is None or run.id in state.children(run.parent)
        assert run.id in state.subtree(run.root if run.parent is None else run.parent)


@given(logs(max_size=30), st.sampled_from(sorted(STEPS)))
def test_deciding_changes_nothing(log: tuple[Entry, ...], step: str):
    state = fold(log)
    before = seen(state)
    for run in state.runs.values():
        try:
            STEPS[step](run)
        except NotNow:
            continue
    assert seen(state) == before


def seen(state: SessionState) -> object:
    """All that anybody can see of a state."""
    children = {run: state.children(run) for run in state.runs}
    return state.snapshot(), dict(state.handles), dict(state.requests), children


def _kept(store: EventStore, log: tuple[Entry, ...]) -> list[Entry]:
    """What another opening of the store would read."""
    store.load()
    Writing(store).keep(*(Write(entries=(entry,)) for entry in log))
    kept = list(store.entries())
    store.close()
    return kept


def _events(log: tuple[Entry, ...]) -> list[RunEvent]:
    return [entry.event for entry in log if isinstance(entry.event, RunEvent)]


def _is_late(event: Ending) -> bool:
    return getattr(event, "reason", "") == "late"


def _every_state(log: tuple[Entry, ...]):
    state = SessionState()
    for entry in log:
        state.apply(entry)
        yield state


def _at_least(now: Usage, before: Usage) -> bool:
    return all(
        now.models[model].requests >= used.requests and now.models[model].tokens >= used.tokens
        for model, used in before.models.items()
    )
