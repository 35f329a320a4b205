"""A command runner whose program plays what a test wants, and a conversation with it outside of any manager."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import program

from subagents.ids import RunId
from subagents.runners.base import Conversation, Replied, Returned, RunContext
from subagents.runners.command import CommandRunner
from subagents.sessions.messages import StoredMessage
from subagents.spec import CommandLine, RunSpec
from subagents.testing.runner_contract import Reports
from subagents.usage import Usage

RUN = RunId("aaaaaaaa")
BOUND = 30.0  # seconds; a guard against hanging, not a measure

PROGRAM = Path(program.__file__)

#: How what `tests/fakes/program.py` prints is read: a table of one's own, as a definition would hold it.
TABLE: Mapping[str, Any] = {
    "rules": [
        {"when": {"kind": "hello"}, "session": "session", "model": "model"},
        {"when": {"kind": "text"}, "text": "said"},
        {"when": {"kind": "piece"}, "text": "said", "pieces": True},
        {"when": {"kind": "call"}, "call": "id", "tool": "name", "arguments": "with"},
        {"when": {"kind": "back"}, "returns": "id", "output": "said", "failed": {"ok": False}},
        {"when": {"kind": "end"}, "answer": "said"},
        {"when": {"kind": "broken"}, "error": "why"},
        {
            "when": {"kind": "used"},
            "usage": {"input": "in", "output": "out", "cost": "usd", "counts": "step"},
        },
    ]
}


def do(kind: str, value: object = None) -> dict[str, object]:
    return {"do": kind, "value": value}


def say(kind: str, said: str = "", **more: Any) -> dict[str, object]:
    return do("print", {"kind": kind, "said": said, **more})


HELLO = say("hello", session="s-1", model="parrot-2")


def command(
    folder: Path, *steps: Mapping[str, object], arguments: Sequence[str] = (), **parts: Any
) -> CommandLine:
    """The command line of a program that plays `steps`."""
    script = folder / "steps.json"
    script.write_text(json.dumps(steps), encoding="utf-8")
    line = (sys.executable, "-I", "-S", str(PROGRAM), str(script), *arguments)
    return CommandLine(**{"command": line, "output": TABLE, **parts})


def spec_of(line: CommandLine, folder: Path, **parts: Any) -> RunSpec:
    given = {"agent": "parrot", "prompt": "go", "description": "", "instructions": "", "runner": "command"}
    return RunSpec(**{**given, "command": line, "cwd": str(folder), "project": str(folder), **parts})


@dataclass
class Talk:
    """Talks to a program in `folder` and remembers what was reported of it."""

    folder: Path
    reports: Reports = field(default_factory=Reports)
    outer: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    async def ask(
        self, line: CommandLine, text: str = "go", history: Sequence[StoredMessage] = (), **parts: Any
    ) -> str:
        async with self.open(line, history, **parts) as conversation:
            return await conversation.prompt(text)

    async def told(self, line: CommandLine, text: str = "go", **parts: Any) -> dict[str, Any]:
        """What a program that echoes was told."""
        answer: dict[str, Any] = json.loads(await self.ask(line, text, **parts))
        return answer

    def open(
        self, line: CommandLine, history: Sequence[StoredMessage] = (), episode: int = 1, **parts: Any
    ) -> AbstractAsyncContextManager[Conversation]:
        environment = {"SUBAGENTS_RUN": RUN, "SUBAGENTS_TREE": RUN, "SUBAGENTS_DEPTH": "1"}
        context = RunContext(
            RUN, episode, 1, self.folder, self.folder, history, environment, None, self.reports.report
        )
        return CommandRunner(self.outer).open(spec_of(line, self.folder, **parts), context)

    @property
    def history(self) -> list[StoredMessage]:
        return self.reports.messages(RUN)

    @property
    def replies(self) -> list[str]:
        return [update.text for update in self.reports.updates if isinstance(update, Replied) and update.text]

    @property
    def results(self) -> list[Returned]:
        return [update for update in self.reports.updates if isinstance(update, Returned)]

    @property
    def usage(self) -> Usage:
        used = Usage()
        for update in self.reports.updates:
            if isinstance(update, Replied):
                used = used.plus(update.model, update.usage)
        return used
