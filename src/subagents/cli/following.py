"""Going on with a run until it has ended: looked at again and again, because it may belong to any process."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable

from subagents.cli.seen import Seen, find
from subagents.cli.streams import say
from subagents.language import _
from subagents.places import Project
from subagents.view.activity import seconds
from subagents.view.figures import row_duration
from subagents.view.run_line import ending

LOOK_EVERY = 0.15  # seconds between two looks at a run that is followed; one costs about a millisecond


def follow(project: Project, seen: Seen, more: Callable[[], None]) -> None:
    """Calls `more` to print what came, until the run has ended or nobody reads any more; then says how it ended."""
    while not seen.run.status.ended and seen.owner is not None:
        if nobody_reads(LOOK_EVERY):
            return
        # First whether it ended, then its lines: the other way round, its last ones could be missed.
        seen, _state = find(project, seen.run.id)
        more()
    say(_ending(seen))


def nobody_reads(wait: float) -> bool:
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
