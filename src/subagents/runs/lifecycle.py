"""What a run may do next: each function takes its state and returns the fact, or None where nothing is to be recorded.

The first ending wins: asked to end a run that has ended, all of these answer None. What a person or
parent asked for in vain is said with `NotNow`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from subagents.errors import NotNow
from subagents.events import (
    Ending,
    OutputFault,
    OutputRejected,
    RunCleared,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunResumed,
    RunStarted,
    RunSteered,
    RunStopped,
    RunUnpaused,
    SteerDelivered,
    StoppedBy,
    TurnEnded,
    WorkspaceClosed,
    WrapUpAsked,
)
from subagents.runs.kept import KeptWork
from subagents.runs.state import RunState, RunStatus
from subagents.spec import AskedBy, OnInvalid
from subagents.texts import digest

# Characters; a reason is a sentence, whatever a provider or a tool made of it.
MAX_REASON = 2_000
MAX_STEER = 100_000  # characters; longer texts belong into a file that the message names


def start(run: RunState, model: str = "") -> RunStarted | None:
    """It has its slot: a queued run begins, a parked one goes on."""
    if run.status.ended or (run.status is RunStatus.RUNNING and not run.parked):
        return None
    return RunStarted(run=run.id, episode=run.episode, model=model)


def end_turn(run: RunState) -> TurnEnded | None:
    if run.status is not RunStatus.RUNNING:
        return None
    return TurnEnded(run=run.id, episode=run.episode, turn=run.turns + 1)


def wrap_up(run: RunState, limit: str) -> WrapUpAsked | None:
    """The request to finish, at most once an episode."""
    if run.status is not RunStatus.RUNNING or run.wrap_up:
        return None
    return WrapUpAsked(run=run.id, episode=run.episode, limit=limit)


def complete(run: RunState, text: str, seconds: float, structured: str | None = None) -> RunCompleted | None:
    if run.status.ended:
        return None
    return RunCompleted(
        run=run.id,
        episode=run.episode,
        seconds=seconds,
        text=text,
        wrapped_up=bool(run.wrap_up),
        structured=structured,
        schema_valid=None if structured is None else True,
        digest="" if structured is None else digest(structured),
    )


def fail(run: RunState, reason: str, seconds: float, partial: str = "") -> RunFailed | None:
    if run.status.ended:
        return None
    said = reason if len(reason) <= MAX_REASON else f"{reason[:MAX_REASON]}…"
    return RunFailed(run=run.id, episode=run.episode, seconds=seconds, reason=said, partial=partial)


def reject(run: RunState, answer: str, faults: Sequence[OutputFault]) -> OutputRejected | None:
    """The answer does not fit the output schema, and another one is asked for."""
    if run.status.ended:
        return None
    return OutputRejected(
        run=run.id,
        episode=run.episode,
        problems=tuple(map(str, faults)),
        text=answer,
        faults=tuple(faults),
        digest=digest(answer),
        correction=run.rejections,
    )


def reject_last(
    run: RunState,
    answer: str,
    faults: Sequence[OutputFault],
    seconds: float,
    *,
    checkable: bool = True,
) -> list[OutputRejected | RunCompleted | RunFailed]:
    """The answer does not fit, and no correction is left or could help: what was wrong, and the failure; or, where the
    run's spec has such an answer kept, a completion that says so."""
    if (rejected := reject(run, answer, faults)) is None:
        return []
    if run.spec.on_invalid is OnInvalid.KEEP:
        return [
            rejected,
            RunCompleted(
                run=run.id,
                episode=run.episode,
                seconds=seconds,
                text=answer,
                wrapped_up=bool(run.wrap_up),
                schema_valid=False,
                digest=rejected.digest,
                faults=rejected.faults,
            ),
        ]
    what = "does not fit" if checkable else "cannot be held to"
    reason = f"the answer {what} the output schema: {'; '.join(rejected.problems[:3])}"
    return [
        rejected,
        RunFailed(run=run.id, episode=run.episode, seconds=seconds, reason=reason, partial=answer),
    ]


def stop(
    run: RunState,
    by: StoppedBy,
    seconds: float = 0.0,
    reason: str = "",
    partial: str = "",
    *,
    subtree: bool | None = None,
) -> RunStopped | None:
    if run.status.ended:
        return None
    return RunStopped(
        run=run.id,
        episode=run.episode,
        seconds=seconds,
        by=by,
        reason=reason,
        partial=partial or run.text,
        subtree=subtree,
    )


def takes_along(ending: Ending, *, detach: bool) -> bool:
    """Whether a run's ending ends its children in the background too; those that it waited for end with it anyway.
    `detach` is the setting for endings that nobody decided about."""
    wanted = ending.subtree if isinstance(ending, RunStopped) else None
    return not detach if wanted is None else wanted


def interrupt(run: RunState, reason: str, seconds: float = 0.0, partial: str = "") -> RunInterrupted | None:
    """Nobody drives it any more; one that had not begun ends the same, and says so."""
    if run.status.ended:
        return None
    return RunInterrupted(
        run=run.id,
        episode=run.episode,
        seconds=seconds,
        reason=reason,
        started=run.status is RunStatus.RUNNING,
        partial=partial or run.text,
    )


def pause(run: RunState) -> RunPaused | None:
    """It rests from the end of its turn on. Raises `NotNow` for one that has ended."""
    _refuse_reported(run, "paused")
    if run.status.ended:
        raise NotNow(f"run {run.id!r} is {run.status}; only a queued or running one can be paused")
    return None if run.paused else RunPaused(run=run.id, episode=run.episode)


def park(run: RunState) -> RunParked | None:
    """At the end of a turn of a paused run."""
    if not run.paused or run.parked or run.status is not RunStatus.RUNNING:
        return None
    return RunParked(run=run.id, episode=run.episode)


def unpause(run: RunState) -> RunUnpaused | None:
    _refuse_reported(run, "paused")
    if run.status.ended:
        raise NotNow(f"run {run.id!r} is {run.status}; resume it with a prompt instead")
    return RunUnpaused(run=run.id, episode=run.episode) if run.paused else None


def steer(run: RunState, steer_id: str, text: str, asked_by: AskedBy) -> RunSteered:
    """A message for its next turn. Raises `NotNow` for one that has ended."""
    _refuse_reported(run, "sent a message")
    if run.status.ended:
        raise NotNow(
            f"run {run.id!r} is {run.status} and reads nothing any more; resume it with a prompt instead"
        )
    if not text.strip() or len(text) > MAX_STEER:
        raise NotNow(
            f"a message of {len(text):,} characters cannot be read by run {run.id!r}; give 1 to {MAX_STEER:,}"
        )
    return RunSteered(run=run.id, episode=run.episode, steer=steer_id, text=text, asked_by=asked_by)


def deliver(run: RunState, steer_id: str) -> SteerDelivered | None:
    """The message is about to be said as a prompt of its own."""
    if run.status.ended:
        return None
    return SteerDelivered(run=run.id, episode=run.episode, steer=steer_id, turn=run.turns + 1)


def put_back(run: RunState, kept: KeptWork) -> WorkspaceClosed:
    """A person did something with what its worktree came to, and `kept` is what that is now. Raises `NotNow` for a run
    that has not ended."""
    if not run.status.ended:
        raise NotNow(f"run {run.id!r} is still {run.status}; what its worktree comes to is told when it ends")
    return WorkspaceClosed(run=run.id, episode=run.episode, **msgspec.structs.asdict(kept))


def clear(run: RunState) -> RunCleared:
    """It goes off the list. Raises `NotNow` for one that has not ended."""
    if not run.status.ended:
        raise NotNow(f"run {run.id!r} is still {run.status}; stop it first")
    return RunCleared(run=run.id, episode=run.episode)


def resume(run: RunState, prompt: str, asked_by: AskedBy) -> RunResumed:
    """The next episode of an ended run. Raises `NotNow` for one that has not ended."""
    _refuse_reported(run, "resumed")
    if not run.status.ended:
        raise NotNow(f"run {run.id!r} is still {run.status}; steer it, or stop it first")
    if not prompt.strip():
        raise NotNow(f"run {run.id!r} needs a prompt to go on with")
    return RunResumed(
        run=run.id, episode=run.episode + 1, prompt=prompt, asked_by=asked_by, note=_cut_short(run)
    )


def _refuse_reported(run: RunState, what: str) -> None:
    if run.reported:
        raise NotNow(
            f"{run.handle!r} ({run.id}) is an agent outside, which only reports of its work; "
            f"it cannot be {what} from here"
        )


def _cut_short(run: RunState) -> str:
    """What a run must know that goes on after it was cut short; "" for one that had answered, or never began."""
    if run.status is RunStatus.COMPLETED or run.outcome is None or not (run.turns or run.text):
        return ""
    how = {
        RunStatus.FAILED: "failed",
        RunStatus.STOPPED: "was stopped",
        RunStatus.INTERRUPTED: "was interrupted",
    }
    return (
        f"(Your last turn {how[run.status]} half-way: what it did last may or may not have taken effect. "
        "Look before you repeat it.)"
    )
