"""What a run comes to: an answer that does not fit, and how an episode ends."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from subagents.events.fact import RunEvent


class StoppedBy(StrEnum):
    """Who or what stopped a run."""

    USER = "user"
    PARENT = "parent"
    LIMIT = "limit"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


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
