"""The state of one run, folded from its facts. `evolve` is the only thing that changes it, by making the next one."""

from __future__ import annotations

from enum import StrEnum

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
    OutputFault,
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
    StoppedBy,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    WorkspaceClosed,
    WorkspaceOpened,
    WrapUpAsked,
)
from subagents.ids import RunId
from subagents.runs.kept import KeptWork, kept_in
from subagents.spec import REPORTED, AskedBy, RunSpec
from subagents.usage import ModelUsage, Usage

KEPT_STEERS = 20  # receipts of messages that were read or missed
TO_PARENT = "parent"  # who was given a result, in `ResultDelivered`


class RunStatus(StrEnum):
    """Where a run is in its life. The last four are endings: nothing but a resume follows them."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class ToolInFlight(msgspec.Struct, frozen=True):
    """A tool call that has not returned. `since` is seconds since the epoch."""

    call: str
    tool: str
    arguments: str
    since: float


class Steer(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was slipped into the run, and its receipt: it waits, was read before turn `turn`, or was `missed`
    because its episode ended first. `turn` is None until it was read. Of one that was read `text` is the beginning."""

    id: str
    text: str
    asked_by: AskedBy
    at: float
    turn: int | None = None
    missed: bool = False

    @property
    def waits(self) -> bool:
        return self.turn is None and not self.missed


class Command(msgspec.Struct, frozen=True):
    """A process group that the run started; the same group only while the leader's start time is `started`."""

    group: int
    started: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an episode ended. The whole text is in the fact with the number `seq`; here is its beginning. `left_out`
    counts the characters of an answer that were not kept, because there were too many."""

    seq: int
    preview: str = ""
    characters: int = 0
    reason: str = ""
    by: StoppedBy | None = None
    wrapped_up: bool = False
    structured: bool = False
    schema_valid: bool | None = None
    started: bool = True
    seconds: float = 0.0
    left_out: int = 0


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a run but its words, which are in the transcript.

    Times are seconds since the epoch. `turns`, `tool_uses` and `usage` are sums over all episodes;
    `turns_before` and `usage_before` are where this episode began to count. `setback` is why its last request to the
    model failed, until one is answered. `left_out` counts the characters that its latest text lacks. `rejections`
    counts this episode's answers that do not fit its output schema, and `faults` is what was wrong with the last.
    `isolation` is that of the place that is open now, "" where none is, `base` the commit it began with, and `kept`
    what the last one of its own came to. `compactions` counts how often its conversation was made shorter; `context` is
    how many tokens its last reply had read and said, of the `window` that its model can read, 0 where it is not known.
    `progress_at` is the last sign of life. `lacks` are sentences on what it was to have, and has not.
    """

    id: RunId
    handle: str
    parent: RunId | None
    root: RunId
    depth: int
    spec: RunSpec
    asked_by: AskedBy
    spawned_at: float
    status: RunStatus = RunStatus.QUEUED
    episode: int = 1
    queued_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    model: str = ""
    prompt: str = ""
    turns: int = 0
    turns_before: int = 0
    tool_uses: int = 0
    usage: Usage = Usage()
    usage_before: ModelUsage = ModelUsage()
    text: str = ""
    left_out: int = 0
    in_flight: tuple[ToolInFlight, ...] = ()
    command: Command | None = None
    directory: str = ""
    workspace: str = ""
    isolation: str = ""
    base: str = ""
    kept: KeptWork | None = None
    progress_at: float = 0.0
    paused: bool = False
    parked: bool = False
    wrap_up: str = ""
    setback: str = ""
    steers: tuple[Steer, ...] = ()
    rejections: int = 0
    faults: tuple[OutputFault, ...] = ()
    compactions: int = 0
    context: int = 0
    window: int = 0
    delivered: bool = False
    cleared: bool = False
    lacks: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever asked for it should know: what was decided otherwise, and what it does without."""
        return (*self.spec.notes, *self.lacks)

    @property
    def waiting_steers(self) -> tuple[str, ...]:
        """The ids of the messages that it has not read yet, in order."""
        return tuple(steer.id for steer in self.steers if steer.waits)

    @property
    def reported(self) -> bool:
        """Whether it stands for an agent outside, which nobody here drives."""
        return self.spec.runner == REPORTED

    @property
    def rests(self) -> bool:
        """Whether it outlasts the process that drives it. A parked one that was told to go on does not: somebody waits
        for it, and nobody would wake it."""
        return self.parked and self.paused and not self.status.ended

    @property
    def episode_turns(self) -> int:
        return self.turns - self.turns_before

    @property
    def episode_usage(self) -> ModelUsage:
        """What this episode used, of all models together."""
        return self.usage.total - self.usage_before

    @property
    def context_share(self) -> float | None:
        """How full the model's window is, from 0 to 100; None while that is not known."""
        return min(100.0, 100.0 * self.context / self.window) if self.context and self.window else None

    @property
    def elapsed_from(self) -> float:
        """The moment its time counts from: the start, or while it waits for a slot, the asking."""
        return self.queued_at if self.started_at is None else self.started_at


def receipt(run: RunState, steer_id: str) -> Steer:
    """What became of a message. Raises `KeyError` for one that the run was not sent, or not of late."""
    for steer in run.steers:
        if steer.id == steer_id:
            return steer
    raise KeyError(steer_id)


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
        case RunStarted(model=model):
            began = entry.at if run.started_at is None else run.started_at
            model = model or run.model
            return replace(
                run, status=RunStatus.RUNNING, started_at=began, model=model, parked=False, lacks=()
            )
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
