"""What an agent that we did not start says of its work, and the facts that follow.

A run stands for it, which nobody here drives. It is believed, and marked as reported wherever it is seen: what it says
is recorded, not checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os.path import normpath
from pathlib import PurePath
from typing import TypeAlias, assert_never

from subagents.errors import BadReport, NotNow
from subagents.events import (
    MAX_ARGUMENTS,
    AgentDeregistered,
    AgentRegistered,
    DirectoryChanged,
    FileEdited,
    RunEvent,
    RunInterrupted,
    ToolCalled,
    ToolReturned,
)
from subagents.ids import RunId
from subagents.runs.lifecycle import interrupt
from subagents.runs.state import RunState
from subagents.spec import REPORTED, RunSpec
from subagents.texts import digest, quoted, storable

MAX_NAME = 64  # characters
MAX_CAPABILITIES = 50
MAX_LINE = 500  # characters of a command in the transcript
MAX_TEXT = 20_000  # characters of a command or a summary
COMMAND = "bash"  # the tool that a reported command is shown as

_HASH = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Registration:
    """An agent begins to report: what it is called, what it says that it can do, what it is at, and in which folder
    ("" for the project's)."""

    name: str
    capabilities: Sequence[str] = ()
    description: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class CommandReport:
    """It ran a command, which did what it was to (`ok`) or not, and printed so many characters."""

    command: str
    ok: bool = True
    characters: int = 0


@dataclass(frozen=True, slots=True)
class EditReport:
    """It wrote a file. Hashes are SHA-256 in hexadecimal, `before` None for a new file; lines count from 1."""

    path: str
    after: str
    before: str | None = None
    first_line: int = 1
    last_line: int = 1


@dataclass(frozen=True, slots=True)
class FolderReport:
    """It works in another folder from now on."""

    path: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """It is done, and nothing more is reported; `summary` is what it came to."""

    summary: str = ""


Report: TypeAlias = CommandReport | EditReport | FolderReport | Farewell


def registered(asked: Registration, run: RunId, handle: str, *, project: str, owner: str) -> AgentRegistered:
    """The agent exists. `owner` names who registered it. Raises `BadReport`."""
    name = asked.name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise BadReport(
            f"An agent cannot register as {quoted(asked.name, MAX_NAME)}: give 1 to {MAX_NAME} characters."
        )
    if len(asked.capabilities) > MAX_CAPABILITIES:
        raise BadReport(
            f"{len(asked.capabilities)} capabilities are too many: give {MAX_CAPABILITIES} at most."
        )
    spec = RunSpec(
        agent=name,
        prompt="",
        description=storable(asked.description)[:MAX_TEXT] or "works outside",
        instructions="",
        cwd=asked.folder or project,
        project=project,
        runner=REPORTED,
    )
    return AgentRegistered(
        run=run,
        episode=1,
        handle=handle,
        spec=spec,
        capabilities=tuple(storable(each)[:MAX_NAME] for each in asked.capabilities),
        owner=owner,
    )


def facts(run: RunState, report: Report, call: str, seconds: float) -> list[RunEvent]:
    """What is to be recorded. `call` is a new id, `seconds` how long it has been registered.

    Raises `NotNow` for a run that reports nothing, or nothing any more, and `BadReport`.
    """
    if run.spec.runner != REPORTED:
        raise NotNow(f"Run {run.id!r} is driven here; only an agent that registered itself can report.")
    if run.status.ended:
        raise NotNow(
            f"Agent {run.handle!r} ({run.id}) is {run.status} and reports nothing any more; register again."
        )
    match report:
        case CommandReport():
            return _command(run, report, call)
        case EditReport():
            return [_edit(run, report)]
        case FolderReport(path):
            return [DirectoryChanged(run=run.id, episode=run.episode, path=_path(run, path))]
        case Farewell(summary):
            said = storable(summary)[:MAX_TEXT]
            return [AgentDeregistered(run=run.id, episode=run.episode, seconds=seconds, partial=said)]
        case _:
            assert_never(report)


def farewells(runs: Iterable[RunState], reason: str) -> list[RunInterrupted]:
    """The endings of agents outside that have not said theirs when nobody can hear them any more."""
    left = [run for run in runs if run.reported and not run.status.ended]
    return [ending for run in left if (ending := interrupt(run, reason)) is not None]


def lines(report: Report) -> list[str]:
    """What stands of it in the transcript, where agents of ours have their calls."""
    match report:
        case CommandReport(command, ok):
            said = f"▸ {COMMAND} {_first_line(command)}"
            return [said if ok else f"{said} (failed)"]
        case EditReport(path, first_line=first, last_line=last):
            return [f"▸ edit {_first_line(path)}:{first}-{last}"]
        case FolderReport(path):
            return [f"▸ cd {_first_line(path)}"]
        case Farewell(summary):
            return storable(summary)[:MAX_TEXT].splitlines()
        case _:
            assert_never(report)


def _first_line(text: str) -> str:
    return next(iter(storable(text).splitlines()), "")[:MAX_LINE]


def _command(run: RunState, report: CommandReport, call: str) -> list[RunEvent]:
    if not report.command.strip():
        raise BadReport("A command without a command says nothing: give the whole line in command.")
    arguments = json.dumps({"command": storable(report.command)[:MAX_TEXT]}, ensure_ascii=False)
    return [
        ToolCalled(
            run=run.id,
            episode=run.episode,
            call=call,
            tool=COMMAND,
            arguments=arguments[:MAX_ARGUMENTS],
            digest=digest(arguments),
        ),
        ToolReturned(
            run=run.id,
            episode=run.episode,
            call=call,
            tool=COMMAND,
            ok=report.ok,
            characters=max(0, report.characters),
        ),
    ]


def _edit(run: RunState, report: EditReport) -> FileEdited:
    for name, value in (("before", report.before), ("after", report.after)):
        if value is not None and not _HASH.match(value):
            raise BadReport(
                f"{name} is {quoted(value)}: give the SHA-256 of the file in 64 hexadecimal digits."
            )
    if not 1 <= report.first_line <= report.last_line:
        raise BadReport(
            f"Lines {report.first_line} to {report.last_line} are no range: lines count from 1, and the last is not "
            "before the first."
        )
    return FileEdited(
        run=run.id,
        episode=run.episode,
        path=_path(run, report.path),
        before=report.before,
        after=report.after,
        first_line=report.first_line,
        last_line=report.last_line,
    )


def _path(run: RunState, path: str) -> str:
    """Absolute: what is relative is so to the folder that the agent said it works in."""
    if not path.strip() or "\0" in path:
        raise BadReport(f"{quoted(path)} is no path.")
    return normpath(PurePath(run.directory, storable(path)))
