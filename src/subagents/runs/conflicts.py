"""Where runs of a session meet, folded from facts; what is to be recorded of a look, and how it is told. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from subagents.conflict import ConflictKind, ConflictPlace, ResolvedBy
from subagents.errors import NotNow
from subagents.events import ConflictDetected, ConflictResolved, Entry, Event
from subagents.ids import RunId
from subagents.texts import as_name, digest

MOST_PLACES = 3  # files of a conflict that a line names
MOST_RANGES = 3  # passages of a file
KEPT = 100  # conflicts that are over and may be spoken of again


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one; the fields are those of `ConflictDetected`, `at` is seconds since the epoch."""

    id: str
    runs: tuple[RunId, ...]
    kind: ConflictKind
    places: tuple[ConflictPlace, ...]
    heads: tuple[str, ...]
    at: float
    stranger: str = ""


class Over(msgspec.Struct, frozen=True):
    """That a conflict was resolved at that time, in seconds since the epoch."""

    conflict: str
    at: float


class ConflictState(msgspec.Struct, frozen=True):
    """Those that nobody resolved, in the order they were found, and those that a person settled. `over` is kept of
    those with runs of other sessions: the last word on them may stand in either log, and a session that has ended
    writes nothing any more."""

    open: tuple[Conflict, ...] = ()
    settled: tuple[Conflict, ...] = ()
    over: tuple[Over, ...] = ()

    def alarming(self, run: RunId) -> tuple[Conflict, ...]:
        """Those of a run that somebody should look at."""
        return tuple(each for each in self.of(run) if each.kind.alarms)

    def of(self, run: RunId) -> tuple[Conflict, ...]:
        return tuple(each for each in self.open if run in each.runs)


def evolve(state: ConflictState, entry: Entry) -> ConflictState:
    """After one more fact; those that are about no conflict change nothing."""
    match entry.event:
        case ConflictDetected(conflict=conflict) as event:
            found = Conflict(
                id=conflict,
                runs=event.runs,
                kind=event.kind,
                places=event.places,
                heads=event.heads,
                at=entry.at,
                stranger=event.stranger,
            )
            still, settled = _without(state.open, conflict), _without(state.settled, conflict)
            return ConflictState((*still, found), settled, state.over)
        case ConflictResolved(conflict=conflict, by=by):
            gone = tuple(each for each in state.open if each.id == conflict)
            settled = (*state.settled, *gone) if by is ResolvedBy.PERSON else state.settled
            over = (*state.over, *(Over(conflict, entry.at) for each in gone if each.stranger))
            return ConflictState(_without(state.open, conflict), settled[-KEPT:], over[-KEPT:])
        case _:
            return state


def _without(conflicts: tuple[Conflict, ...], conflict: str) -> tuple[Conflict, ...]:
    return tuple(each for each in conflicts if each.id != conflict)


def conflict_id(runs: Sequence[RunId], kind: ConflictKind, about: str = "") -> str:
    """The same for the same two, whenever they meet; `about` divides what is told of apart."""
    said = "\0".join((*sorted(runs), kind, about))
    return digest(said)[:8]


# --- what is to be recorded


def after_look(
    state: ConflictState,
    runs: tuple[RunId, ...],
    found: Iterable[tuple[ConflictKind, tuple[ConflictPlace, ...]]],
    heads: tuple[str, ...],
    by: ResolvedBy = ResolvedBy.UNDONE,
    stranger: str = "",
) -> list[Event]:
    """The facts that follow from a look at two trees: what is new or is elsewhere now, and what is there no more, gone
    by what `by` says. `stranger` is the agent of the last run where that is of another session."""
    facts, seen = list[Event](), set[str]()
    for kind, places in found:
        conflict = conflict_id(runs, kind)
        seen.add(conflict)
        if not known(state, conflict, places):
            facts.append(
                ConflictDetected(
                    conflict=conflict, runs=runs, kind=kind, places=places, heads=heads, stranger=stranger
                )
            )
    for gone in state.open:
        # What was found in one tree is not looked for here.
        if gone.runs == runs and gone.heads and gone.id not in seen:
            facts.append(ConflictResolved(conflict=gone.id, by=by))
    return facts


def after_leaving(state: ConflictState, run: RunId, by: ResolvedBy) -> list[Event]:
    """The facts that follow when a run has nothing (any more) that could meet others': all of it is in the checkout, or
    there is none."""
    return [ConflictResolved(conflict=each.id, by=by) for each in state.of(run) if each.heads]


def settle(state: ConflictState, conflict: str, reason: str = "") -> ConflictResolved:
    """A person's word. Raises `NotNow` for one that is not open (any more)."""
    if all(each.id != conflict for each in state.open):
        raise NotNow(f"{conflict} was resolved already.")
    return ConflictResolved(conflict=conflict, by=ResolvedBy.PERSON, reason=reason.strip())


def known(state: ConflictState, conflict: str, places: tuple[ConflictPlace, ...]) -> bool:
    """Whether it is told of already; what a person settled comes back only where it has other places."""
    return any(each.id == conflict and each.places == places for each in (*state.open, *state.settled))


def still_open(states: Sequence[ConflictState]) -> Iterator[tuple[int, Conflict]]:
    """The open ones of several sessions, with the place of the session. One of two sessions is none any more when
    either has seen its end since the other found it."""
    ends = dict[str, float]()
    for over in (over for state in states for over in state.over):
        ends[over.conflict] = max(over.at, ends.get(over.conflict, over.at))
    for place, state in enumerate(states):
        for each in state.open:
            if each.at >= ends.get(each.id, each.at):
                yield place, each


# --- how it is told


def told(conflict: Conflict, handle_of: Callable[[RunId], str], to: RunId | None = None) -> str:
    """One line; for the run `to`, of the others."""
    others = [_called(conflict, run, handle_of) for run in conflict.runs if run != to]
    if len(conflict.runs) == 1:
        others.append("what is committed in the checkout")
    sides = " and ".join(others)
    against = (
        f"{_meaning(conflict.kind)} with {sides}" if to is not None else f"{sides}: {_lower(conflict.kind)}"
    )
    return f"{against}: {'; '.join(_places(conflict))} [{conflict.id}]"


def _called(conflict: Conflict, run: RunId, handle_of: Callable[[RunId], str]) -> str:
    """Of one of another session, whose handle is not known here, the agent and the id."""
    if conflict.stranger and run == conflict.runs[-1]:
        return f"{as_name(conflict.stranger)} ({run}, of another session)"
    return handle_of(run)


def _meaning(kind: ConflictKind) -> str:
    match kind:
        case ConflictKind.TEXT:
            return "Will not merge"
        case ConflictKind.DELETED:
            return "Will not merge (one changed what the other deleted)"
        case ConflictKind.RENAMED:
            return "Will not merge (renamed)"
        case ConflictKind.OTHER:
            return "Will not merge (not as text)"
        case ConflictKind.LINES:
            return "Edited the same lines"
        case ConflictKind.UNMERGED:
            return "Edited the same file, which may not merge"
        case ConflictKind.SAME_FUNCTION:
            return "Merges, but both edited the same function"
        case ConflictKind.SAME_FILE:
            return "Merges, both edited the same file"


def _lower(kind: ConflictKind) -> str:
    meaning = _meaning(kind)
    return f"{meaning[0].lower()}{meaning[1:]}"


def _places(conflict: Conflict) -> Iterator[str]:
    for place in conflict.places[:MOST_PLACES]:
        yield _place(place)
    if (more := len(conflict.places) - MOST_PLACES) > 0:
        yield f"and {more} more"


def _place(place: ConflictPlace) -> str:
    if place.functions:
        return f"{place.path} ({', '.join(place.functions[:MOST_RANGES])})"
    if not place.ours and not place.theirs:
        return place.path
    return f"{place.path} {' / '.join(_ranges(side) for side in (place.ours, place.theirs) if side)}"


def _ranges(lines: Sequence[object]) -> str:
    shown = ", ".join(str(each) for each in lines[:MOST_RANGES])
    return f"{shown}, …" if len(lines) > MOST_RANGES else shown
