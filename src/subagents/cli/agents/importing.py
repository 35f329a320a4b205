"""`subagents agents import`: other tools' definition files become files of our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from subagents.cli.agents.files import named
from subagents.cli.agents.here import Force, Here, here, nearby
from subagents.cli.place import at_home
from subagents.cli.streams import draw, say
from subagents.definitions.editing import Edit, Outcome, source_path
from subagents.definitions.model import AgentDefinition, Dialect, Parsed, Scope
from subagents.errors import SubagentsError, UnknownAgent
from subagents.language import _, counted

HELP = _(
    """Make files of your own out of other tools' agents.

    SOURCE is a file, a folder of them, the name of an agent, or a tool: claude, codex, gemini, opencode, pi, agents,
    copilot. Below each file that is written stands what is lost. The files themselves stay as they are; a project's go
    to the project, yours to your own folder. The exit code is 1 when something was left out.
    """
)

TOOLS = tuple(str(dialect) for dialect in Dialect if dialect is not Dialect.OWN)


def import_(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE", hidden=True)],
    for_user: Annotated[bool, typer.Option("--user", help=_("All into your own folder."))] = False,
    for_project: Annotated[bool, typer.Option("--project", help=_("All into the project's folder."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would be done."))] = False,
    force: Force = False,
) -> int:
    if for_user and for_project:
        raise typer.BadParameter(_("--user and --project exclude each other; choose one."))
    into = Scope.USER if for_user else Scope.PROJECT if for_project else None
    importing = _Importing(here(), into, dry_run=dry_run, force=force)
    files = [parsed for source in sources for parsed in _files(source, importing.now)]
    for parsed in {each.source.path: each for each in files}.values():
        importing.one(parsed)
    say(importing.summary(), *importing.not_in_effect())
    return int(bool(importing.refused))


def _files(source: str, now: Here) -> list[Parsed]:
    """The files that are meant, those that count most first. Raises `SubagentsError` when there are none."""
    path = at_home(source)
    if source.lower() in TOOLS and not path.is_file():
        return _of_tool(source.lower(), now)
    if path.exists() or "/" in source:
        return list(named(path, now.places))
    return [_of_agent(source, now)]


def _of_tool(tool: str, now: Here) -> list[Parsed]:
    places = [place for place in reversed(now.places) if place.dialect == tool]
    found = [parsed for place in places if place.path.is_dir() for parsed in named(place.path, [place])]
    if not found:
        looked = ", ".join(nearby(place.path) for place in places)
        raise SubagentsError(_("There are no agents of {tool} in {places}.").format(tool=tool, places=looked))
    return found


def _of_agent(name: str, now: Here) -> Parsed:
    try:
        found = now.find(name)
    except UnknownAgent as error:
        more = _("Name a file, a folder, or one of the tools {tools}.").format(tools=", ".join(TOOLS))
        raise SubagentsError(f"{error} {more}") from None
    agent = now.agent(found)
    if agent is None or agent.source is None:
        path = now.files.own_file(found)
        raise SubagentsError(_("{name} is your own already: {path}.").format(name=found, path=path))
    return Parsed(agent, tuple(now.problems_of(agent.source.path)), agent.source, found)


@dataclass
class _Importing:
    """One call: what was written, so that of two files with one name the first is kept, and what was not."""

    now: Here
    into: Scope | None
    dry_run: bool
    force: bool
    written: dict[Path, str] = field(default_factory=dict)
    names: dict[str, Path] = field(default_factory=dict)
    refused: int = 0

    def one(self, parsed: Parsed) -> None:
        """Tries one file, and prints what became of it, with what is lost below."""
        source = nearby(parsed.source.path)
        if parsed.definition is None:
            self._leave_out(source, _("it cannot be read"), _told(parsed))
            return
        if parsed.source.dialect == Dialect.OWN:
            self._leave_out(source, _("it is of our own format already"))
            return
        edit = self._written(parsed.definition)
        if edit.path is None or not edit.outcome.changed:
            self._leave_out(source, edit.message.rstrip("."))
            return
        self.written[edit.path] = source
        self.names[parsed.definition.name] = edit.path
        draw([_("{path}  from {source}").format(path=nearby(edit.path), source=source), *_told(parsed)])

    def summary(self) -> str:
        would = _("{count} would be imported") if self.dry_run else _("{count} imported")
        count = counted("{n} agent", "{n} agents", len(self.written))
        left = _(", {n} left out").format(n=self.refused) if self.refused else ""
        return f"{would.format(count=count)}{left}."

    def not_in_effect(self) -> Iterator[str]:
        """Of what was written, that which another file stands in front of."""
        if self.dry_run or not self.names:
            return
        files = here().files
        for name, path in self.names.items():
            agent = files.effective(name)
            if agent is not None and source_path(agent) != path:
                message = _("{name} still comes from {path}, which is before it.")
                yield message.format(name=name, path=nearby(source_path(agent)))

    def _leave_out(self, source: str, why: str, told: Iterable[str] = ()) -> None:
        self.refused += 1
        draw([_("{source} is left out: {why}").format(source=source, why=why), *told])

    def _written(self, agent: AgentDefinition) -> Edit:
        yours = agent.source is not None and agent.source.scope == Scope.USER
        folder = self.now.folder(for_user=yours if self.into is None else self.into is Scope.USER)
        path = self.now.files.file_for(agent.name, folder)
        if path in self.written:
            why = _("{path} was just made of {source}").format(path=nearby(path), source=self.written[path])
            return Edit(Outcome.EXISTS, path, why)
        edit = self.now.files.create(agent, folder, overwrite=self.force, dry_run=self.dry_run)
        if edit.outcome is not Outcome.EXISTS:
            return edit
        why = _("{path} exists already; --force replaces it").format(path=nearby(path))
        return Edit(Outcome.EXISTS, path, why)


def _told(parsed: Parsed) -> Iterator[str]:
    """What is lost, or wrong, a line each below the name of its file."""
    for problem in parsed.problems:
        place = "" if problem.line is None else _("line {n}: ").format(n=problem.line)
        yield f"  {place}{problem.message}"
