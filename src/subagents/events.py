"""Every fact, one frozen class each. How they are written down, and what follows from one, is not known here.

A fact is something that happened, in the past tense. It is written once, never changed, and read for
ever: a field may be added with a default; anything else is a new `version` and a step in `sessions/upcast.py`.

`synced` facts are on the disk itself, not only with the operating system, before anybody hears of them:
their loss would repeat a side effect or lose an ending.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from subagents.conflict import ConflictKind, ConflictPlace, ResolvedBy
from subagents.ids import RunId
from subagents.spec import AskedBy, RunSpec
from subagents.usage import ModelUsage

MAX_ARGUMENTS = 4096  # characters of a tool call's arguments kept in its fact; the messages have all of them
MAX_PREVIEW = 500  # characters of a text kept where only a glance is needed


class StoppedBy(StrEnum):
    """Who or what stopped a run."""

    USER = "user"
    PARENT = "parent"
    LIMIT = "limit"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that happened in a session."""

    version: ClassVar[int] = 1

    @property
    def synced(self) -> bool:
        """Whether it is forced to the disk before anybody hears of it."""
        return False


class Entry(msgspec.Struct, frozen=True):
    """A fact as it stands in the log. `seq` counts from 1 without gaps; `at` is seconds since the epoch."""

    seq: int
    id: str
    at: float
    event: Event


# --- the session


class SessionOpened(Event, frozen=True, kw_only=True):
    """A process became the session's owner."""

    project: str
    user: str
    program: str
    pid: int


class SessionClosed(Event, frozen=True, kw_only=True):
    """Its owner let go of it in good order."""

    reason: str = ""


class ClientConnected(Event, frozen=True, kw_only=True):
    """A program outside began to drive the session, or came back to it. `client` is what it calls itself; `thread` is
    which of its conversations, "" where it names none."""

    client: str
    program_version: str = ""
    thread: str = ""


class SessionRenamed(Event, frozen=True, kw_only=True):
    title: str


class SessionArchived(Event, frozen=True, kw_only=True):
    """Kept, but no longer listed (or listed again)."""

    archived: bool = True


# --- a run


class RunEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a run, in its `episode` (1 for the start, one more with each resume)."""

    run: RunId
    episode: int


class RunSpawned(RunEvent, frozen=True, kw_only=True):
    """A run exists and waits for its turn. `root` is the top of its tree, itself when it has no parent."""

    handle: str
    parent: RunId | None
    root: RunId
    depth: int
    spec: RunSpec
    asked_by: AskedBy
    request_id: str = ""


class AgentRegistered(RunEvent, frozen=True, kw_only=True):
    """An agent that we did not start reports of its work: a run stands for it, which nobody here drives. `owner` names
    who registered it, `capabilities` is what it says that it can do."""

    handle: str
    spec: RunSpec
    capabilities: tuple[str, ...] = ()
    owner: str = ""


class RunStarted(RunEvent, frozen=True, kw_only=True):
    """It got its slot and begins. `model` is what answers, by its exact name."""

    model: str = ""


class WorkspaceOpened(RunEvent, frozen=True, kw_only=True):
    """A place is ready. Of one of the run's own, `repository` is the checkout that it was made from, and `base` the
    commit that the work there is compared with."""

    root: str
    isolation: str
    repository: str = ""
    base: str = ""


class WorkspaceClosed(RunEvent, frozen=True, kw_only=True):
    """The place is no longer the run's. Of one of its own: `branch` of `repository` has the work, "" where there was
    none, and the figures compare it with `base`; `archived` is a folder with ignored files, `preserved` the place
    itself where it had to stay, and `why` the reason. `dropped` is a ref with commits that were made and left, and
    `discarded` the commit that a branch was at which a person discarded."""

    repository: str = ""
    base: str = ""
    branch: str = ""
    commits: int = 0
    files: int = 0
    insertions: int = 0
    deletions: int = 0
    archived: str = ""
    preserved: str = ""
    why: str = ""
    dropped: str = ""
    discarded: str = ""

    @property
    def synced(self) -> bool:
        return bool(self.branch or self.preserved or self.archived or self.why)


class ServerLeftOut(RunEvent, frozen=True, kw_only=True):
    """An MCP server that it was to have could not be started; `text` is a sentence on which and why."""

    text: str


class ModelReplied(RunEvent, frozen=True, kw_only=True):
    """One reply of the model arrived whole, with what it used. `left_out` counts the characters of it that were not
    kept, because there were too many. `window` is how many tokens the model can read, 0 where nobody knows."""

    model: str
    usage: ModelUsage
    text: str = ""
    tool_calls: int = 0
    left_out: int = 0
    window: int = 0


class ContextCompacted(RunEvent, frozen=True, kw_only=True):
    """The conversation was made shorter before the next request, for the `count`th time of this run; the messages of
    the same transaction say what became of it. `reason` is the end of a sentence. Both lengths are in tokens, that
    after it estimated. `model` is what summed up what was left out, "" where that was only dropped, and `usage` what
    that took."""

    reason: str
    tokens_before: int
    tokens_after: int
    count: int
    model: str = ""
    usage: ModelUsage = ModelUsage()


class ModelRequestFailed(RunEvent, frozen=True, kw_only=True):
    """A request to the model failed for the `attempt`th time; `reason` is the end of a sentence. It was made again
    after `wait` seconds, or given up when that is None. `usage` is what a reply that broke off had used."""

    model: str
    reason: str = ""
    attempt: int = 1
    wait: float | None = None
    usage: ModelUsage = ModelUsage()


class ToolCalled(RunEvent, frozen=True, kw_only=True):
    """A tool began. `digest` is the SHA-256 of all the arguments' JSON; `arguments` its first 4096 characters.
    `changes` tells that it can change something outside the run, and so must not be repeated unknowingly."""

    call: str
    tool: str
    arguments: str
    digest: str
    changes: bool = False

    @property
    def synced(self) -> bool:
        return self.changes


class CommandStarted(RunEvent, frozen=True, kw_only=True):
    """A command of the run is a process now. `group` is its process group, `started` the kernel's start time
    of its leader, so that after a crash the group is ended only if it is still the same one."""

    group: int
    started: str

    @property
    def synced(self) -> bool:
        return True


class ToolReturned(RunEvent, frozen=True, kw_only=True):
    """A tool ended; `characters` is the length of what it said, `ok` whether it did what was asked."""

    call: str
    tool: str
    ok: bool = True
    characters: int = 0


class FileEdited(RunEvent, frozen=True, kw_only=True):
    """A tool wrote a file. Hashes are SHA-256 in hexadecimal, `before` None for a new file; lines count from 1."""

    path: str
    before: str | None
    after: str
    first_line: int
    last_line: int


class DirectoryChanged(RunEvent, frozen=True, kw_only=True):
    """The folder that the run's commands start in."""

    path: str


class TurnEnded(RunEvent, frozen=True, kw_only=True):
    """A reply with all its tool results is complete. `turn` counts from 1 over all episodes."""

    turn: int


class RunSteered(RunEvent, frozen=True, kw_only=True):
    """Somebody slipped a message into the run; it waits for the next turn."""

    steer: str
    text: str
    asked_by: AskedBy


class SteerDelivered(RunEvent, frozen=True, kw_only=True):
    """The message is in the conversation: it stands in the stored messages of the same transaction. `turn` is the one
    that it was read before, counted as in `TurnEnded`; 0 in logs that did not tell."""

    steer: str
    turn: int = 0


class WrapUpAsked(RunEvent, frozen=True, kw_only=True):
    """The run was asked to finish, because `limit` (turns, time, tokens, cost) is near."""

    limit: str


class RunPaused(RunEvent, frozen=True, kw_only=True):
    """It will rest at the end of the turn it is in."""


class RunParked(RunEvent, frozen=True, kw_only=True):
    """It rests, and has given up its slot."""


class RunUnpaused(RunEvent, frozen=True, kw_only=True):
    pass


class OutputFault(msgspec.Struct, frozen=True):
    """One thing wrong with an answer. Both paths are JSON Pointers (RFC 6901), "" for the whole."""

    path: str
    message: str
    schema_path: str = ""

    def __str__(self) -> str:
        return f"{self.path or 'the answer'}: {self.message}"


class OutputRejected(RunEvent, frozen=True, kw_only=True):
    """The answer does not fit the output schema. `problems` are `JSON path: what is wrong`, at most 20, and `faults`
    the same in parts. `text` is the whole answer and `digest` the SHA-256 of its UTF-8, in hexadecimal. `correction`
    counts the corrections that were asked for before it, 0 for the first answer."""

    problems: tuple[str, ...]
    text: str
    faults: tuple[OutputFault, ...] = ()
    digest: str = ""
    correction: int = 0


class Ending(RunEvent, frozen=True, kw_only=True):
    """The episode is over. `seconds` is measured, not the difference of two wall times; `partial` is the
    text that the run had produced when it did not come to an answer."""

    seconds: float = 0.0
    partial: str = ""

    @property
    def synced(self) -> bool:
        return True


class RunCompleted(Ending, frozen=True, kw_only=True):
    """It answered. `text` is the whole answer; `structured` its value as JSON when a schema was asked for.

    `schema_valid` is None where no schema was asked for, and False for an answer that is kept although it does not
    fit; then `faults` say why. `digest` is the SHA-256 of `structured`, or of an answer that does not fit.
    """

    text: str
    wrapped_up: bool = False
    structured: str | None = None
    schema_valid: bool | None = None
    digest: str = ""
    faults: tuple[OutputFault, ...] = ()


class RunFailed(Ending, frozen=True, kw_only=True):
    """It broke: the provider, the runner, the workspace, the schema. `reason` is a sentence."""

    reason: str


class RunStopped(Ending, frozen=True, kw_only=True):
    """Somebody or a limit ended it. `subtree` tells whether all below it ends too; None leaves it to the rule for
    children of a run that ended."""

    by: StoppedBy
    reason: str = ""
    subtree: bool | None = None


class RunInterrupted(Ending, frozen=True, kw_only=True):
    """Nobody drives it any more: its process died, or could not record. `started` tells whether it had begun."""

    reason: str
    started: bool = True


class AgentDeregistered(Ending, frozen=True, kw_only=True):
    """An agent outside reports nothing more; `partial` is what it says that it came to."""


class RunResumed(RunEvent, frozen=True, kw_only=True):
    """An ended run goes on with another prompt; `episode` is the new one, which waits for its turn. `note` is what it
    is told before the prompt, where its last turn may be incomplete."""

    prompt: str
    asked_by: AskedBy
    note: str = ""

    @property
    def text(self) -> str:
        """What is said to it."""
        return f"{self.note}\n\n{self.prompt}" if self.note else self.prompt


class ResultDelivered(RunEvent, frozen=True, kw_only=True):
    """Somebody was given the result; `to` names the door."""

    to: str


class RunCleared(RunEvent, frozen=True, kw_only=True):
    """No longer listed. The log keeps it."""


# --- where runs meet


class ConflictDetected(Event, frozen=True, kw_only=True):
    """Two runs meet, or a run alone meets what is committed in the checkout that its worktree was made from. The same
    `conflict` again tells of other places. `heads` are the commits that were checked out on either side, none for runs
    in one tree. Where the last of `runs` is of another session, `stranger` is what its agent is called, "" otherwise.
    """

    conflict: str
    runs: tuple[RunId, ...]
    kind: ConflictKind
    places: tuple[ConflictPlace, ...]
    heads: tuple[str, ...] = ()
    stranger: str = ""


class ConflictResolved(Event, frozen=True, kw_only=True):
    """It is none any more, or a person says so. `reason` is their word, "" where nobody said anything."""

    conflict: str
    by: ResolvedBy
    reason: str = ""


# --- what a parent is told


class Noticed(msgspec.Struct, frozen=True):
    """The ending that a notice tells of."""

    run: RunId
    episode: int


class NoticePosted(Event, frozen=True, kw_only=True):
    """Endings that somebody is to be told of, together. Each ending stands in one notice only.

    `owner` is the run that is told, None for whoever drives the session. `partial` tells that others of their group
    were still in progress.
    """

    notice: str
    owner: RunId | None
    endings: tuple[Noticed, ...]
    partial: bool = False

    @property
    def synced(self) -> bool:
        return True


class NoticeAcknowledged(Event, frozen=True, kw_only=True):
    """It arrived: it stands in the owner's conversation, or the owner has the results. `to` names the door."""

    notice: str
    to: str = ""

    @property
    def synced(self) -> bool:
        return True
