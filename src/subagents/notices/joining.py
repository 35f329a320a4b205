"""Endings told one by one or together: what is to be told now, and when to look again. Nothing waits here.

An ending is held for a moment, because whoever waited for it may be reading it just now. In the modes `smart` and
`group` agents that one parent starts in one go are told of together: when all have ended, or in parts after a while.
The times are those of pi-subagents (its `group-join.ts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from subagents.events import Noticed
from subagents.ids import RunId

BATCH = 0.1  # seconds after a start in which another one is of the same batch
FIRST_PATIENCE = 30.0  # seconds after the first ending of a group that the others are waited for
LATER_PATIENCE = 15.0  # the same for those that are left
HOLD = 0.2  # seconds that a single ending is held


class JoinMode(StrEnum):
    """`async`: each ending by itself. `smart`, `group`: those of a batch together; a lone one is told by itself."""

    ASYNC = "async"
    SMART = "smart"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Endings that are told of together. `partial` tells that others of their group are in progress."""

    endings: tuple[Noticed, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    """A single ending, until somebody may have read it."""

    ending: Noticed
    due: float


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one parent starts in one go, while it may not be all; those that have ended already are remembered."""

    members: tuple[RunId, ...]
    due: float
    ended: tuple[Noticed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """A batch that is complete. `left` have not ended; `due` is when the patience with them is over."""

    left: frozenset[RunId]
    ended: tuple[Noticed, ...] = ()
    due: float | None = None
    patience: float = FIRST_PATIENCE


@dataclass(frozen=True, slots=True)
class Joins:
    """What of one parent's agents is held, in a mode."""

    mode: JoinMode = JoinMode.ASYNC
    held: tuple[_Held, ...] = ()
    batch: _Batch | None = None
    groups: tuple[_Group, ...] = ()

    @property
    def next_due(self) -> float | None:
        """When `due` has something to tell or to decide; None when only a fact can change anything."""
        moments = [held.due for held in self.held]
        moments += [group.due for group in self.groups if group.due is not None]
        if self.batch is not None:
            moments.append(self.batch.due)
        return min(moments, default=None)


def started(joins: Joins, run: RunId, now: float) -> Joins:
    """An agent was started. `now` is in seconds, of any clock that does not go back."""
    if joins.mode is JoinMode.ASYNC:
        return joins
    joins = _closed(joins, now)
    batch = joins.batch or _Batch((), now)
    return replace(joins, batch=replace(batch, members=(*batch.members, run), due=now + BATCH))


def ended(joins: Joins, ending: Noticed, now: float) -> Joins:
    """One has ended; `due` tells whether it is told at once."""
    joins = _closed(joins, now)
    batch = joins.batch
    if batch is not None and ending.run in batch.members:
        return replace(joins, batch=replace(batch, ended=(*batch.ended, ending)))
    for number, group in enumerate(joins.groups):
        if ending.run in group.left:
            groups = (*joins.groups[:number], _with(group, [ending], now), *joins.groups[number + 1 :])
            return replace(joins, groups=groups)
    return hold(joins, ending, now + HOLD)


def hold(joins: Joins, ending: Noticed, until: float) -> Joins:
    """The ending is told by itself, and not before `until`."""
    return replace(joins, held=(*joins.held, _Held(ending, until)))


def due(joins: Joins, now: float) -> tuple[Joins, tuple[Bundle, ...]]:
    """What is to be told now, and what is held from then on."""
    joins = _closed(joins, now)
    single = [Bundle((held.ending,)) for held in joins.held if held.due <= now]
    groups, together = [], list[Bundle]()
    for group in joins.groups:
        over = group.due is not None and group.due <= now
        if not group.left or over:
            together.append(Bundle(group.ended, partial=bool(group.left)))
        if not group.left:
            continue
        groups.append(_Group(group.left, patience=LATER_PATIENCE) if over else group)
    held = tuple(held for held in joins.held if held.due > now)
    return replace(joins, held=held, groups=tuple(groups)), (*single, *together)


def _closed(joins: Joins, now: float) -> Joins:
    """After the moment in which more could have been started: two and more are a group, a lone one is none."""
    batch = joins.batch
    if batch is None or batch.due > now:
        return joins
    joins = replace(joins, batch=None)
    if len(batch.members) > 1:
        group = _with(_Group(frozenset(batch.members)), batch.ended, now)
        return replace(joins, groups=(*joins.groups, group))
    for ending in batch.ended:
        joins = hold(joins, ending, now)
    return joins


def _with(group: _Group, endings: Iterable[Noticed], now: float) -> _Group:
    """The group after these endings; its patience counts from the first of those that were not told."""
    new = tuple(endings)
    if not new:
        return group
    first = group.due if group.due is not None else now + group.patience
    left = group.left - {ending.run for ending in new}
    return replace(group, left=left, ended=(*group.ended, *new), due=first)
