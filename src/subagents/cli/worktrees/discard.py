"""`subagents worktrees discard|gc`: what goes, what of it can be had back, and what stays and why."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from subagents.cli.agents.here import Yes, agreed
from subagents.cli.exits import Exit
from subagents.cli.options import RunName, at_least_nothing
from subagents.cli.streams import answer, say, tell
from subagents.cli.worktrees.here import Here, known_of, record_kept
from subagents.cli.worktrees.listing import taken
from subagents.errors import WorkspaceError
from subagents.language import _, counted
from subagents.texts import storable
from subagents.view.figures import MEGABYTE

if TYPE_CHECKING:
    from subagents.workspaces.putting_back.contribution import Contribution
    from subagents.workspaces.putting_back.discarding import Discarded
    from subagents.workspaces.worktrees.debris import Finding
    from subagents.workspaces.worktrees.leftovers import Leftovers

DISCARD_HELP = _(
    """Delete a run's branch and its folder, after asking.

    What the folder holds is committed first, and the commit that had everything is printed, with how to get it
    back. Ignored files and repositories inside the folder are in no commit; they are named before you answer.
    """
)
GC_HELP = _(
    """Remove the folders of worktrees that nobody needs any more, where nothing would be lost.

    Those whose owner died, and those that had to stay and are old enough to be looked at again. Work that is
    found goes to its branch first, and branches stay. A line says of each what became of it, and why.
    """
)


def discard(name: RunName, yes: Yes = False) -> int:
    import anyio

    from subagents.workspaces.putting_back.discarding import discard as discarded_by
    from subagents.workspaces.putting_back.discarding import lost_with

    here = Here(acting=True)
    seen, contribution = here.to_act_on(name)
    place = here.place(seen)
    lost = anyio.run(partial(lost_with, contribution, place))
    if not agreed(_question(contribution, lost), yes=yes):
        return Exit.COMPLETED
    discarded = anyio.run(partial(discarded_by, contribution, place))
    _tell(discarded, contribution)
    if discarded.anything:
        known = known_of(seen, contribution)
        gone = {"preserved": "", "why": "", "dropped": "", "discarded": discarded.tip}
        record_kept(seen, replace(known, branch=discarded.branch or known.branch, **gone))
    return Exit.COMPLETED


def _question(contribution: Contribution, lost: Leftovers) -> str:
    from subagents.workspaces.worktrees.proof import named

    branch, folder = contribution.branch, contribution.folder
    what = [_("the branch {branch}").format(branch=branch)] if branch else []
    what += [_("the folder {folder}").format(folder=storable(str(folder)))] if folder is not None else []
    question = _("Discard the work of run {id}?").format(id=contribution.run)
    if what:
        question = _("Discard {what} of run {id}?").format(what=_(" and ").join(what), id=contribution.run)
    gone = (*(path or "." for path in lost.repositories), *lost.loose)
    if not gone:
        return question
    sentence = _("In no commit, and lost for good: {paths}. {question}")
    return sentence.format(paths=named(gone), question=question)


def _tell(discarded: Discarded, contribution: Contribution) -> None:
    top = shlex.quote(storable(str(contribution.top)))
    if discarded.folder:
        tell([_("Deleted the folder {folder}.").format(folder=storable(discarded.folder))])
    if discarded.tip:
        sentence = _("Deleted the branch {branch}. As long as git keeps it, it comes back with:")
        tell([sentence.format(branch=discarded.branch)])
        # In one piece, to be copied.
        answer(f"git -C {top} branch {discarded.branch} {discarded.tip}")
    if discarded.dropped:
        sentence = _("Deleted the commits that it had made and left, at {ref}. They come back with:")
        tell([sentence.format(ref=discarded.ref)])
        answer(f"git -C {top} update-ref {discarded.ref} {discarded.dropped}")
    if not discarded.anything:
        tell([_("Nothing is left of run {id} to be discarded.").format(id=contribution.run)])


def gc(
    older_than: Annotated[
        int | None,
        typer.Option(
            "--older-than",
            metavar="DAYS",
            help=_("Look again at what stayed after so many days; else the setting's."),
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would be looked at."))] = False,
) -> int:
    import anyio

    from subagents.workspaces.worktrees.debris import DAY
    from subagents.workspaces.worktrees.debris import gc as collected

    at_least_nothing("--older-than", older_than)
    here = Here(acting=not dry_run)
    days = here.settings.worktree_max_age_days if older_than is None else older_than
    quota = here.settings.worktree_quota_megabytes * MEGABYTE
    looks = partial(collected, here.place(), dry_run=dry_run, max_age=days * DAY, quota=quota)
    found = anyio.run(partial(_collected, looks, here.project.root))
    if found:
        tell([_line(finding) for finding in found])
    _record(here, found)
    say(_summary(found))
    return Exit.COMPLETED


async def _collected(looks: Callable[..., Awaitable[Sequence[Finding]]], root: Path) -> Sequence[Finding]:
    """Also what git still has of worktrees that are gone, where the project is in a repository."""
    from subagents.workspaces.git.repository import repository_at

    repository = None
    with suppress(WorkspaceError):
        repository = await repository_at(root)
    return await looks(repository=repository)


def _record(here: Here, found: Sequence[Finding]) -> None:
    """What became of those that were looked at is told with their runs, too, as far as there are any (any more)."""
    looked = {
        finding.worktree.run: finding.kept
        for finding in found
        if finding.worktree and finding.kept is not None
    }
    for seen in here.looked.runs if looked else ():
        kept = looked.get(seen.run.id)
        if kept is not None and seen.run.status.ended and kept != seen.run.kept:
            record_kept(seen, kept)


def _line(finding: Finding) -> str:
    worktree = finding.worktree
    name = worktree.run if worktree is not None else storable(str(finding.folder))
    return f"{name}  {taken(finding.size)}  {_became(finding)}"


def _became(finding: Finding) -> str:
    from subagents.workspaces.worktrees.debris import Verdict

    why = finding.why.rstrip(".")
    branch = finding.kept.branch if finding.kept is not None else ""
    match finding.verdict:
        case Verdict.IN_USE:
            return _("in use")
        case Verdict.YOUNG:
            return _("stays, and is too young to be looked at again: {why}").format(why=why)
        case Verdict.EXAMINE:
            return _("would be looked at, and removed if nothing is lost")
        case Verdict.REMOVED:
            return (
                _("removed; its work is on {branch}").format(branch=branch)
                if branch
                else _("removed; it held no work")
            )
        case Verdict.STAYS:
            return _("stays at {folder}: {why}").format(folder=storable(str(finding.folder)), why=why)
        case Verdict.STRANGE:
            return _("not touched: {why}").format(why=why)


def _summary(found: Sequence[Finding]) -> str:
    from subagents.workspaces.worktrees.debris import Verdict

    if not found:
        return _("There are no worktrees here.")
    removed = [finding for finding in found if finding.verdict is Verdict.REMOVED]
    would = [finding for finding in found if finding.verdict is Verdict.EXAMINE]
    shown, text = (removed, _("{count} removed, {size}."))
    if would:
        shown, text = (would, _("{count} would be looked at, {size}."))
    if not shown:
        return _("All of them stay.")
    size = taken(sum(finding.size for finding in shown))
    return text.format(count=counted("{n} worktree", "{n} worktrees", len(shown)), size=size)
