"""Waiting for a run of any process to end: its owner says so the moment it does."""

from __future__ import annotations

import time

from subagents.cli.following import LOOK_EVERY, nobody_reads
from subagents.cli.seen import Seen, find
from subagents.errors import SubagentsError
from subagents.places import Project
from subagents.serve import asking

AT_A_TIME = 20.0  # seconds that one question to the owner takes at most


def wait_for(project: Project, seen: Seen, seconds: float | None) -> Seen:
    """The run when it has ended, nobody drives it any more, or `seconds` have passed; None is no bound."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while seen.live and (left := _left(deadline)) > 0:
        _wait_a_while(seen, left)
        seen, _state = find(project, seen.run.id)
    return seen


def _left(deadline: float | None) -> float:
    return AT_A_TIME if deadline is None else min(AT_A_TIME, deadline - time.monotonic())


def _wait_a_while(seen: Seen, seconds: float) -> None:
    asked = {"run": seen.run.id, "seconds": seconds}
    try:
        asking.call(seen.folder.path, "wait", asked, timeout=seconds + asking.TIMEOUT)
    except SubagentsError:
        # One that is out of reach, or too busy to be asked: its log tells as well, a little later.
        nobody_reads(min(seconds, LOOK_EVERY))
