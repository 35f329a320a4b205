"""Which run edited which file of late, folded from facts, and where two edited the same lines. Pure.

Lines are those of the moment of an edit: what others insert above later moves them, and nobody counts that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from posixpath import join, normpath

import msgspec

from subagents.conflict import ConflictKind, ConflictPlace, LineRange, ResolvedBy
from subagents.events import ConflictDetected, ConflictResolved, Event, FileEdited
from subagents.ids import RunId
from subagents.runs.conflicts import ConflictState, conflict_id, known
from subagents.runs.state import RunState

MOST_EDITS = 8  # of one file that are remembered


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A run's edit of a file. `seq` is the number of its fact; hashes and lines are those of `FileEdited`."""

    run: RunId
    seq: int
    at: float
    before: str | None
    after: str
    lines: LineRange


class EditState(msgspec.Struct, frozen=True):
    """The last edits, in order, by the whole path of the file; also those of runs that have ended since."""

    files: dict[str, tuple[Edit, ...]] = {}

    def of_others(self, path: str, run: RunId) -> tuple[Edit, ...]:
        return tuple(edit for edit in self.files.get(path, ()) if edit.run != run)


def whole_path(run: RunState, path: str) -> str:
    """Where a file is that a run named: counted from its workspace, or of an agent outside from its folder."""
    return normpath(join(run.workspace or run.directory or run.spec.cwd, path))


def edited(state: EditState, run: RunState, fact: FileEdited, seq: int, at: float) -> None:
    """Takes an edit in, in place: a copy of all files for each would cost their square."""
    path = whole_path(run, fact.path)
    kept = [*state.files.get(path, ())]
    if (undone := _last(kept, fact.run)) is not None and undone.before == fact.after:
        kept.remove(undone)
    else:
        kept.append(_edit(fact, seq, at))
    if kept:
        state.files[path] = tuple(kept[-MOST_EDITS:])
    else:
        state.files.pop(path, None)


def undoes(state: EditState, path: str, fact: FileEdited) -> bool:
    """Whether the file is as it was before the last edit that this run made."""
    last = _last(state.files.get(path, ()), fact.run)
    return last is not None and last.before == fact.after


def _last(edits: Sequence[Edit], run: RunId) -> Edit | None:
    return next((edit for edit in reversed(edits) if edit.run == run), None)


def meetings(
    edits: EditState,
    conflicts: ConflictState,
    run: RunState,
    fact: FileEdited,
    is_live: Callable[[RunId], bool],
) -> list[Event]:
    """What follows from an edit for runs in one tree: they edited the same lines, or do so no more."""
    path, lines = whole_path(run, fact.path), LineRange(fact.first_line, fact.last_line)
    if undoes(edits, path, fact):
        return _undone(conflicts, path, fact.run)
    met: dict[RunId, tuple[LineRange, ...]] = {}
    for edit in edits.of_others(path, fact.run):
        if is_live(edit.run) and edit.lines.meets(lines):
            met[edit.run] = (*met.get(edit.run, ()), edit.lines)
    found = [_met((other, fact.run), path, theirs, lines) for other, theirs in met.items()]
    return [each for each in found if not known(conflicts, each.conflict, each.places)]


def _met(
    runs: tuple[RunId, RunId], path: str, first: tuple[LineRange, ...], second: LineRange
) -> ConflictDetected:
    return ConflictDetected(
        conflict=conflict_id(runs, ConflictKind.LINES, path),
        runs=runs,
        kind=ConflictKind.LINES,
        places=(ConflictPlace(path=path, ours=first, theirs=(second,)),),
    )


def _undone(conflicts: ConflictState, path: str, run: RunId) -> list[Event]:
    return [
        ConflictResolved(conflict=each.id, by=ResolvedBy.UNDONE)
        for each in conflicts.of(run)
        if each.kind is ConflictKind.LINES and any(place.path == path for place in each.places)
    ]


def _edit(fact: FileEdited, seq: int, at: float) -> Edit:
    lines = LineRange(fact.first_line, fact.last_line)
    return Edit(run=fact.run, seq=seq, at=at, before=fact.before, after=fact.after, lines=lines)


def overtaken(
    others: Sequence[Edit],
    seen: tuple[int, str | None] | None,
    now: str | None,
    is_live: Callable[[RunId], bool],
) -> tuple[Edit, ...]:
    """The edits that a run does not know of. `seen` is how many facts were recorded when it read the file, and the
    hash that this had; None where it did not.

    What it never read counts while the others are at work: what ended before is simply there. A file that is as it was
    read has been changed back.
    """
    if seen is None:
        return tuple(edit for edit in others if is_live(edit.run))
    at, digest = seen
    return () if digest == now else tuple(edit for edit in others if edit.seq > at)
