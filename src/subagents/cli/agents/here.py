"""The agents of the project one is in, found by name, and what is said of a change to their files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.place import agents_of, project_here
from subagents.cli.streams import answer, say, tell
from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.editing import DefinitionFiles, Edit, Outcome, is_own, source_path
from subagents.definitions.folders import Folder, folders
from subagents.definitions.model import AgentDefinition, Dialect, Problem, Scope
from subagents.errors import SubagentsError
from subagents.language import _
from subagents.places import Project, user_home

Name = Annotated[str, typer.Argument(metavar="NAME", hidden=True)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_("Don't ask."))]
Force = Annotated[bool, typer.Option("--force", "-f", help=_("Replace a file that is there already."))]
ForUser = Annotated[
    bool, typer.Option("--user", help=_("In your own folder, for all projects, not in the project's."))
]


@dataclass(frozen=True)
class Here:
    """A project, the folders its definitions come from, and what they say now."""

    project: Project
    places: tuple[Folder, ...]
    catalog: AgentCatalog

    @property
    def files(self) -> DefinitionFiles:
        return DefinitionFiles(self.catalog, self.places)

    def folder(self, *, for_user: bool) -> Path:
        """Where a definition of our own is written."""
        return (user_home() if for_user else self.project.folder) / "agents"

    def find(self, name: str) -> str:
        """The exact name of an agent, enabled or not, or of one whose file cannot be used. Raises `UnknownAgent`."""
        wanted = name.strip()
        names = [agent.name for agent in self.catalog]
        alike = [each for each in names if each.casefold() == wanted.casefold()]
        if wanted in names or (not alike and wanted and self.files.own_file(wanted) is not None):
            return wanted
        return alike[0] if len(alike) == 1 else self.catalog.find(wanted).name

    def agent(self, name: str) -> AgentDefinition | None:
        return self.files.effective(name)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with files that a person can do something about: the package's are not theirs."""
        packaged = [str(place.path) for place in self.places if place.scope is Scope.PACKAGED]
        told = dict.fromkeys(self.catalog.problems)
        return [each for each in told if str(Path(each.path).parent) not in packaged]

    def problems_of(self, path: str) -> list[Problem]:
        return [problem for problem in self.catalog.problems if problem.path == path]


def here() -> Here:
    """The agents as their files are now. A setting may hide the packaged ones, but not from being ejected."""
    project = project_here()
    every = folders(project)
    return Here(project, every, agents_of(project))


# --- where one comes from, for people

_TOOLS = {
    Dialect.CLAUDE: "Claude Code",
    Dialect.CODEX: "Codex",
    Dialect.GEMINI: "Gemini CLI",
    Dialect.OPENCODE: "opencode",
    Dialect.PI: "pi",
    Dialect.AGENTS: ".agents",
    Dialect.COPILOT: "Copilot",
}


def whose(agent: AgentDefinition) -> str:
    """In whose folder its file is."""
    match agent.source.scope if agent.source is not None else None:
        case Scope.PACKAGED:
            return _("built in")
        case Scope.USER:
            return _("user")
        case _:
            return _("project")


def origin(agent: AgentDefinition) -> str:
    """The same, and for another tool's file, the tool."""
    dialect = agent.source.dialect if agent.source is not None else Dialect.OWN
    tool = next((name for one, name in _TOOLS.items() if one == dialect), "")
    return f"{whose(agent)}, {tool}" if tool else whose(agent)


def nearby(path: str | Path) -> str:
    """A path as short as it is clear from where one stands."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


# --- what became of a change

_NOTHING_TO_DO = frozenset((Outcome.ALREADY_DISABLED, Outcome.NOT_DISABLED))


def told(edit: Edit) -> int:
    """Says what was done; raises `SubagentsError` where a wish could not be met."""
    if not edit.outcome.changed and edit.outcome not in _NOTHING_TO_DO:
        raise SubagentsError(edit.message)
    tell([edit.message])
    return 0


def told_path(edit: Edit) -> int:
    """Prints the path of the file that was written, and nothing else, to standard output."""
    if edit.outcome is Outcome.EXISTS:
        raise SubagentsError(_("{message} Add --force to replace it.").format(message=edit.message))
    if not edit.outcome.changed:
        raise SubagentsError(edit.message)
    answer(str(edit.path))
    return 0


def say_in_effect(name: str) -> None:
    """What a name means, now that files have changed."""
    agent = here().agent(name)
    if agent is None:
        say(_("There is no agent {name!r} any more.").format(name=name))
        return
    is_in = source_path(agent) if is_own(agent) else f"{source_path(agent)} ({origin(agent)})"
    if agent.enabled:
        say(_("{name} now comes from {path}.").format(name=name, path=is_in))
    else:
        say(_("{name} is disabled by {path}.").format(name=name, path=is_in))


def say_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        say(str(problem))


def agreed(question: str, *, yes: bool, option: str = "--yes") -> bool:
    """Whether a person wants it. Raises `SubagentsError` when none can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise SubagentsError(
            _("{question} Nobody can be asked here; add {option}.").format(question=question, option=option)
        )
    return typer.confirm(question, err=True)
