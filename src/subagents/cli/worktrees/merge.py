"""`subagents worktrees merge|apply|commit`: a run's work, put where the user's is."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from subagents.cli.exits import Exit
from subagents.cli.options import RunName
from subagents.cli.streams import say, tell
from subagents.cli.worktrees.here import Here, amount, known_of, record_kept, say_conflicts
from subagents.language import _, counted
from subagents.texts import storable
from subagents.workspaces.putting_back.how import How

if TYPE_CHECKING:
    from subagents.workspaces.putting_back.contribution import Contribution
    from subagents.workspaces.putting_back.merging import Merged
    from subagents.workspaces.putting_back.ordering import Plan, Step

MERGE_HELP = _(
    """Merge a run's branch into the branch that is checked out where the run was started.

    Whole or not at all: where files conflict they are listed, and nothing is changed. Nothing that is not
    committed is written over. The merge is by you, names the run in its last line, and runs no hooks. With --all
    every branch that is not merged yet, in an order in which most of them fit.
    """
)
APPLY_HELP = _(
    """Apply a run's changes as uncommitted changes where the run was started.

    All of them or none: where files conflict they are listed, and nothing is changed. Nothing is staged.
    """
)
COMMIT_HELP = _(
    """Commit what a kept folder holds to the run's branch, now.

    As `git add --all` and `git commit` in that folder would, without hooks.
    """
)

MaybeName = Annotated[str, typer.Argument(metavar="[ID]", hidden=True)]
Anyway = Annotated[
    bool,
    typer.Option(
        "--anyway", help=_("Also beside changes that are not committed, where it needs none of those.")
    ),
]


def merge(
    name: MaybeName = "",
    how: Annotated[
        How,
        typer.Option(
            "--how",
            metavar="HOW",
            help=_("merge, squash (one commit), or rebase (its commits on top)."),
            show_default=False,
        ),
    ] = How.MERGE,
    into: Annotated[str, typer.Option("--into", metavar="BRANCH", help=_("Into this branch."))] = "",
    anyway: Anyway = False,
    everything: Annotated[bool, typer.Option("--all", help=_("Every run's branch."))] = False,
    only_plan: Annotated[bool, typer.Option("--plan", help=_("With --all: only print the order."))] = False,
) -> int:
    if bool(name) == everything:
        raise typer.BadParameter(_("Name one run, or say --all; `subagents worktrees list` lists them."))
    if only_plan and not everything:
        raise typer.BadParameter(
            _("--plan is for --all; what one run changed shows: subagents worktrees diff ID")
        )
    here = Here(acting=True)
    if everything:
        return _merge_all(here, how, into, anyway=anyway, only_plan=only_plan)
    _seen, contribution = here.to_act_on(name)
    code = _merge(contribution, how, into, anyway=anyway)
    if code == Exit.COMPLETED:
        sentence = _("The branch stays; delete it with: subagents worktrees discard {id}")
        say(sentence.format(id=contribution.run))
    return code


def apply(name: RunName) -> int:
    import anyio

    from subagents.workspaces.putting_back.applying import apply as applied_to

    _seen, contribution = Here(acting=True).to_act_on(name)
    applied = anyio.run(partial(applied_to, contribution, time.time()))
    top = storable(str(contribution.top))
    if applied.conflicts:
        sentence = _("{branch} does not fit on {folder!r}, where nothing was changed. In the way:")
        say_conflicts(sentence.format(branch=contribution.branch, folder=top), applied.conflicts)
        return Exit.FAILED
    if not applied.paths:
        tell([_("All of {branch} is in {folder} already.").format(branch=contribution.branch, folder=top)])
        return Exit.COMPLETED
    count = counted("{n} file", "{n} files", len(applied.paths))
    sentence = _("Applied {branch} to {folder}: {count} changed, nothing committed or staged.")
    tell([sentence.format(branch=contribution.branch, folder=top, count=count)])
    return Exit.COMPLETED


def commit(
    name: RunName,
    message: Annotated[
        str,
        typer.Option(
            "-m", "--message", metavar="MESSAGE", help=_("What the commit says; else what the run was to do.")
        ),
    ] = "",
) -> int:
    import anyio

    from subagents.workspaces.putting_back.recommitting import recommit
    from subagents.workspaces.worktrees.keeping import with_work

    seen, contribution = Here(acting=True).to_act_on(name)
    committed = anyio.run(partial(recommit, contribution, time.time(), message))
    if committed.before == committed.after:
        folder = storable(str(contribution.folder))
        sentence = _("{folder} holds nothing that is not on {branch} already.")
        tell([sentence.format(folder=folder, branch=committed.branch or "–")])
        return Exit.COMPLETED
    known = known_of(seen, contribution)
    record_kept(seen, with_work(known, committed.branch, committed.commits, committed.figures))
    what = amount(committed.commits, committed.figures)
    sentence = _("{branch} is now at {commit}: {what} since {base}.")
    at, base = committed.after[:12], contribution.base[:12]
    tell([sentence.format(branch=committed.branch, commit=at, what=what, base=base)])
    return Exit.COMPLETED


# --- one


def _merge(contribution: Contribution, how: How, into: str, *, anyway: bool) -> Exit:
    import anyio

    from subagents.workspaces.putting_back.merging import merge as merged_into

    merged = anyio.run(partial(merged_into, contribution, time.time(), how, into=into, anyway=anyway))
    if merged.conflicts:
        say_conflicts(_conflicting(merged.branch, merged.into, merged.conflicts), merged.conflicts)
        by_hand = f"git -C {shlex.quote(storable(str(contribution.top)))} merge {merged.branch}"
        say(_("To settle that by hand: {command}").format(command=by_hand))
        return Exit.FAILED
    tell([_told(merged)])
    return Exit.COMPLETED


def _told(merged: Merged) -> str:
    if merged.before == merged.after:
        return _("All of {branch} is in {into} already.").format(branch=merged.branch, into=merged.into)
    sentence = _("Merged {branch} into {into}: {what}. It was at {before}, and is at {after}.")
    return sentence.format(
        branch=merged.branch,
        into=merged.into,
        what=amount(merged.commits, merged.figures),
        before=merged.before[:12],
        after=merged.after[:12],
    )


def _conflicting(branch: str, into: str, paths: Sequence[str]) -> str:
    count = counted("{n} file", "{n} files", len(paths))
    sentence = _("{branch} conflicts with {into} in {count}, so nothing was changed:")
    return sentence.format(branch=branch, into=into, count=count)


# --- several


def _merge_all(here: Here, how: How, into: str, *, anyway: bool, only_plan: bool) -> int:
    import anyio

    from subagents.workspaces.putting_back.ordering import plan

    contributions = anyio.run(partial(_unmerged, [each for _seen, each in here.all_to_act_on()]))
    if not contributions:
        say(_("There is no branch of a run that is not merged yet."))
        return Exit.COMPLETED
    code = Exit.COMPLETED
    for together in _by_checkout(contributions):
        found = anyio.run(partial(plan, together, time.time(), into))
        tell(_lines(found))
        if not only_plan:
            code = _carried_out(found, how, into, anyway=anyway) or code
    return code


async def _unmerged(contributions: Iterable[Contribution]) -> list[Contribution]:
    """The oldest first, so that of two that are in each other's way the older one is merged. What is left out although
    there is something, is said."""
    from subagents.workspaces.putting_back.measuring import State, measure

    there, at_work = [], 0
    for each in contributions:
        found = await measure(each)
        if found.state in (State.BRANCH, State.FOLDER) and each.branch:
            there.append(each)
        elif found.state is State.UNKNOWN:
            say(_("{branch} is left out: {problem}").format(branch=each.branch, problem=found.problem))
        at_work += found.state is State.IN_USE
    if at_work:
        one, many = (
            "{n} run is left out: it is still at work.",
            "{n} runs are left out: they are still at work.",
        )
        say(counted(one, many, at_work))
    return list(reversed(there))


def _by_checkout(contributions: Iterable[Contribution]) -> Iterable[list[Contribution]]:
    together: dict[str, list[Contribution]] = {}
    for each in contributions:
        together.setdefault(str(each.top), []).append(each)
    return together.values()


def _lines(found: Plan) -> list[str]:
    lines = [_("Into {into}, in this order:").format(into=found.into)]
    for number, step in enumerate(found.steps, 1):
        name = _("{branch} ({what})").format(
            branch=step.contribution.branch, what=step.contribution.message(0.0).line
        )
        lines.append(f"  {number}. {name}" if step.fits else _left_out(name, step))
    return lines if found.steps else [_("All of it is in {into} already.").format(into=found.into)]


def _left_out(name: str, step: Step) -> str:
    if step.why:
        return _("  –  {name} is left out: {why}").format(name=name, why=step.why)
    paths = ", ".join(repr(storable(path)) for path in step.conflicts)
    return _("  –  {name} is left out: it conflicts in {paths}").format(name=name, paths=paths)


def _carried_out(found: Plan, how: How, into: str, *, anyway: bool) -> Exit:
    """Those that are left out are a failure, and so is the first that goes wrong after all: then nothing follows."""
    code = Exit.COMPLETED
    for step in found.steps:
        if not step.fits:
            code = Exit.FAILED
        elif (one := _merge(step.contribution, how, into, anyway=anyway)) != Exit.COMPLETED:
            return one
    return code
