"""Hypothesis strategies: facts of every kind with any values, and logs of what runs can live through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from subagents.conflict import ConflictKind, ConflictPlace, ResolvedBy
from subagents.errors import NotNow
from subagents.events import (
    EVENTS,
    CommandStarted,
    ConflictDetected,
    ConflictResolved,
    DirectoryChanged,
    Entry,
    Event,
    FileEdited,
    ModelRequestFailed,
    OutputRejected,
    ResultDelivered,
    RunCleared,
    RunFailed,
    ServerLeftOut,
    SessionRenamed,
    StoppedBy,
    ToolCalled,
    ToolReturned,
)
from subagents.ids import RunId
from subagents.runs import lifecycle
from subagents.runs.state import RunState
from subagents.sessions.state import SessionState
from subagents.spec import AskedBy
from subagents.testing.facts import BEGAN, replied, spawned, started
from subagents.usage import ModelUsage

_integers = st.integers(-(2**63), 2**63 - 1)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_scalars: dict[Any, SearchStrategy[Any]] = {
    str: st.text(),
    int: _integers,
    float: _floats,
    bool: st.booleans(),
    bytes: st.binary(),
    NoneType: st.none(),
}

#: Anything that JSON can say.
json_values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _integers | _floats | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def events(*kinds: type[Event]) -> SearchStrategy[Event]:
    """Facts of these kinds, or of all, with any values their types allow."""
    return st.one_of([_built(kind) for kind in kinds or EVENTS.values()])


def _built(kind: type[Any]) -> SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _values(hints[name]) for name in kind.__struct_fields__})


def _values(hint: Any) -> SearchStrategy[Any]:
    arguments = get_args(hint)
    if isinstance(hint, NewType):
        return _values(hint.__supertype__)
    if hint is Any:
        return json_values
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([_values(argument) for argument in arguments])
    if get_origin(hint) is tuple:
        return st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if isinstance(get_origin(hint), type) and issubclass(get_origin(hint), Mapping):
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _built(hint)
    return _scalars[hint]


# --- logs

#: What may happen to a run; each answers what is recorded, or None.
STEPS: Mapping[str, Callable[[RunState], Event | None]] = {
    "start": lambda run: lifecycle.start(run, "scripted"),
    "reply": lambda run: replied(run.id, run.episode, text=f"reply {run.turns}"),
    "request fails": lambda run: ModelRequestFailed(
        run=run.id,
        episode=run.episode,
        model="scripted",
        wait=1.0,
        usage=ModelUsage(requests=1, input=7, cost=0.5),
    ),
    "call": lambda run: ToolCalled(
        run=run.id, episode=run.episode, call=f"c{run.tool_uses}", tool="bash", arguments="{}", digest="0"
    ),
    "command": lambda run: CommandStarted(run=run.id, episode=run.episode, group=7, started="1"),
    "return": lambda run: ToolReturned(
        run=run.id, episode=run.episode, call=f"c{run.tool_uses - 1}", tool="bash"
    ),
    "server left out": lambda run: ServerLeftOut(run=run.id, episode=run.episode, text="It is not there."),
    "move": lambda run: DirectoryChanged(run=run.id, episode=run.episode, path="/elsewhere"),
    "edit": lambda run: FileEdited(
        run=run.id,
        episode=run.episode,
        path="a.py",
        before=str(run.turns % 3),
        after=str((run.turns + 1) % 3),
        first_line=1,
        last_line=1 + run.tool_uses,
    ),
    "meet": lambda run: ConflictDetected(
        conflict=f"with {run.turns % 2}",
        runs=(run.id,),
        kind=ConflictKind.TEXT,
        places=(ConflictPlace(path="a.py"),),
        heads=("a", "b"),
    ),
    "meet a stranger": lambda run: ConflictDetected(
        conflict="with a stranger",
        runs=(run.id, RunId("stranger")),
        kind=ConflictKind.TEXT,
        places=(ConflictPlace(path="a.py"),),
        heads=("a", "b"),
        stranger="Explore",
    ),
    "settle": lambda run: ConflictResolved(conflict=f"with {run.turns % 2}", by=ResolvedBy.PERSON),
    "end turn": lifecycle.end_turn,
    "wrap up": lambda run: lifecycle.wrap_up(run, "turns"),
    "steer": lambda run: lifecycle.steer(run, f"s{run.turns}", "left, please", AskedBy.PERSON),
    "reject": lambda run: OutputRejected(run=run.id, episode=run.episode, problems=("$: no",), text="{}"),
    "pause": lifecycle.pause,
    "park": lifecycle.park,
    "unpause": lifecycle.unpause,
    "complete": lambda run: lifecycle.complete(run, "the answer", 3.5),
    "fail": lambda run: lifecycle.fail(run, "it broke", 2.0, "so far"),
    "stop": lambda run: lifecycle.stop(run, StoppedBy.USER, 1.0, "enough"),
    "interrupt": lambda run: lifecycle.interrupt(run, "nobody drives it"),
    "resume": lambda run: lifecycle.resume(run, "and now?", AskedBy.MODEL),
    "deliver": lambda run: ResultDelivered(run=run.id, episode=run.episode, to="cli"),
    "clear": lambda run: RunCleared(run=run.id, episode=run.episode),
    "reply too late": lambda run: replied(run.id, run.episode - 1),
    "fail too late": lambda run: RunFailed(run=run.id, episode=run.episode - 1, reason="late"),
    "start too late": lambda run: started(run.id, run.episode - 1),
}

# How often a step is taken where it may be, when it is not as likely as the others: most of a life is not its end.
_LIKELY = {"start": 6, "end turn": 4, "pause": 3, "park": 6, "unpause": 3, "wrap up": 3}

_RUNS = [RunId(f"run{number}") for number in range(3)]
_choices = st.tuples(st.sampled_from(_RUNS), st.integers(0, 999), st.floats(-5, 100))


def logs(max_size: int = 60) -> SearchStrategy[tuple[Entry, ...]]:
    """What a session can record of up to three runs, each a child of the one before; clocks may be set back."""
    return st.lists(_choices, max_size=max_size).map(_played)


def _played(choices: list[tuple[RunId, int, float]]) -> tuple[Entry, ...]:
    state, log, now = SessionState(), list[Entry](), BEGAN
    for run, choice, seconds in choices:
        now += seconds
        for event in _next_events(state, run, choice):
            log.append(Entry(state.seq + 1, f"{state.seq + 1:016x}", now, event))
            state.apply(log[-1])
    return tuple(log)


def _next_events(state: SessionState, run: RunId, choice: int) -> list[Event]:
    """One of those that may happen now, so that even short logs get somewhere."""
    if run not in state.runs:
        above = RunId(f"run{int(run[3:]) - 1}")
        return [spawned(run, above if above in state.runs else None), SessionRenamed(title=f"with {run}")]
    known = state.run(run)
    likely = [step for name, step in STEPS.items() for _ in range(_LIKELY.get(name, 1))]
    possible = [event for step in likely if (event := _answer(step, known)) is not None]
    return [possible[choice % len(possible)]]


def _answer(step: Callable[[RunState], Event | None], run: RunState) -> Event | None:
    with suppress(NotNow):
        return step(run)
    return None
