"""`subagents log`: the lines of a run's transcript, and with -f those that come."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from subagents.cli.following import follow as follow_run
from subagents.cli.options import RunName, at_least_nothing
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find_to_show
from subagents.cli.streams import answer
from subagents.language import _
from subagents.sessions.reader import LogReader

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
    at_least_nothing("--lines", last)
    project = project_here()
    seen = find_to_show(project, run)
    shown = _print_after(seen, _start(seen, last))

    def more() -> None:
        nonlocal shown
        shown = _print_after(seen, shown)

    if follow:
        follow_run(project, seen, more)
    return 0


def _start(seen: Seen, last: int | None) -> int:
    return 0 if last is None else max(0, LogReader(seen.folder.log).line_count(seen.run.id) - last)


def _print_after(seen: Seen, after: int) -> int:
    """Prints the lines after that one, and returns the number of the last."""
    lines = LogReader(seen.folder.log).lines(seen.run.id, after + 1, sys.maxsize)
    if lines:
        answer("\n".join(f"{line.n:>5}  {line.text}".rstrip() for line in lines))
    return lines[-1].n if lines else after
