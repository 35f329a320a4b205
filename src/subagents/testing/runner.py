"""A runner that plays what a test tells it to: no model, no tools, all of the seam."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import msgspec

from subagents.runners.base import (
    Called,
    PromptSent,
    Replied,
    RequestFailed,
    Returned,
    RunContext,
    SteerRead,
    TextArrived,
    TurnDone,
)
from subagents.sessions.messages import MessageKind, NewMessage
from subagents.spec import RunSpec
from subagents.usage import ModelUsage

USAGE = ModelUsage(requests=1, input=100, output=10, cost=0.001)
NOTHING = ModelUsage()


@dataclass(frozen=True)
class Tool:
    """A turn that calls a tool, which answers `result`; first `text` is said, if any. `usage` is that of the reply."""

    name: str = "look"
    arguments: str = "{}"
    result: str = "seen"
    text: str = ""
    changes: bool = False
    ok: bool = True
    usage: ModelUsage = USAGE


@dataclass(frozen=True)
class Say:
    """The answer."""

    text: str = "done"
    usage: ModelUsage = USAGE


@dataclass(frozen=True)
class Break:
    """What the provider or the tool raises."""

    error: Exception


@dataclass(frozen=True)
class Stumble:
    """A request that fails when `text` of its reply has arrived, having used `usage`; it is made again at once."""

    text: str = ""
    reason: str = "its provider failed"
    usage: ModelUsage = NOTHING


@dataclass(frozen=True)
class Wait:
    """Waits for `gate`, in the middle of a reply of which `text` has arrived."""

    gate: anyio.Event
    text: str = ""


@dataclass(frozen=True)
class Reach:
    """Tells the test that the run has come this far."""

    gate: anyio.Event


#: What whatever executes runs must be able to play.
Step = Tool | Say | Break | Wait | Reach


@dataclass
class ScriptedRunner:
    """Plays the steps kept under a run's prompt, or `default`; remembers what was said to each run."""

    scripts: Mapping[str, Sequence[Step | Stumble]] = field(default_factory=dict)
    default: Sequence[Step | Stumble] = (Say(),)
    said: list[str] = field(default_factory=list)
    opened: list[RunContext] = field(default_factory=list)
    in_progress: int = 0
    most_in_progress: int = 0

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[ScriptedConversation]:
        self.opened.append(context)
        self.in_progress += 1
        self.most_in_progress = max(self.most_in_progress, self.in_progress)
        try:
            yield ScriptedConversation(self, context)
        finally:
            self.in_progress -= 1


class ScriptedConversation:
    """One episode of a scripted run."""

    def __init__(self, runner: ScriptedRunner, context: RunContext) -> None:
        self._runner = runner
        self._context = context
        self._steers: list[tuple[str, str]] = []
        self._ended = False

    async def prompt(self, text: str | None) -> str:
        self._ended = False
        if text is not None:
            self._runner.said.append(text)
            await self._context.report(PromptSent((message(MessageKind.PART, text),)))
        for number, step in enumerate(self._runner.scripts.get(text or "", self._runner.default)):
            await self._read_steers()
            match step:
                case Tool():
                    await self._tool(f"call-{self._context.episode}-{number}", step)
                case Wait(gate=gate, text=arriving):
                    await self._context.report(TextArrived(arriving))
                    await gate.wait()
                case Reach(gate=gate):
                    gate.set()
                case Break(error=error):
                    raise error
                case Stumble():
                    await self._stumble(step)
                case Say(text=answer, usage=usage):
                    return await self._answer(answer, usage)
        return await self._answer("", USAGE)

    def steer(self, steer: str, text: str) -> bool:
        if self._ended:
            return False
        self._steers.append((steer, text))
        return True

    async def _answer(self, text: str, usage: ModelUsage) -> str:
        await self._reply(text, usage, calls=0)
        self._ended = True
        await self._context.report(TurnDone(more=False))
        return text

    async def _tool(self, call: str, step: Tool) -> None:
        await self._reply(step.text, step.usage, calls=1)
        await self._context.report(Called(call, step.name, step.arguments, step.changes))
        kept = (message(MessageKind.PART, step.result),)
        await self._context.report(Returned(call, step.name, step.ok, step.result, kept))
        await self._context.report(TurnDone(more=True))

    async def _stumble(self, step: Stumble) -> None:
        if step.text:
            await self._context.report(TextArrived(step.text))
        await self._context.report(RequestFailed("scripted", step.reason, 1, 0.0, step.usage))

    async def _reply(self, text: str, usage: ModelUsage, calls: int) -> None:
        kept = (message(MessageKind.REPLY, text),)
        await self._context.report(Replied("scripted", usage, text, calls, kept))

    async def _read_steers(self) -> None:
        steers, self._steers = self._steers, []
        for steer, text in steers:
            self._runner.said.append(text)
            await self._context.report(SteerRead(steer, (message(MessageKind.PART, text),)))


def message(kind: MessageKind, text: str) -> NewMessage:
    """A message whose JSON is just its text."""
    return NewMessage(kind, msgspec.json.encode(text))
