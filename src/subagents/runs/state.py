"""What is known of one run. `evolving` folds it from the facts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from subagents.events import (
    OutputFault,
    StoppedBy,
)
from subagents.ids import RunId
from subagents.runs.kept import KeptWork
from subagents.spec import REPORTED, AskedBy, RunSpec
from subagents.usage import ModelUsage, Usage

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
    def unread(self) -> bool:
        """Whether it has an answer that nobody has read. Endings without one are told by their notice."""
        return self.status is RunStatus.COMPLETED and not self.delivered

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
