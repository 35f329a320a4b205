"""`subagents tree`: all runs of the project as one tree, of whichever process; once, or while it is watched."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from subagents.cli.following import nobody_reads
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, look
from subagents.cli.streams import answer_json, draw, is_live_terminal, say, width_of
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
from subagents.view.tree_model import Doing

RECENT = 3600.0  # seconds after its end that a run is read at all, as in `ps`
PLAIN_WIDTH = 120
LOOK_EVERY = 0.25  # seconds between two looks at whether anything was written
TICK = 1.0  # seconds after which it is drawn again for what changes by itself: times, and what folds away
TOTALS_WIDTH = 40

HELP = _(
    """Show all agents of this project as a tree.

    Runs of other terminals are in it too. --watch draws it again whenever something happens, until you press Ctrl-C;
    --line prints one line for the status line of another program, such as tmux.
    """
)


def show_tree(
    watch: Annotated[bool, typer.Option("--watch", "-w", help=_("Draw it again as things happen."))] = False,
    mode: Annotated[
        TreeMode | None, typer.Option(help=_("How much of each agent; the setting tree_mode."))
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="ID", help=_("The branch of this run alone."))] = "",
    everything: Annotated[bool, typer.Option("--all", "-a", help=_("Also what ended long ago."))] = False,
    plain: Annotated[bool, typer.Option("--ascii", help=_("In plain characters."))] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print it as JSON, children in their parents."))
    ] = False,
    line: Annotated[bool, typer.Option("--line", help=_("One line of totals."))] = False,
) -> int:
    if watch + line + as_json > 1:
        raise typer.BadParameter(_("--watch, --line and --json are three ways to show it; choose one."))
    project = project_here()
    focus = find_run(project, run)[1] if run else None
    settings = layered(project).settings
    asked = mode or TreeMode(settings.tree_mode)
    drawing = _Drawing(project, settings, TreeMode.FOCUSED if focus else asked, focus, everything, plain)
    if watch:
        return _watched(drawing)
    drawing.read()
    if as_json:
        answer_json(msgspec.json.format(msgspec.json.encode(drawing.as_json())).decode())
    elif line:
        draw([totals_line(drawing.runs, width_of(sys.stdout) or TOTALS_WIDTH)])
    else:
        _print(drawing.lines(width_of(sys.stdout) or PLAIN_WIDTH, None))
    return 0


class _Drawing:
    """What is drawn, as it was read last."""

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
        self._said: set[str] = set()
        self.runs: list[RunState] = []
        self._doing: dict[RunId, Doing] = {}

    def read(self) -> None:
        """Looks again. A session that cannot be read is said once, however often it is looked at."""
        since = None if self._everything or self._focus else time.time() - RECENT
        found = look(self._project, since)
        say(*(problem for problem in found.problems if problem not in self._said))
        self._said.update(found.problems)
        runs = [as_seen(seen) for seen in found.runs]
        self._doing = {
            seen.run.id: Doing(conflicts=len(seen.conflicts)) for seen in found.runs if seen.conflicts
        }
        self.runs = runs if self._everything or self._focus else _not_cleared(runs)

    def lines(self, width: int, height: int | None) -> list[Text]:
        settings = self._settings
        drawn = tree(
            self.runs,
            now=time.time(),
            width=width,
            height=height,
            mode=self._mode,
            doing=self._doing,
            focus=self._focus,
            everything=self._everything or self._focus is not None,
            max_depth=settings.max_depth,
            rollup=settings.rollup_child_usage,
            cost=settings.show_cost,
        )
        return [ascii_of(line) if self._plain else line for line in drawn.lines]

    def as_json(self) -> list[dict[str, Any]]:
        return tree_json(self.runs, time.time(), self._focus)

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


def as_seen(seen: Seen) -> RunState:
    """A run whose owner is gone is shown as what its next owner will record. It has no end until then, and is not
    folded away: someone has to see it."""
    if not seen.owner_gone:
        return seen.run
    run = seen.run
    began = run.elapsed_from
    outcome = Outcome(seq=0, reason=_("owner gone"), seconds=max(0.0, seen.last_sign - began))
    return msgspec.structs.replace(run, status=RunStatus.INTERRUPTED, outcome=outcome, in_flight=())


def _not_cleared(runs: Sequence[RunState]) -> list[RunState]:
    """Without the cleared ones, but for those that one which is not stands below."""
    by_id, kept = {run.id: run for run in runs}, set[RunId]()
    for run in runs:
        above = None if run.cleared else run
        while above is not None and above.id not in kept:
            kept.add(above.id)
            above = by_id.get(above.parent) if above.parent is not None else None
    return [run for run in runs if run.id in kept]


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
    size: tuple[int, int] = console.size
    before: list[Text] = []
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for width, height in _moments(drawing, lambda: console.size, TICK):
            if (width, height) != size:
                # The terminal has broken the lines anew, and nobody knows how many they are now.
                console.clear()
                before, size = [], (width, height)
            lines = drawing.lines(width, max(1, height - 1))
            if lines != before:
                live.update(Text("\n", no_wrap=True, overflow="crop").join(lines), refresh=True)
                before = lines
    return 0


def _watched_in_a_pipe(drawing: _Drawing) -> int:
    """A frame for each change of what was recorded, an empty line between two; nothing that acts on a terminal."""
    before: list[str] = []
    for width, _height in _moments(drawing, lambda: (PLAIN_WIDTH, 0), math.inf):
        frame = [line.plain.rstrip() for line in drawing.lines(width, None)]
        if frame != before:
            print("\n".join(([""] if before else []) + frame), flush=True)
            before = frame
    return 0


def _moments(
    drawing: _Drawing, size: Callable[[], tuple[int, int]], tick: float
) -> Iterator[tuple[int, int]]:
    """The size to draw it in, whenever that or what was recorded has changed, and after `tick` seconds without either;
    until nobody reads any more."""
    trace: tuple[Any, ...] | None = None
    before, drawn_at = (0, 0), 0.0
    while True:
        # First the trace, then the facts: what comes in between is then seen the next time.
        now, room = drawing.trace(), size()
        if now != trace:
            drawing.read()
        if (now, room) != (trace, before) or time.monotonic() - drawn_at >= tick:
            trace, before, drawn_at = now, room, time.monotonic()
            yield room
        if nobody_reads(LOOK_EVERY):
            return
