"""In which order several branches fit best: tried in memory, those first that are in the way of the fewest others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.git.output import commit
from subagents.workspaces.git.program import Execute, Git, execute
from subagents.workspaces.git.repository import is_in
from subagents.workspaces.git.three_way import three_way
from subagents.workspaces.putting_back.contribution import Contribution, checkout, tip_of
from subagents.workspaces.putting_back.merging import akin, merged_in_memory, strangers, target_of
from subagents.workspaces.worktrees.scratch import scratch

MOST = 40  # branches; each is tried with each other one

Pairs = Mapping[frozenset[str], int]


@dataclass(frozen=True, slots=True)
class Step:
    """A branch in its turn. With `conflicts` it does not fit on what stands before it, and is left out; so it is where
    `why` says that it fits nowhere."""

    contribution: Contribution
    conflicts: tuple[str, ...] = ()
    why: str = ""

    @property
    def fits(self) -> bool:
        return not (self.conflicts or self.why)


@dataclass(frozen=True, slots=True)
class Plan:
    """The order, those that are left out at its end; `there` are the runs whose work `into` has already."""

    into: str
    steps: tuple[Step, ...] = ()
    there: tuple[str, ...] = ()


async def plan(
    contributions: Sequence[Contribution], now: float, into: str = "", run: Execute = execute
) -> Plan:
    """Changes nothing. The contributions are to one checkout. Raises `WorkspaceError` where there are too many."""
    if not contributions:
        return Plan(into)
    if len(contributions) > MOST:
        sentence = _("{n} branches are more than the {most} that can be ordered; merge some by name first.")
        raise WorkspaceError(sentence.format(n=len(contributions), most=MOST))
    target = await target_of((await checkout(contributions[0], run)).git(run), into)
    tips = {each.run: await tip_of(each, target.git) for each in contributions}
    strange = [each for each in contributions if not await akin(target.git, tips[each.run], target.commit)]
    kin = [each for each in contributions if each not in strange]
    with scratch(target.git) as git:
        there = [each.run for each in kin if await _has(git, target.commit, tips[each.run])]
        waiting = {each.run: each for each in kin if each.run not in there}
        pairs = await _pairs(git, waiting, tips, now)
        steps = await _steps(git, target.commit, waiting, tips, pairs, now)
    left = (Step(each, why=strangers(each.branch, target.branch)) for each in strange)
    return Plan(target.branch, (*steps, *left), tuple(there))


async def _has(git: Git, start: str, tip: str) -> bool:
    """Whether a merge would change nothing, as after one that was squashed."""
    if await is_in(git, tip, start):
        return True
    found = await three_way(git, start, tip)
    return not found.conflicts and found.tree == commit(await git("rev-parse", f"{start}^{{tree}}"))


async def _pairs(git: Git, waiting: Mapping[str, Contribution], tips: Mapping[str, str], now: float) -> Pairs:
    """In how many files each two are in each other's way."""
    found = {}
    for one, other in combinations(waiting, 2):
        message = waiting[one].message(now)
        _made, conflicts = await merged_in_memory(git, tips[one], tips[other], message)
        found[frozenset((one, other))] = len(conflicts)
    return found


async def _steps(
    git: Git,
    start: str,
    contributions: Mapping[str, Contribution],
    tips: Mapping[str, str],
    pairs: Pairs,
    now: float,
) -> tuple[Step, ...]:
    """Each in its turn on top of those before it."""
    waiting, steps, at = dict(contributions), [], start
    out: dict[str, tuple[str, ...]] = {}
    while waiting:
        run = next_of(list(waiting), pairs)
        contribution = waiting.pop(run)
        made, out[run] = await merged_in_memory(git, at, tips[run], contribution.message(now))
        if made:
            steps.append(Step(contribution))
            at = made
    left = [Step(contributions[run], conflicts) for run, conflicts in out.items() if conflicts]
    return (*steps, *left)


def next_of(waiting: Sequence[str], pairs: Pairs) -> str:
    """The one that is in the way of the fewest files of the others; of several, the one that was named first."""
    others = {
        one: sum(pairs[frozenset((one, other))] for other in waiting if other != one) for one in waiting
    }
    return min(waiting, key=lambda one: others[one])
