"""`subagents clear`: takes ended runs off the list, whichever sessions they are in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from subagents.cli.abandoned import recover
from subagents.cli.exits import Exit
from subagents.cli.options import at_least_nothing
from subagents.cli.place import project_here
from subagents.cli.reach import OwnerLeft, ask, reachable, within_reach
from subagents.cli.recording import record
from subagents.cli.seen import Seen, look
from subagents.cli.streams import answer, say
from subagents.errors import SubagentsError
from subagents.ids import RunId
from subagents.language import _
from subagents.places import Project
from subagents.runs import lifecycle
from subagents.runs.clearing import OLDER_THAN, Clearing, Kept, Rules, by_age, by_name

HELP = _(
    """Take ended runs off the list.

    Without ID those that completed at least five minutes ago and were read. What is still at work is never cleared,
    nor what stands above it. The logs keep everything: `ps --all` lists what was cleared, and it can be resumed.
    """
)


def clear(
    runs: Annotated[list[str] | None, typer.Argument(metavar="ID", hidden=True)] = None,
    older_than: Annotated[
        int,
        typer.Option(
            "--older-than",
            metavar="MIN",
            show_default=False,
            help=_("Those that ended at least so many minutes ago; 5."),
        ),
    ] = int(OLDER_THAN),
    errors: Annotated[
        bool, typer.Option("--errors", help=_("Those that failed, were stopped or interrupted, too."))
    ] = False,
    unread: Annotated[bool, typer.Option("--unread", help=_("Answers that nobody has read, too."))] = False,
) -> int:
    at_least_nothing("--older-than", older_than)
    project = project_here()
    recover(project)
    found = look(project)
    seen = {each.run.id: each for each in reachable(found.runs)}
    rules = Rules(older_than * 60, include_errors=errors, include_unread=unread)
    clearing = _chosen(project, runs or (), seen, rules)
    refused = [*clearing.errors, *_carried_out(project, [seen[run] for run in clearing.cleared])]
    kept = list(_kept(clearing))
    if not (kept or found.problems or clearing.cleared or clearing.errors):
        kept = [_("There is nothing to clear.")]
    say(*kept, *found.problems, *(f"Error: {why}" for why in refused))
    return Exit.REFUSED if refused else Exit.COMPLETED


def _chosen(project: Project, names: Sequence[str], seen: Mapping[RunId, Seen], rules: Rules) -> Clearing:
    runs = [each.run for each in seen.values()]
    if names:
        return by_name(names, runs, rules, lambda name: within_reach(project, name).run.id)
    return by_age(runs, rules, time.time())


def _carried_out(project: Project, runs: Sequence[Seen]) -> Iterator[str]:
    """Clears them, session by session, and says so of each; answers why some were refused."""
    by_session: dict[str, list[Seen]] = {}
    for each in runs:
        by_session.setdefault(each.folder.id, []).append(each)
    for together in by_session.values():
        try:
            _clear(project, together)
        except SubagentsError as error:
            yield str(error)
        else:
            answer("\n".join(_("{id} cleared").format(id=each.run.id) for each in together))


def _clear(project: Project, together: Sequence[Seen]) -> None:
    """Clears runs of one session."""
    first, runs = together[0], [each.run.id for each in together]
    if first.owner is not None:
        try:
            ask(project, first, "clear", runs=runs)
            return
        except OwnerLeft:
            recover(project)
    record(first.folder, lambda head: [lifecycle.clear(head.run(run)) for run in runs])


def _kept(clearing: Clearing) -> Iterator[str]:
    """What stays and how it would go, in a sentence; nothing where nothing does."""
    words = {
        Kept.ACTIVE: _("{n} at work"),
        Kept.ABOVE: _("{n} above one at work"),
        Kept.PROBLEM: _("{n} that did not complete (--errors)"),
        Kept.UNREAD: _("{n} unread (--unread)"),
        Kept.YOUNG: _("{n} that ended only just (--older-than)"),
    }
    kept = [text.format(n=len(runs)) for why, text in words.items() if (runs := clearing.stays(why))]
    if kept:
        yield _("Kept: {what}.").format(what=", ".join(kept))
