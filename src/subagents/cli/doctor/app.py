"""`subagents doctor`: what is here, what is missing, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import subagents
from subagents.cli.agents.given import skills_and_memories
from subagents.cli.doctor.findings import Finding, Verdict
from subagents.cli.doctor.sessions import damaged_sessions
from subagents.cli.doctor.tools import delegation_tools, mcp_servers, tool_providers
from subagents.cli.place import agents_of, folder_at
from subagents.cli.streams import answer_json, draw, width_of
from subagents.errors import SubagentsError
from subagents.language import _, counted
from subagents.places import project_at, state_home, user_home
from subagents.view.cells import pad, wrapped

if TYPE_CHECKING:
    from subagents.models.shelves import Shelf

MOST_PROBLEMS = 8  # of definition files that are told one by one

HELP = _(
    """Look whether everything is here that agents need.

    Each line says what was found, and below it what to do where something is missing. The exit code is 1 only when
    something is missing without which nothing works.
    """
)

OLDEST_PYTHON = (3, 11)
# Before this, two connections that checkpoint and write at the same moment can damage a database
# (https://www.sqlite.org/wal.html#walresetbug).
SQLITE_WITHOUT_RESET_BUG = (3, 51, 3)
LEAST_ROOM = 30  # cells for what was found, beside its name
LOOK_BOUND = 10.0  # seconds that a program may take to say its version


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help=_("Print the findings as JSON."))] = False,
) -> int:
    found = list(findings())
    if as_json:
        answer_json(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        draw(_lines(found, width_of(sys.stdout)))
    return int(any(each.verdict is Verdict.MISSING for each in found))


def findings() -> Iterator[Finding]:
    """Everything that is looked at, in order."""
    yield Finding("subagents", Verdict.GOOD, f"{subagents.__version__}, {Path(subagents.__file__).parent}")
    yield _system()
    yield _python()
    yield _sqlite()
    yield _git()
    yield _ripgrep()
    yield _bubblewrap()
    yield from _models()
    yield from _program_agents()
    yield _writable(_("sessions"), state_home(), "SUBAGENTS_STATE")
    yield from damaged_sessions()
    yield _readable(_("your folder"), user_home())
    yield from _settings()
    yield from _project()
    yield from tool_providers()
    project = project_at(folder_at(""))
    yield from skills_and_memories(project, list(agents_of(project).listed()))
    yield from mcp_servers(project)
    yield from delegation_tools(project)


def _system() -> Finding:
    name = _("system")
    if sys.platform == "win32":
        return Finding(name, Verdict.MISSING, platform.platform(), _("Agents need Linux or macOS; use WSL."))
    return Finding(name, Verdict.GOOD, platform.platform(terse=True))


def _python() -> Finding:
    found = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("Python", Verdict.MISSING, found, _("Install Python 3.11 or later."))
    return Finding("Python", Verdict.GOOD, found)


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= SQLITE_WITHOUT_RESET_BUG:
        return Finding("SQLite", Verdict.GOOD, sqlite3.sqlite_version)
    note = _(
        "Versions before 3.51.3 have the WAL-reset bug. It needs two writers, and a session has one, so there is "
        "nothing to do; but let no other program write to a log.db."
    )
    return Finding("SQLite", Verdict.NOTE, sqlite3.sqlite_version, note)


def _git() -> Finding:
    advice = _("Install git; without it agents see no history, and their work cannot be kept apart.")
    return _program("git", "git", Verdict.NOTE, advice)


def _ripgrep() -> Finding:
    beside = shutil.which("rg", path=str(Path(sys.executable).parent))
    advice = _(
        "Install it again with subagents (pip install ripgrep), or from your system; grep and find need it."
    )
    return _program("ripgrep", beside or "rg", Verdict.MISSING, advice)


def _bubblewrap() -> Finding:
    if sys.platform != "linux":
        return Finding("bubblewrap", Verdict.GOOD, _("not needed on this system"))
    advice = _("Install bubblewrap to be able to shut an agent's commands in; nothing else needs it.")
    return _program("bubblewrap", "bwrap", Verdict.NOTE, advice)


def _program(name: str, command: str, without: Verdict, advice: str) -> Finding:
    """A program by what it says its version is."""
    path = shutil.which(command)
    if path is None:
        return Finding(name, without, _("not found"), advice)
    try:
        said = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=LOOK_BOUND,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        return Finding(name, without, _("{path} does not work: {why}").format(path=path, why=error), advice)
    version = (said.stdout.splitlines() or [""])[0]
    return Finding(name, Verdict.GOOD, f"{version}, {path}")


def _models() -> Iterator[Finding]:
    from subagents.cli.models import look
    from subagents.models.providers import every_variable
    from subagents.models.selection import OFFLINE, label

    choice = look()
    for shelf in choice.shelves:
        yield from _provider(shelf)
    if not any(shelf.is_open for shelf in choice.shelves):
        advice = _("For a language model set one of {names}, or start Ollama.")
        found = _("none: {model} answers").format(model=label(OFFLINE))
        yield Finding(_("model keys"), Verdict.NOTE, found, advice.format(names=", ".join(every_variable())))
    name = _("model")
    if choice.problem:
        yield Finding(name, Verdict.NOTE, _("none answers when nothing is said"), choice.problem)
    else:
        found = _("{model} answers when nothing is said").format(model=label(choice.answers))
        yield Finding(name, Verdict.GOOD, found, " ".join(choice.notes))


def _provider(shelf: Shelf) -> Iterator[Finding]:
    """What is open. Whether a key is a good one only its provider knows."""
    from subagents.cli.models import is_set

    name, provider = _("model keys"), shelf.provider.name
    if shelf.problem and shelf.variable:
        yield Finding(name, Verdict.NOTE, f"{provider}: {shelf.server or shelf.variable}", shelf.problem)
    elif shelf.variable:
        text = _("{provider}: {held}, {model} unless another is named")
        found = text.format(provider=provider, held=is_set(shelf.variable), model=shelf.default)
        yield Finding(name, Verdict.GOOD, found)
    elif shelf.server and not shelf.problem:
        count = counted("{n} model", "{n} models", len(shelf.models))
        found = _("{server} has {models}").format(server=shelf.server, models=count)
        yield Finding(shelf.provider.label, Verdict.GOOD, found)


def _program_agents() -> Iterator[Finding]:
    """The packaged agents that are programs: which of them can be used here."""
    from subagents.definitions.folders import builtin_folder, read_definition
    from subagents.definitions.installed import is_installed, program_of
    from subagents.definitions.model import Scope

    missing: list[str] = []
    for path in sorted(builtin_folder().glob("*.md")):
        parsed = read_definition(path, Scope.PACKAGED)
        agent = parsed.definition if parsed is not None else None
        if agent is None or not (program := program_of(agent)):
            continue
        if is_installed(program):
            advice = _("Without it working there is no agent {name}.").format(name=agent.name)
            yield _program(_("agent {name}").format(name=agent.name), program, Verdict.NOTE, advice)
        else:
            missing.append(agent.name)
    if missing:
        found = _("not installed: {names}").format(names=", ".join(missing))
        yield Finding(_("programs as agents"), Verdict.GOOD, found)


def _writable(name: str, folder: Path, variable: str) -> Finding:
    """A folder that is made when it is needed: here or in the nearest one above that exists."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(name, Verdict.GOOD, str(folder))
    advice = _("Name a folder that you may write to with {variable}.").format(variable=variable)
    return Finding(name, Verdict.MISSING, _("{path} cannot be written").format(path=folder), advice)


def _readable(name: str, folder: Path) -> Finding:
    if not folder.exists():
        return Finding(name, Verdict.GOOD, _("{path} (none yet)").format(path=folder))
    if os.access(folder, os.R_OK | os.X_OK):
        return Finding(name, Verdict.GOOD, str(folder))
    return Finding(
        name, Verdict.NOTE, _("{path} cannot be read").format(path=folder), _("Give yourself the right to.")
    )


def _settings() -> Iterator[Finding]:
    """How much is set and where, what of it was dropped, and which keys are not where they are said to be."""
    from subagents.settings.keys import opened
    from subagents.settings.layers import Layer, layered
    from subagents.settings.names import by_name

    name = _("settings")
    try:
        project = project_at(folder_at())
    except SubagentsError:
        return  # which is told of the project
    found = layered(project)
    counts = [
        (layer, sum(origin.layer is layer for origin in found.origins.values())) for layer in reversed(Layer)
    ]
    told = ", ".join(_("{n} by {layer}").format(n=n, layer=layer) for layer, n in counts if n)
    yield Finding(name, Verdict.GOOD, told or _("all as they come"))
    for problem in found.problems:
        yield Finding(name, Verdict.NOTE, str(problem), _("What is said there is left out; put it right."))
    idle = [each for each in found.origins if by_name()[each].later]
    if idle:
        yield Finding(name, Verdict.NOTE, _("without effect yet: {names}").format(names=", ".join(idle)))
    kept = opened()
    for variable in found.settings.keys_in_keyring:
        if not kept.get(variable, "").strip():
            text = _("{name} is not in the keyring, or it is locked").format(name=variable)
            yield Finding(name, Verdict.NOTE, text, _("Call `subagents setup`, or set the variable."))


def _project() -> Iterator[Finding]:
    """The project, and the definitions in it that cannot be used as they are."""
    try:
        project = project_at(folder_at())
    except SubagentsError as error:
        yield Finding(_("project"), Verdict.NOTE, _("none"), str(error))
        return
    agents = agents_of(project)
    found = _("{root}, {n} agents").format(root=project.root, n=len(agents.listed()))
    yield Finding(_("project"), Verdict.GOOD if agents.listed() else Verdict.MISSING, found)
    for problem in agents.problems[:MOST_PROBLEMS]:
        yield Finding(_("definition"), Verdict.NOTE, str(problem))
    if (more := len(agents.problems) - MOST_PROBLEMS) > 0:
        text = counted("{n} more problem", "{n} more problems", more)
        yield Finding(_("definition"), Verdict.NOTE, text, _("See them with: subagents agents validate"))


def _lines(found: list[Finding], width: int | None) -> Iterator[str]:
    """What was found beside its name, or below it in a narrow terminal."""
    names = max(len(each.name) for each in found)
    beside = 7 + 2 + names + 2
    is_narrow = width is not None and width - beside < LEAST_ROOM
    margin = " " * (2 if is_narrow else beside)
    for each in found:
        head = f"{pad(each.verdict, 7)}  {pad(each.name, names)}  "
        said = _said(each, width, len(margin))
        yield head.rstrip() if is_narrow else head + said.pop(0)
        yield from (margin + line for line in said)


def _said(finding: Finding, width: int | None, margin: int) -> list[str]:
    room = (width or 100) - margin
    found = [finding.found] if width is None else wrapped(finding.found, room)
    return [*found, *(wrapped(finding.advice, room) if finding.advice else [])]
