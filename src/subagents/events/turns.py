"""What a run does while it is in progress: replies of its model, calls of its tools, its turns."""

from __future__ import annotations

from subagents.events.fact import RunEvent
from subagents.usage import ModelUsage


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
