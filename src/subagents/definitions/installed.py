"""Which packaged definitions are of use here: those that run a program are, where the program is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from subagents.definitions.model import AgentDefinition, Parsed, Scope
from subagents.language import _
from subagents.spec import CommandLine

#: Whether a program of that name can be started here.
IsInstalled = Callable[[str], bool]


def program_of(agent: AgentDefinition) -> str:
    """The program that the agent is; "" for one that is none."""
    return agent.runner.command[0] if isinstance(agent.runner, CommandLine) else ""


def is_installed(program: str) -> bool:
    """A name is looked for on the PATH; where there is a path, whoever wrote it knows."""
    return os.sep in program or found_at(program, os.environ.get("PATH", os.defpath)) is not None


def found_at(program: str, path: str) -> str | None:
    """Where a program of that name is, in the folders of `path` (as PATH has them); None when it is in none.

    Relative folders and empty ones, which mean the working folder, are passed over: a program that lies about in a
    project is nobody's choice.
    """
    folders = [folder for folder in path.split(os.pathsep) if Path(folder).is_absolute()]
    return shutil.which(program, path=os.pathsep.join(folders))


def installed_only(
    files: Iterable[Parsed], installed: IsInstalled = is_installed
) -> tuple[Sequence[Parsed], Mapping[str, str]]:
    """The files without those packaged ones whose program is missing, and a sentence by the name of each of these.

    A definition of a user or project stays: somebody means it, and is told what is missing when it is run.
    """
    kept: list[Parsed] = []
    missing: dict[str, str] = {}
    for file in files:
        program = program_of(file.definition) if file.definition is not None else ""
        if program and file.source.scope == Scope.PACKAGED and not installed(program):
            text = _("The agent {name!r} runs the program {program!r}, which is not installed here.")
            missing[file.name.casefold()] = text.format(name=file.name, program=program)
        else:
            kept.append(file)
    return kept, missing
