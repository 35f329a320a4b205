"""Showing a run while it is in progress: drawn again in place on a terminal, line by line elsewhere, or as facts.

Whoever reads our output may be slow or gone, and neither may hold up or end the run: what is to be shown is written
by threads, in order, and what nobody reads any more is dropped.
"""

from __future__ import annotations

import math
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import anyio
import anyio.to_thread
from rich.console import Console
from rich.live import Live
from rich.text import Text

from subagents.bootstrap import AgentManager
from subagents.cli.streams import give_up_output, is_live_terminal, json_for, say
from subagents.events import (
    Ending,
    Entry,
    ModelRequestFailed,
    RunEvent,
    RunResumed,
    RunSpawned,
    ServerLeftOut,
    ToolCalled,
    WrapUpAsked,
    encode,
)
from subagents.ids import RunId
from subagents.language import _, counted
from subagents.own_tasks import own_tasks
from subagents.runs.state import RunState
from subagents.sessions.state import SessionState
from subagents.sessions.transcript import call_line
from subagents.view import figures
from subagents.view.nesting import nested
from subagents.view.run_line import ending, name, run_line, run_lines
from subagents.view.theme import BELOW, ascii_of, shows_glyphs
from subagents.view.tree import TreeMode, tree

FRAME = 0.125  # seconds between two drawings
HURRY = 2.0  # seconds that are left to show the rest when the user wants to be gone
PLAIN_WIDTH = 200


class Shown(Protocol):
    """One way of showing."""

    async def show(self) -> None:
        """Shows until `end` was called, and then what is left."""

    def end(self) -> None: ...


class Watching:
    """What is watched, and how much patience there is for showing it."""

    def __init__(self, showing: anyio.CancelScope) -> None:
        self._showing = showing
        self._hurried = self._over = False
        self.run: RunId | None = None

    def hurry(self) -> None:
        """The user wants to be gone: what cannot be shown in a moment, when all is over, is not."""
        self._hurried = True
        self._bound()

    def over(self) -> None:
        """Nothing more happens; only what is left is still to be shown."""
        self._over = True
        self._bound()

    def _bound(self) -> None:
        # Only then: until it is over, whoever watches waits for the run itself inside the same scope.
        if self._hurried and self._over:
            self._showing.deadline = anyio.current_time() + HURRY


@asynccontextmanager
async def watch(manager: AgentManager, *, events: bool, quiet: bool) -> AsyncIterator[Watching]:
    """Shows what happens inside of it, and before it is left what is still to be shown."""
    async with own_tasks() as tasks:
        watching = Watching(tasks.cancel_scope)
        ways = list(_ways(manager, watching, events=events, quiet=quiet))
        for way in ways:
            tasks.start_soon(way.show)
        yield watching
        for way in ways:
            way.end()
        watching.over()


def _ways(manager: AgentManager, watching: Watching, *, events: bool, quiet: bool) -> Iterator[Shown]:
    if events:
        yield _Queued(manager, _facts, _write)
    # Facts and drawings on one terminal would be unreadable.
    if quiet or (events and sys.stdout.isatty()):
        return
    if is_live_terminal(sys.stderr):
        yield _Drawn(manager, watching)
    else:
        yield _Queued(manager, lambda entry: _lines(manager.state, entry, manager.clock.now()), say)


class _Queued:
    """Makes lines of each fact, and writes them in a thread."""

    def __init__(
        self,
        manager: AgentManager,
        lines_of: Callable[[Entry], Iterable[str]],
        write: Callable[..., None],
    ) -> None:
        self._lines_of = lines_of
        self._write = write
        self._send, self._receive = anyio.create_memory_object_stream[str](math.inf)
        self._unlisten = manager.listen(self._heard)
        self._listens = True

    async def show(self) -> None:
        try:
            with self._send, self._receive:
                await self._show_all()
        finally:
            self.end()

    def end(self) -> None:
        if self._listens:
            self._listens = False
            self._unlisten()
        self._send.close()

    async def _show_all(self) -> None:
        async for line in self._receive:
            lines = [line]
            with suppress(anyio.WouldBlock, anyio.EndOfStream):
                while True:
                    lines.append(self._receive.receive_nowait())
            await anyio.to_thread.run_sync(self._write, *lines, abandon_on_cancel=True)

    def _heard(self, entry: Entry) -> None:
        for line in self._lines_of(entry):
            self._send.send_nowait(line)


# --- facts


def _facts(entry: Entry) -> Iterator[str]:
    """The fact as one JSON object, its number and time before its own fields."""
    event = encode(entry.event).decode()
    yield f'{{"seq":{entry.seq},"at":{entry.at!r},{event[1:]}'


def _write(*lines: str) -> None:
    try:
        sys.stdout.write("".join(f"{json_for(sys.stdout, line)}\n" for line in lines))
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
        say(_("Nobody reads the facts any more; the run goes on, and its session keeps them."))
    except OSError as error:
        give_up_output()
        text = _(
            "The facts cannot be written to standard output: {why}. The run goes on, and its session keeps them."
        )
        say(text.format(why=error.strerror or error))


# --- lines


def _lines(state: SessionState, entry: Entry, now: float) -> Iterator[str]:
    event = entry.event
    if not isinstance(event, RunEvent) or event.run not in state.runs:
        return
    run = state.run(event.run)
    indent = "  " * _depth(state, run)
    match event:
        case RunSpawned() | RunResumed():
            yield f"{indent}{name(run)} {run.id}: {run.spec.description}"
        case ToolCalled(tool=tool, arguments=arguments):
            yield f"{indent}  {name(run)} {call_line(tool, arguments)}"
        case ModelRequestFailed(reason=reason, wait=float(wait)):
            text = _("{name} asks its model again in {time}: {why}")
            yield f"{indent}  " + text.format(name=name(run), time=figures.duration(wait), why=reason)
        case ServerLeftOut(text=text):
            yield f"{indent}  {name(run)}: {text}"
        case WrapUpAsked(limit=limit):
            yield f"{indent}  " + _("{name} was asked to wrap up ({limit})").format(
                name=name(run), limit=limit
            )
        case Ending():
            yield f"{indent}{_as_shown(run_line(run, now, PLAIN_WIDTH)).plain}"
            # How the run itself ended is said when all is over.
            if indent and (how := ending(run)):
                yield f"{indent}  {BELOW}{how}"
        case _:
            return


def _depth(state: SessionState, run: RunState) -> int:
    depth, above = 0, run.parent
    while above is not None and above in state.runs:
        depth, above = depth + 1, state.run(above).parent
    return depth


# --- drawings


class _Drawn:
    """The run and all below it, drawn again in place."""

    def __init__(self, manager: AgentManager, watching: Watching) -> None:
        self._manager = manager
        self._watching = watching
        self._over = anyio.Event()

    async def show(self) -> None:
        console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
            while not self._over.is_set():
                await self._draw(live, self._in_progress(console.width, console.height))
                with anyio.move_on_after(FRAME):
                    await self._over.wait()
            await self._draw(live, self._ended(console.width))
        say(*(text for run, _depth in self._runs() for text in run.lacks))

    def end(self) -> None:
        self._over.set()

    async def _draw(self, live: Live, lines: list[Text]) -> None:
        drawing = Text("\n", no_wrap=True, overflow="crop").join(map(_as_shown, lines))
        # A terminal that was halted with Ctrl-S makes this wait; it may hold up the drawing, and nothing else.
        await anyio.to_thread.run_sync(lambda: live.update(drawing, refresh=True), abandon_on_cancel=True)

    def _in_progress(self, width: int, height: int) -> list[Text]:
        runs, now = self._runs(), self._manager.clock.now()
        if len(runs) > 1:
            return self._tree([run for run, _depth in runs], now, width, max(1, height - 2))
        lines = [line for run, depth in runs for line in _of_one(run, now, width, depth)]
        most = max(1, height - 2)
        if len(lines) <= most:
            return lines
        hidden = len(lines) - most + 1
        return [*lines[: most - 1], Text(counted("… {n} more line", "… {n} more lines", hidden), style="dim")]

    def _tree(self, runs: list[RunState], now: float, width: int, height: int) -> list[Text]:
        settings = self._manager.settings
        drawn = tree(
            runs,
            now=now,
            width=width,
            height=height,
            mode=TreeMode(settings.tree_mode),
            everything=True,
            max_depth=settings.max_depth,
            rollup=settings.rollup_child_usage,
            cost=settings.show_cost,
        )
        return list(drawn.lines)

    def _ended(self, width: int) -> list[Text]:
        """Without the reason of the run itself, which is said in full afterwards."""
        now = self._manager.clock.now()
        return [
            line
            for run, depth in self._runs()
            for line in (run_lines(run, now, width, depth) if depth else (run_line(run, now, width),))
        ]

    def _runs(self) -> list[tuple[RunState, int]]:
        state, run = self._manager.state, self._watching.run
        return nested(state.run(each) for each in state.subtree(run)) if run is not None else []


def _of_one(run: RunState, now: float, width: int, depth: int) -> Iterator[Text]:
    """Both lines for one in progress, one for one that ended: what works deserves the room."""
    yield from (
        run_lines(run, now, width, depth) if not run.status.ended else (run_line(run, now, width, depth),)
    )


def _as_shown(text: Text) -> Text:
    return text if shows_glyphs(sys.stderr.encoding) else ascii_of(text)
