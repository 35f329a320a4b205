"""`subagents log`: the lines of a run's transcript, and with -f those that come."""

from __future__ import annotations

import select
import sys
import time
from typing import Annotated

import typer

from subagents.cli.options import RunName
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find
from subagents.cli.streams import answer, say
from subagents.language import _
from subagents.places import Project
from subagents.sessions.reader import LogReader
from subagents.view.activity import seconds
from subagents.view.figures import row_duration
from subagents.view.run_line import ending

LOOK_EVERY = 0.15  # seconds between two looks at a run that is followed; one costs about a millisecond

HELP = _(
    """Print what a run said and did, line by line.

    The numbers stay the same for the life of a run. With -f it goes on until the run has ended.
    """
)


def log(
    run: RunName,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help=_("Print what comes, until the run has ended."))
    ] = False,
    last: Annotated[
        int | None, typer.Option("--lines", "-n", metavar="N", help=_("Begin with the last N lines."))
    ] = None,
) -> int:
    project = project_here()
    seen, _state = find(project, run)
    shown = _print_after(seen, _start(seen, last))
    if follow:
        _follow(project, seen, shown)
    return 0


def _start(seen: Seen, last: int | None) -> int:
    return 0 if last is None else max(0, LogReader(seen.folder.log).line_count(seen.run.id) - last)


def _print_after(seen: Seen, after: int) -> int:
    """Prints the lines after that one, and returns the number of the last."""
    lines = LogReader(seen.folder.log).lines(seen.run.id, after + 1, sys.maxsize)
    if lines:
        answer("\n".join(f"{line.n:>5}  {line.text}".rstrip() for line in lines))
    return lines[-1].n if lines else after


def _follow(project: Project, seen: Seen, shown: int) -> None:
    while not seen.run.status.ended and seen.owner is not None:
        if _nobody_reads(LOOK_EVERY):
            return
        # First whether it ended, then its lines: the other way round, its last ones could be missed.
        seen, _state = find(project, seen.run.id)
        shown = _print_after(seen, shown)
    say(_ending(seen))


def _nobody_reads(wait: float) -> bool:
    """Whether standard output was closed at its other end, within `wait` seconds."""
    watched = select.poll()
    watched.register(sys.stdout, 0)
    return bool(watched.poll(wait * 1000))


def _ending(seen: Seen) -> str:
    if seen.owner_gone:
        return _("Run {id} was interrupted: its owner is gone.").format(id=seen.run.id)
    if not seen.run.status.ended:
        return _("Run {id} rests, and nobody drives it.").format(id=seen.run.id)
    spent = row_duration(seconds(seen.run, time.time()))
    how = ending(seen.run) or seen.status
    return _("Run {id}: {how}, after {time}").format(id=seen.run.id, how=how, time=spent)
