"""`subagents events`: the facts of a session, or of a run and all below it, as they were recorded and as they come."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import msgspec
import typer

from subagents.cli.following import LOOK_EVERY, nobody_reads
from subagents.cli.options import at_least_nothing
from subagents.cli.place import project_here
from subagents.cli.streams import answer_json, draw, say, width_of
from subagents.errors import RunNotFound, SessionError, SessionNotFound
from subagents.events import Entry, Event, RunEvent, RunResumed, RunSpawned, ToolCalled, encode
from subagents.ids import RunId
from subagents.language import _
from subagents.places import Project
from subagents.runs.lifecycle_events import lifecycle_event
from subagents.sessions.folder import SessionFolder, owner_alive, sessions
from subagents.sessions.folder import find as find_session
from subagents.sessions.index import find_run
from subagents.sessions.reader import LogReader
from subagents.sessions.soundness import examine
from subagents.sessions.state import SessionState
from subagents.view.activity import main_argument
from subagents.view.cells import fit, pad, printable

HANDLE = 14  # cells

# What says most about a fact, in this order, by the names of its fields.
_TELLING = (
    *("tool", "by", "limit", "turn", "reason", "text", "prompt", "model", "path", "root", "program"),
    *("to", "title", "notice"),
)

HELP = _(
    """Print what was recorded, fact by fact.

    ID is a run, whose facts and those of all below it are printed, or a session; without it the newest session is
    meant. Each fact has a number in its session, from which --since goes on. With --json each is a line of JSON, and
    what creates, starts, steers or ends a run carries in `lifecycle` what is known of the run by then.
    """
)


def events(
    name: Annotated[str, typer.Argument(metavar="ID", hidden=True)] = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help=_("Print what comes, until the run or session is over."))
    ] = False,
    since: Annotated[
        int,
        typer.Option(
            "--since", metavar="SEQ", show_default=False, help=_("Only facts with a number above SEQ.")
        ),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print each fact as a line of JSON."))] = False,
) -> int:
    at_least_nothing("--since", since)
    folder, run = _meant(project_here(), name)
    _tell_damage(folder)
    facts = _Facts(folder, run, since, as_json=as_json)
    goes_on = True
    while goes_on:
        # First whether it is over, then its facts: the other way round, its last ones could be missed.
        goes_on = follow and facts.may_come
        facts.show_new()
        goes_on = goes_on and not nobody_reads(LOOK_EVERY)
    return 0


def _meant(project: Project, name: str) -> tuple[SessionFolder, RunId | None]:
    """The session, and which run of it. Raises `RunNotFound` for a name that is neither's."""
    if not name:
        if not (known := sessions(project)):
            text = _('Nothing has run in this project yet. Begin with: subagents run Explore "where is …?"')
            raise SessionNotFound(text)
        return known[0], None
    try:
        return find_run(project, name)
    except RunNotFound as error:
        try:
            return find_session(project, name), None
        except SessionNotFound:
            raise error from None


def _tell_damage(folder: SessionFolder) -> None:
    """Says what cannot be read. Raises `SessionError` where nothing can."""
    examined = examine(folder)
    if examined.problem and (examined.state is None or not examined.state.seq):
        raise SessionError(examined.problem)
    if examined.problem:
        say(examined.problem)


class _Facts:
    """The facts of a session as far as they were shown, and the state that they add up to."""

    def __init__(self, folder: SessionFolder, run: RunId | None, since: int, *, as_json: bool) -> None:
        self._folder = folder
        self._wanted = {run} if run is not None else None
        self._since = since
        self._as_json = as_json
        self._state = SessionState()
        self._day = ""

    @property
    def may_come(self) -> bool:
        """Whether there may be more: somebody owns the session, and not all that is wanted has ended."""
        if owner_alive(self._folder) is None:
            return False
        runs = self._state.runs
        return self._wanted is None or any(
            run not in runs or not runs[run].status.ended for run in self._wanted
        )

    def show_new(self) -> None:
        """Prints the facts that have come since it was last called."""
        if not self._folder.log.exists():  # its owner has only just made it
            return
        lines: list[str] = []
        try:
            for entry in LogReader(self._folder.log).entries(self._state.seq):
                self._state.apply(entry)
                if self._is_wanted(entry.event) and entry.seq > self._since:
                    lines += [self._json(entry)] if self._as_json else self._lines(entry)
        finally:
            # Where the facts end at a damaged one, those before it are good.
            if lines and self._as_json:
                answer_json("\n".join(lines))
            elif lines:
                draw(lines)

    def _is_wanted(self, event: Event) -> bool:
        if self._wanted is None:
            return True
        if isinstance(event, RunSpawned) and event.parent in self._wanted:
            self._wanted.add(event.run)
        return isinstance(event, RunEvent) and event.run in self._wanted

    def _json(self, entry: Entry) -> str:
        """The fact as one object, its number and time before its own fields."""
        line = f'{{"seq":{entry.seq},"at":{entry.at!r},{encode(entry.event).decode()[1:]}'
        event = entry.event
        if not isinstance(event, RunEvent) or event.run not in self._state.runs:
            return line
        lifecycle = lifecycle_event(entry, self._state.run(event.run))
        if lifecycle is None:
            return line
        return f'{line[:-1]},"lifecycle":{msgspec.json.encode(lifecycle).decode()}}}'

    def _lines(self, entry: Entry) -> list[str]:
        """A line for the fact, below one with the date where a day begins."""
        moment = time.localtime(entry.at)
        day, clock = time.strftime("%Y-%m-%d", moment), time.strftime("%H:%M:%S", moment)
        line = f"{entry.seq:>5}  {clock}  {self._whose(entry.event)}  {_told(entry.event)}".rstrip()
        new, self._day = day != self._day, day
        width = width_of(sys.stdout)
        fitting = line if width is None else fit(line, width)
        return [day, fitting] if new else [fitting]

    def _whose(self, event: Event) -> str:
        run = self._state.runs.get(event.run) if isinstance(event, RunEvent) else None
        return pad(fit(printable(run.handle), HANDLE) if run is not None else "", HANDLE)


def _told(event: Event) -> str:
    match event:
        case RunSpawned(spec=spec):
            said = f"{spec.agent}: {spec.description}"
        case ToolCalled(tool=tool, arguments=arguments):
            said = f"{tool} {main_argument(arguments)}"
        case RunResumed(prompt=prompt):
            said = prompt
        case _:
            known = (getattr(event, name, None) for name in _TELLING)
            said = " ".join(str(value) for value in known if value)
    return f"{type(event).__name__}  {printable(said)}"
