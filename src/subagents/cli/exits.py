"""What the exit code of a command says."""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never

from subagents.errors import CommitFailed, RunnerError, SessionClosed, SubagentsError
from subagents.runs.state import RunState, RunStatus


class Exit(IntEnum):
    COMPLETED = 0
    FAILED = 1
    REFUSED = 2  # wrong usage, or the wish was refused before anything began
    STOPPED = 3  # by somebody or by a limit
    INTERRUPTED = 4
    RUNNING = 5  # it has not ended yet
    CTRL_C = 130
    TERMINATED = 143


def exit_of(run: RunState, *, owned: bool = True) -> Exit:
    """By the run's status; without an owner, one that has not ended is interrupted."""
    match run.status:
        case RunStatus.COMPLETED:
            return Exit.COMPLETED
        case RunStatus.FAILED:
            return Exit.FAILED
        case RunStatus.STOPPED:
            return Exit.STOPPED
        case RunStatus.INTERRUPTED:
            return Exit.INTERRUPTED
        case RunStatus.QUEUED | RunStatus.RUNNING:
            return Exit.RUNNING if owned or run.parked else Exit.INTERRUPTED
        case _:
            assert_never(run.status)


def exit_of_error(error: SubagentsError) -> Exit:
    """What broke while it was done has failed; everything else was refused."""
    return Exit.FAILED if isinstance(error, CommitFailed | RunnerError | SessionClosed) else Exit.REFUSED
