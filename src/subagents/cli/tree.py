"""`subagents tree`: all runs of the project as one tree, of whichever process; once, or while it is watched."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from subagents.cli.following import nobody_reads
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, look
from subagents.cli.streams import answer_json, is_live_terminal, say, width_of
from subagents.ids import RunId
from subagents.language import _
from subagents.places import Project
from subagents.runs.state import Outcome, RunState, RunStatus
from subagents.sessions.folder import owner_alive, sessions
from subagents.sessions.index import find_run
from subagents.sessions.wal import wal_of
from subagents.settings.layers import layered
from subagents.settings.model import Settings
from subagents.view.theme import ascii_of, shows_glyphs
from subagents.view.tree import TreeMode, totals_line, tree
from subagents.view.tree_json import tree_json

RECENT = 3600.0  # seconds after its end that a run is read at all, as in `ps`
PLAIN_WIDTH = 120
LOOK_EVERY = 0.25  # seconds between two looks at whether anything was written
TICK = 1.0  # seconds between two drawings while something is in progress and nothing else happens
TOTALS_WIDTH = 40

HELP = _(
    """Show all agents of this project as a tree.

    Runs of other terminals are in it too. --watch draws it again whenever something happens, until you press Ctrl-C;
    --line prints one line for the status line of another program, such as tmux.
    """
)


class Mode(StrEnum):
    """What may be asked for; see `TreeMode`."""

    RICH = "rich"
    COMPACT = "compact"
    AUTO = "auto"
    FOCUSED = "focused"


def show_tree(
    watch: Annotated[bool, typer.Option("--watch", "-w", help=_("Draw it again as things happen."))] = False,
    mode: Annotated[
        Mode | None, typer.Option(help=_("How much of each agent; the setting tree_mode."))
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="ID", help=_("The branch of this run alone."))] = "",
    everything: Annotated[bool, typer.Option("--all", "-a", help=_("Also what ended long ago."))] = False,
    plain: Annotated[bool, typer.Option("--ascii", help=_("In plain characters."))] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print it as JSON, children in their parents."))
    ] = False,
    line: Annotated[bool, typer.Option("--line", help=_("One line of totals."))] = False,
) -> int:
    project = project_here()
    focus = find_run(project, run)[1] if run else None
    settings = layered(project).settings
    asked = TreeMode(mode) if mode is not None else TreeMode(settings.tree_mode)
    drawing = _Drawing(project, settings, TreeMode.FOCUSED if focus else asked, focus, everything, plain)
    if as_json:
        answer_json(msgspec.json.format(msgspec.json.encode(drawing.as_json())).decode())
    elif line:
        print(totals_line(drawing.runs(), width_of(sys.stdout) or TOTALS_WIDTH))
    elif watch:
        return _watched(drawing)
    else:
        _print(drawing.lines(width_of(sys.stdout) or PLAIN_WIDTH, None))
    return 0


class _Drawing:
    """What is drawn, and whether it has changed."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        mode: TreeMode,
        focus: RunId | None,
        everything: bool,
        plain: bool,
    ) -> None:
        self._project = project
        self._settings = settings
        self._mode = mode
        self._focus = focus
        self._everything = everything
        self._plain = plain or not shows_glyphs(sys.stdout.encoding)
        self.busy = False

    def runs(self) -> list[RunState]:
        since = None if self._everything or self._focus else time.time() - RECENT
        found = look(self._project, since)
        for problem in found.problems:
            say(problem)
        runs = [_as_seen(seen) for seen in found.runs if self._everything or not seen.run.cleared]
        self.busy = any(not run.status.ended for run in runs)
        return runs

    def lines(self, width: int, height: int | None) -> list[Text]:
        settings = self._settings
        drawn = tree(
            self.runs(),
            now=time.time(),
            width=width,
            height=height,
            mode=self._mode,
            focus=self._focus,
            everything=self._everything or self._focus is not None,
            max_depth=settings.max_depth,
            rollup=settings.rollup_child_usage,
            cost=settings.show_cost,
        )
        return [ascii_of(line) if self._plain else line for line in drawn.lines]

    def as_json(self) -> list[dict[str, Any]]:
        return tree_json(self.runs(), time.time(), self._focus)

    def trace(self) -> tuple[Any, ...]:
        """What is different whenever anything was recorded."""
        return tuple(_trace(self._project))


def _trace(project: Project) -> Iterator[Any]:
    for folder in sessions(project):
        yield folder.id, owner_alive(folder)
        for path in (folder.log, wal_of(folder.log)):
            with suppress(OSError):
                seen = path.stat()
                yield seen.st_size, seen.st_mtime_ns


def _as_seen(seen: Seen) -> RunState:
    """A run whose owner is gone is shown as what its next owner will record."""
    if not seen.owner_gone:
        return seen.run
    run = seen.run
    began = run.elapsed_from
    outcome = Outcome(seq=0, reason=_("owner gone"), seconds=max(0.0, seen.last_sign - began))
    return msgspec.structs.replace(
        run, status=RunStatus.INTERRUPTED, ended_at=seen.last_sign, outcome=outcome, in_flight=()
    )


def _print(lines: Sequence[Text]) -> None:
    if not sys.stdout.isatty():
        print("\n".join(line.plain.rstrip() for line in lines))
        return
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in lines:
        console.print(line, end="\n")


def _watched(drawing: _Drawing) -> int:
    # The end of a program that is asked to end is an orderly one: the cursor comes back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not is_live_terminal(sys.stdout):
        return _watched_in_a_pipe(drawing)
    console = Console(highlight=False, markup=False, emoji=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for _change in _changes(drawing):
            lines = drawing.lines(console.width, max(1, console.height - 1))
            live.update(Text("\n", no_wrap=True, overflow="crop").join(lines), refresh=True)
    return 0


def _watched_in_a_pipe(drawing: _Drawing) -> int:
    """A frame for each change of what there is to say, an empty line between two; nothing that acts on a terminal."""
    before: list[str] = []
    for _change in _changes(drawing):
        frame = [line.plain.rstrip() for line in drawing.lines(PLAIN_WIDTH, None)]
        if frame != before:
            print("\n".join(([""] if before else []) + frame), flush=True)
            before = frame
    return 0


def _changes(drawing: _Drawing) -> Iterator[None]:
    """Whenever something was recorded, and now and then while something is in progress; until nobody reads any more."""
    before: tuple[Any, ...] | None = None
    drawn_at = 0.0
    while True:
        trace = drawing.trace()
        if trace != before or (drawing.busy and time.monotonic() - drawn_at >= TICK):
            before, drawn_at = trace, time.monotonic()
            yield
        if nobody_reads(LOOK_EVERY):
            return
