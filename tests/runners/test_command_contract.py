"""What every runner promises, kept by one whose program is another process."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.runners.playing import HELLO, command, do, say

from subagents.runners.base import Conversation, RunContext, Runner, TextArrived, Update
from subagents.runners.command import CommandRunner
from subagents.spec import RunSpec
from subagents.testing.runner import Break, Reach, Say, Step, Tool, Wait
from subagents.testing.runner_contract import RunnerContract

FAR = "as far as "


class TestTheCommandRunner(RunnerContract):
    @pytest.fixture(autouse=True)
    def place(self) -> Iterator[None]:
        with tempfile.TemporaryDirectory() as folder:
            self.scripts = Path(folder)
            yield

    def runner_that(self, steps: Sequence[Step]) -> Runner:
        return _Playing(self.scripts, steps)


class _Playing:
    """Turns the steps into a program's, and what the program says of how far it is into what the test waits for."""

    def __init__(self, folder: Path, steps: Sequence[Step]) -> None:
        self._gates = {f"{FAR}{n}": step.gate for n, step in enumerate(steps) if isinstance(step, Reach)}
        played = [HELLO, *(_played(step, n) for n, step in enumerate(steps))]
        line = command(folder, *played)
        self._line = msgspec.structs.replace(line, resume=(*line.command, "--resume", "{session}"))

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[Conversation]:
        async def report(update: Update) -> None:
            if isinstance(update, TextArrived) and update.text in self._gates:
                self._gates[update.text].set()
            await context.report(update)

        asked = msgspec.structs.replace(spec, runner="command", command=self._line)
        async with CommandRunner({}).open(asked, replace(context, report=report)) as conversation:
            yield conversation


def _played(step: Step, number: int) -> Mapping[str, object]:
    match step:
        case Tool():
            return do("tool", {"name": step.name, "arguments": {}, "result": step.result, "ok": step.ok})
        case Say(text=text):
            return say("text", text)
        case Break(error=error):
            return say("broken", why=str(error))
        case Reach():
            return say("piece", f"{FAR}{number}")
        case Wait():
            return do("hang")
