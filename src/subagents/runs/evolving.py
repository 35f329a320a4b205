"""A run's state folded from its facts: `evolve` makes the next one, and nothing else changes it."""

from __future__ import annotations

import msgspec

from subagents.events import (
    MAX_PREVIEW,
    AgentDeregistered,
    AgentRegistered,
    CommandStarted,
    ContextCompacted,
    DirectoryChanged,
    Ending,
    Entry,
    ModelReplied,
    ModelRequestFailed,
    OutputRejected,
    ResultDelivered,
    RunCleared,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunResumed,
    RunSpawned,
    RunStarted,
    RunSteered,
    RunStopped,
    RunUnpaused,
    ServerLeftOut,
    SteerDelivered,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    WorkspaceClosed,
    WorkspaceOpened,
    WrapUpAsked,
)
from subagents.runs.kept import kept_in
from subagents.runs.state import TO_PARENT, Command, Outcome, RunState, RunStatus, Steer, ToolInFlight
from subagents.spec import AskedBy
from subagents.usage import ModelUsage

KEPT_STEERS = 20  # receipts of messages that were read or missed


def spawned(entry: Entry, event: RunSpawned) -> RunState:
    """The state of a run that was just spawned."""
    return RunState(
        id=event.run,
        handle=event.handle,
        parent=event.parent,
        root=event.root,
        depth=event.depth,
        spec=event.spec,
        asked_by=event.asked_by,
        spawned_at=entry.at,
        queued_at=entry.at,
        progress_at=entry.at,
        prompt=event.spec.prompt,
        model=event.spec.model,
        directory=event.spec.cwd,
    )


def registered(entry: Entry, event: AgentRegistered) -> RunState:
    """The state of an agent outside that reports from now on: it is at work as far as anybody knows."""
    return RunState(
        id=event.run,
        handle=event.handle,
        parent=None,
        root=event.run,
        depth=1,
        spec=event.spec,
        asked_by=AskedBy.PROGRAM,
        spawned_at=entry.at,
        status=RunStatus.RUNNING,
        queued_at=entry.at,
        started_at=entry.at,
        progress_at=entry.at,
        directory=event.spec.cwd,
    )


def evolve(run: RunState, entry: Entry) -> RunState:
    """The run after one more fact. Late facts, of an older episode or after the ending, change nothing."""
    event = entry.event
    assert isinstance(event, RunEvent)
    if isinstance(event, RunResumed):
        return _resumed(run, entry, event) if event.episode == run.episode + 1 else run
    if event.episode != run.episode:
        return run
    if run.status.ended:
        return _after_ending(run, event)
    if isinstance(event, Ending):
        return _ended(run, entry, event)
    return msgspec.structs.replace(_in_progress(run, entry, event), progress_at=entry.at)


def _in_progress(run: RunState, entry: Entry, event: RunEvent) -> RunState:
    replace = msgspec.structs.replace
    match event:
        case ModelReplied() | ModelRequestFailed() | ContextCompacted():
            return _asked(run, event)
        case ToolCalled(call=call, tool=tool, arguments=arguments):
            flight = ToolInFlight(call, tool, arguments[:MAX_PREVIEW], entry.at)
            return replace(run, tool_uses=run.tool_uses + 1, in_flight=(*run.in_flight, flight))
        case ToolReturned(call=call):
            left = tuple(flight for flight in run.in_flight if flight.call != call)
            return replace(run, in_flight=left, command=_program(run))
        case TurnEnded(turn=turn):
            return replace(run, turns=turn, in_flight=(), command=_program(run))
        case RunStarted():
            return _started(run, entry, event)
        case CommandStarted(group=group, started=started):
            return replace(run, command=Command(group, started))
        case DirectoryChanged(path=path):
            return replace(run, directory=path)
        case RunSteered():
            return replace(run, steers=_with_steer(run.steers, entry.at, event))
        case SteerDelivered(steer=steer, turn=turn):
            return replace(run, steers=_delivered(run.steers, steer, turn or run.turns + 1))
        case RunPaused() | RunUnpaused():
            return replace(run, paused=isinstance(event, RunPaused))
        case RunParked():
            return replace(run, parked=True)
        case WrapUpAsked(limit=limit):
            return replace(run, wrap_up=limit)
        case OutputRejected(faults=faults):
            return replace(run, rejections=run.rejections + 1, faults=faults)
        case ServerLeftOut(text=text):
            return replace(run, lacks=(*run.lacks, text))
        case WorkspaceOpened() | WorkspaceClosed():
            return _placed(run, event)
        case _:
            return run


def _started(run: RunState, entry: Entry, event: RunStarted) -> RunState:
    """Also after a rest, when it began before."""
    return msgspec.structs.replace(
        run,
        status=RunStatus.RUNNING,
        started_at=entry.at if run.started_at is None else run.started_at,
        model=event.model or run.model,
        parked=False,
        lacks=(),
    )


def _with_steer(steers: tuple[Steer, ...], at: float, event: RunSteered) -> tuple[Steer, ...]:
    steer = Steer(id=event.steer, text=event.text, asked_by=event.asked_by, at=at)
    # Whoever asks for a receipt does so soon; the log has them all.
    settled = [known for known in steers if not known.waits][-KEPT_STEERS:]
    return (*settled, *(known for known in steers if known.waits), steer)


def _delivered(steers: tuple[Steer, ...], steer_id: str, turn: int) -> tuple[Steer, ...]:
    replace = msgspec.structs.replace
    return tuple(
        replace(steer, turn=turn, text=steer.text[:MAX_PREVIEW]) if steer.id == steer_id else steer
        for steer in steers
    )


def _program(run: RunState) -> Command | None:
    """The command that goes on when a tool has returned: none, unless the run itself is a program."""
    return run.command if run.spec.command is not None else None


def _asked(run: RunState, event: ModelReplied | ModelRequestFailed | ContextCompacted) -> RunState:
    """After a request to its model, or to the one that sums up: what it used counts, whether it was answered or broke
    off."""
    used = run.usage.plus(event.model, event.usage) if event.usage != ModelUsage() else run.usage
    if isinstance(event, ContextCompacted):
        return msgspec.structs.replace(run, usage=used, compactions=event.count, context=0)
    if isinstance(event, ModelRequestFailed):
        return msgspec.structs.replace(run, usage=used, setback=event.reason)
    text, left_out = (event.text, event.left_out) if event.text else (run.text, run.left_out)
    run = run if event.usage == ModelUsage() else _filled(run, event)
    return msgspec.structs.replace(
        run, usage=used, model=event.model, text=text, left_out=left_out, setback=""
    )


def _filled(run: RunState, event: ModelReplied) -> RunState:
    """With how much of its model's window is full, where it is known how large that is."""
    read = event.usage.input + event.usage.cache_read + event.usage.cache_write
    context = read + event.usage.output if event.window else 0
    return msgspec.structs.replace(run, context=context, window=event.window)


def _ended(run: RunState, entry: Entry, event: Ending) -> RunState:
    status, outcome = _outcome(entry, event)
    if status is RunStatus.COMPLETED and run.left_out:
        outcome = msgspec.structs.replace(outcome, left_out=run.left_out)
    return msgspec.structs.replace(
        run,
        status=status,
        ended_at=entry.at,
        outcome=outcome,
        progress_at=entry.at,
        in_flight=(),
        paused=False,
        parked=False,
        steers=tuple(
            msgspec.structs.replace(steer, missed=True) if steer.waits else steer for steer in run.steers
        ),
    )


def _outcome(entry: Entry, event: Ending) -> tuple[RunStatus, Outcome]:
    text = event.text if isinstance(event, RunCompleted) else event.partial
    outcome = Outcome(seq=entry.seq, preview=text[:MAX_PREVIEW], characters=len(text), seconds=event.seconds)
    replace = msgspec.structs.replace
    match event:
        case RunCompleted(wrapped_up=wrapped_up, structured=structured):
            # Logs of earlier versions have the value only.
            fits = event.schema_valid if structured is None else True
            outcome = replace(
                outcome, wrapped_up=wrapped_up, structured=structured is not None, schema_valid=fits
            )
            return RunStatus.COMPLETED, outcome
        case AgentDeregistered():
            return RunStatus.COMPLETED, outcome
        case RunFailed(reason=reason):
            return RunStatus.FAILED, replace(outcome, reason=reason)
        case RunStopped(by=by, reason=reason):
            return RunStatus.STOPPED, replace(outcome, by=by, reason=reason)
        case RunInterrupted(reason=reason, started=started):
            return RunStatus.INTERRUPTED, replace(outcome, reason=reason, started=started)
        case _:
            raise TypeError(f"{type(event).__name__} is not an ending that this version knows")


def _after_ending(run: RunState, event: RunEvent) -> RunState:
    match event:
        case ResultDelivered(to=to):
            # Only its owner's reading counts: of a nested run that is its parent.
            read = run.parent is None or to == TO_PARENT
            return msgspec.structs.replace(run, delivered=run.delivered or read)
        case RunCleared():
            return msgspec.structs.replace(run, cleared=True)
        case WorkspaceClosed():
            # Until then a command that was in progress at the ending may be: a stop is recorded before it is done.
            return msgspec.structs.replace(_placed(run, event), command=None)
        case _:
            return run


def _placed(run: RunState, event: WorkspaceOpened | WorkspaceClosed) -> RunState:
    if isinstance(event, WorkspaceOpened):
        return msgspec.structs.replace(run, workspace=event.root, isolation=event.isolation, base=event.base)
    return msgspec.structs.replace(run, isolation="", kept=kept_in(event) or run.kept)


def _resumed(run: RunState, entry: Entry, event: RunResumed) -> RunState:
    return msgspec.structs.replace(
        run,
        status=RunStatus.QUEUED,
        episode=event.episode,
        prompt=event.prompt,
        queued_at=entry.at,
        started_at=None,
        ended_at=None,
        outcome=None,
        turns_before=run.turns,
        usage_before=run.usage.total,
        # What it said before is not what this episode came to.
        text="",
        left_out=0,
        lacks=(),
        progress_at=entry.at,
        wrap_up="",
        setback="",
        rejections=0,
        faults=(),
        delivered=False,
        cleared=False,
    )
