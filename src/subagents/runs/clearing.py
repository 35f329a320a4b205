"""Which ended runs may go off the list, and why the others stay. Nothing is cleared here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from subagents.errors import RunNotFound
from subagents.ids import RunId
from subagents.runs.listing import Group, group_of
from subagents.runs.state import RunState
from subagents.texts import quoted

OLDER_THAN = 5.0  # minutes since its ending after which a run goes unless asked otherwise


class Kept(StrEnum):
    """Why a run stays."""

    ACTIVE = "active"
    ABOVE = "above"  # what is below it has not ended, and would stand in the tree without a parent
    PROBLEM = "problem"
    UNREAD = "unread"
    YOUNG = "young"


@dataclass(frozen=True, slots=True)
class Rules:
    """What may go: runs that ended `older_than` seconds ago or earlier, and of those the successes that were read.

    With `include_errors` those that failed, were stopped or interrupted as well, and with `include_unread` the answers
    that nobody has read.
    """

    older_than: float = OLDER_THAN * 60
    include_errors: bool = False
    include_unread: bool = False


@dataclass(frozen=True, slots=True)
class Clearing:
    """What goes, what stays and why, and a sentence for each name that was given in vain."""

    cleared: tuple[RunId, ...] = ()
    kept: Mapping[Kept, tuple[RunId, ...]] | None = None
    errors: tuple[str, ...] = ()

    def stays(self, why: Kept) -> tuple[RunId, ...]:
        return (self.kept or {}).get(why, ())


def by_age(runs: Iterable[RunState], rules: Rules, now: float) -> Clearing:
    """What of these may go at the moment `now`. All runs of a tree are to be given, so that parents are known."""
    known = {run.id: run for run in runs}
    above = above_live(known)
    kept: dict[Kept, tuple[RunId, ...]] = {}
    cleared = []
    for run in known.values():
        if run.cleared:
            continue
        if (why := _reason(run, above) or _too_soon(run, rules, now)) is None:
            cleared.append(run.id)
        else:
            kept[why] = (*kept.get(why, ()), run.id)
    return Clearing(tuple(cleared), kept)


def by_name(
    names: Sequence[str], runs: Iterable[RunState], rules: Rules, find: Callable[[str], RunId]
) -> Clearing:
    """What of the named ones may go, however old it is and however it ended; `find` raises `RunNotFound`."""
    known = {run.id: run for run in runs}
    above = above_live(known)
    cleared, unread, errors = dict[RunId, None](), dict[RunId, None](), []
    for name in dict.fromkeys(each.strip() or each for each in names):
        try:
            run = known.get(find(name))
        except RunNotFound as error:
            errors.append(str(error))
            continue
        if run is None:  # it came only after they were looked at
            errors.append(f"{quoted(name)} has only just begun; stop it first")
        elif (refused := _refused(name, run, above)) is not None:
            errors.append(refused)
        elif run.unread and not rules.include_unread:
            unread[run.id] = None
        else:
            cleared[run.id] = None
    return Clearing(tuple(cleared), {Kept.UNREAD: tuple(unread)}, tuple(errors))


def above_live(known: Mapping[RunId, RunState]) -> set[RunId]:
    """The runs below which one has not ended."""
    found: set[RunId] = set()
    for run in known.values():
        if not run.status.ended:
            for parent in _parents(run, known):
                if parent in found:
                    break
                found.add(parent)
    return found


def _parents(run: RunState, known: Mapping[RunId, RunState]) -> Iterator[RunId]:
    above = known.get(run.parent) if run.parent is not None else None
    while above is not None:
        yield above.id
        above = known.get(above.parent) if above.parent is not None else None


def _reason(run: RunState, above: set[RunId]) -> Kept | None:
    """What keeps a run whatever is asked for."""
    if not run.status.ended:
        return Kept.ACTIVE
    return Kept.ABOVE if run.id in above else None


def _too_soon(run: RunState, rules: Rules, now: float) -> Kept | None:
    if group_of(run) is Group.PROBLEMS and not rules.include_errors:
        return Kept.PROBLEM
    if run.unread and not rules.include_unread:
        return Kept.UNREAD
    ended = run.ended_at if run.ended_at is not None else run.elapsed_from
    return Kept.YOUNG if now - ended < rules.older_than else None


def _refused(name: str, run: RunState, above: set[RunId]) -> str | None:
    called = name if name == run.id else f"{quoted(name)} is {run.id}, which"
    match _reason(run, above):
        case Kept.ACTIVE:
            return f"{called} is still {run.status}; stop it first"
        case Kept.ABOVE:
            return f"{called} has agents below it that have not ended; wait for them, or stop them first"
        case _:
            return f"{called} was cleared before" if run.cleared else None
