"""The seam between a run and what executes it: a runner opens a conversation, which answers prompts.

What happens meanwhile is reported as `Update`s, which are not facts yet: the supervisor records them and
decides what follows. `testing/runner_contract.py` says the same as tests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from subagents.ids import RunId
from subagents.sessions.messages import NewMessage, StoredMessage
from subagents.spec import RunSpec
from subagents.toolsets.coding.deps import Preflight
from subagents.usage import ModelUsage

# --- what a runner reports


@dataclass(frozen=True, slots=True)
class PromptSent:
    """A prompt stands in the conversation; `messages` hold it."""

    messages: tuple[NewMessage, ...]


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A piece of the reply in progress. Not kept by itself; the whole follows with `Replied`."""

    text: str


@dataclass(frozen=True, slots=True)
class Replied:
    """One reply of the model is whole. Without text and messages it only tells of usage, and one that is arriving goes
    on. `left_out` counts the characters of a text that was too long to be kept whole; `window` is how many tokens the
    model can read, 0 where nobody knows."""

    model: str
    usage: ModelUsage
    text: str
    tool_calls: int
    messages: tuple[NewMessage, ...]
    left_out: int = 0
    window: int = 0


@dataclass(frozen=True, slots=True)
class Compacted:
    """The conversation was made shorter, and goes on from what `messages` hold. The other fields are those of the fact
    `ContextCompacted`."""

    reason: str
    tokens_before: int
    tokens_after: int
    model: str
    usage: ModelUsage
    messages: tuple[NewMessage, ...]


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """The `attempt`th request for a reply failed; `reason` is the end of a sentence, without its full stop.

    It is made again after `wait` seconds, and then `TextArrived` begins anew: what had arrived of the reply is void.
    None gives up: the prompt raises. `usage` is what the provider counted for it nevertheless; no `Replied` repeats it.
    """

    model: str
    reason: str
    attempt: int
    wait: float | None
    usage: ModelUsage


@dataclass(frozen=True, slots=True)
class Called:
    """A tool begins. `arguments` is their JSON; `changes` tells that it may change something outside the run."""

    call: str
    tool: str
    arguments: str
    changes: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A tool ended and said `text`; `messages` hold the result."""

    call: str
    tool: str
    ok: bool
    text: str
    messages: tuple[NewMessage, ...]


@dataclass(frozen=True, slots=True)
class ToolsMissing:
    """Tools that it was to have are not there; `text` is a sentence on whose and why."""

    text: str


@dataclass(frozen=True, slots=True)
class CommandBegan:
    """A command of the run is the process group `group`, whose leader the kernel started at `started`."""

    group: int
    started: str


@dataclass(frozen=True, slots=True)
class FolderMoved:
    """Where the run's next command starts."""

    path: str


@dataclass(frozen=True, slots=True)
class FileWritten:
    """A tool wrote a file; the fields are those of the fact `FileEdited`."""

    path: str
    before: str | None
    after: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class SteerRead:
    """A steering message stands in the conversation; `messages` hold it."""

    steer: str
    messages: tuple[NewMessage, ...]


@dataclass(frozen=True, slots=True)
class TurnDone:
    """A reply and all its tool results are complete. `more` tells that the model will be asked again."""

    more: bool


Update = (
    PromptSent
    | TextArrived
    | Replied
    | Compacted
    | RequestFailed
    | Called
    | Returned
    | ToolsMissing
    | CommandBegan
    | FolderMoved
    | FileWritten
    | SteerRead
    | TurnDone
)

#: Returns when the update is kept. After `TurnDone` it returns only when the next turn may begin, so a
#: pause, a wrap-up message or the end of patience takes effect between two turns; after `RequestFailed` only when the
#: request may be made again.
Report = Callable[[Update], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a runner is given for one episode of one run, and all it may use.

    `folder` is where the files are, `directory` the place in it that commands start from. `history` is what was said
    in earlier episodes, after what the run inherited. `environment` is added to that of every command. `output` is a
    folder for tool output too long for the conversation, None where nothing may be kept. `told` is what the agent must
    know of the place where it is, beside all else; "" where it is the user's own folder. `preflight` looks before a
    file is written that other runs may have changed; None where nobody looks.
    """

    run: RunId
    episode: int
    depth: int
    folder: Path
    directory: Path
    history: Sequence[StoredMessage]
    environment: Mapping[str, str]
    output: Path | None
    report: Report
    told: str = ""
    preflight: Preflight | None = None


class Conversation(Protocol):
    """The open line of one episode. Used by one task, but for `steer`."""

    async def prompt(self, text: str | None) -> str:
        """Says `text` and returns the answer; None goes on from the history, which ends in the middle of something.

        Everything reported before it returns is in order. Cancelling it ends what it was doing, processes included,
        within seconds, and leaves the reported messages a history that can be gone on from. What cannot be answered
        raises a `SubagentsError` or `RunnerError` whose text is the reason; a broken provider never becomes an answer.
        """
        ...

    def steer(self, steer: str, text: str) -> bool:
        """Slips `text` in before the next turn, in the order of the calls; reported as `SteerRead` when it stands
        there. Taken from the opening until `prompt` returns; False afterwards, when nothing would read it."""
        ...


class Runner(Protocol):
    """One way to execute runs; shared by all of them."""

    def open(self, spec: RunSpec, context: RunContext) -> AbstractAsyncContextManager[Conversation]:
        """The conversation of a run. Opening may fail like `Conversation.prompt`; leaving ends what it started."""
        ...
