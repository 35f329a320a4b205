"""On opening a session whose owner died: what is to be recorded of the runs that nobody drives any more, and what
they may have left running. Nothing is started or ended here."""

from __future__ import annotations

from collections.abc import Mapping

from subagents.events import RunInterrupted
from subagents.ids import RunId
from subagents.runs import lifecycle
from subagents.runs.state import Command, RunState
from subagents.sessions.state import SessionState

REASON = "its process ended without closing the session"


def on_open(
    state: SessionState, partials: Mapping[RunId, str] | None = None, damage: str = ""
) -> list[RunInterrupted]:
    """The endings of all runs that were queued or running, children before their parents; what rests goes on resting.

    `partials` has the unfinished text of the replies in progress, where there was one (`EventStore.draft`). `damage`
    says what of the log was set aside, "" when nothing was: the ending of a run may have been in it.
    """
    texts = partials or {}
    abandoned = [run for run in state.runs.values() if not run.rests]
    endings = [_interrupted(run, texts.get(run.id, ""), damage or REASON) for run in reversed(abandoned)]
    return [ending for ending in endings if ending is not None]


def leftover_commands(state: SessionState) -> list[Command]:
    """The process groups that may still be there, as of before `on_open`: of runs that had not ended, and of those
    whose ending was recorded but not carried out. Each is to be ended if it is the same one still."""
    return [run.command for run in state.runs.values() if run.command is not None]


def _interrupted(run: RunState, partial: str, reason: str) -> RunInterrupted | None:
    # How long it ran was measured by a process that is gone; its last sign of life is the best that is left.
    seconds = 0.0 if run.started_at is None else max(0.0, run.progress_at - run.started_at)
    return lifecycle.interrupt(run, reason, seconds, partial)
