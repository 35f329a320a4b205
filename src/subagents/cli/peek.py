"""`subagents peek`: some lines of a run, as a parent is shown them: the last ones, those after one, or matches."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from subagents.cli.following import follow as follow_run
from subagents.cli.options import RunName
from subagents.cli.place import project_here
from subagents.cli.seen import Seen, find_to_show
from subagents.cli.streams import answer, answer_json, is_live_terminal, say
from subagents.language import _
from subagents.runs.peek import (
    MAX_CONTEXT,
    MAX_LINES,
    UNFINISHED,
    Peek,
    PeekQuery,
    body_lines,
    peek_json,
)
from subagents.sessions.looking import SEARCH_SECONDS, look
from subagents.sessions.reader import LogReader
from subagents.view.theme import shows_glyphs

HELP = _(
    """Print some lines of a run: the last ones, those after a line, or those that match.

    Each has the number that it keeps for the life of the run. Patterns are those of RE2: as in other languages, but
    without look-around and back-references.

    \b
      subagents peek explore
      subagents peek explore --regex "(?i)error" --context 2
      subagents peek explore --after 120 --follow
    """
)


def peek(
    run: RunName,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", metavar="N", min=1, max=MAX_LINES, help=_("How many of the last lines: 20.")
        ),
    ] = None,
    regex: Annotated[
        str, typer.Option("--regex", metavar="PATTERN", help=_("Only lines with a match of it."))
    ] = "",
    after: Annotated[
        int | None,
        typer.Option("--after", metavar="N", min=0, help=_("Instead the first 200 lines after that one.")),
    ] = None,
    before: Annotated[
        int | None, typer.Option("--before", metavar="N", min=1, help=_("Only lines before that one."))
    ] = None,
    context: Annotated[
        int | None,
        typer.Option("--context", metavar="N", min=0, max=MAX_CONTEXT, help=_("Lines around each match.")),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help=_("Print what comes, until the run has ended."))
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print a JSON object; with --follow one a line for what comes."))
    ] = False,
) -> int:
    if follow and before is not None:
        raise typer.BadParameter(_("--follow goes on and --before looks back; choose one."))
    query = PeekQuery(lines, regex, after, before, context)
    project = project_here()
    seen = find_to_show(project, run)
    looking = _Looking(seen, query, as_json=as_json, follow=follow)
    looking.show()
    if follow:
        looking.show_more()
        follow_run(project, seen, looking.show_more)
    return 0


class _Looking:
    """One look after the other, each at what came since the one before."""

    def __init__(self, seen: Seen, query: PeekQuery, *, as_json: bool, follow: bool) -> None:
        self._seen = seen
        self._query = query
        self._as_json = as_json
        self._follow = follow
        self._reader = LogReader(seen.folder.log)

    def show(self) -> None:
        """What was asked for, and how to see more of it: whoever follows sees that anyway."""
        peek = self._look()
        if self._as_json:
            self._print_json(peek)
            return
        _print_lines(peek, live=self._seen.live and not self._follow)
        if not peek.total and not self._follow:
            say(_("No output yet.") if self._seen.live else _("No output."))
        say(*_left(peek, follow=self._follow))

    def show_more(self) -> None:
        """What has come, page by page."""
        while True:
            peek = self._look()
            if self._as_json and peek.lines:
                self._print_json(peek)
            elif peek.lines:
                _print_lines(peek, live=False)
                say(*_left(peek, follow=True))
            if peek.go_on is None:
                return

    def _look(self) -> Peek:
        until = time.monotonic() + SEARCH_SECONDS
        peek = look(self._reader, self._seen.run.id, self._query, lambda: time.monotonic() < until)
        query = self._query
        self._query = PeekQuery(query.lines, query.regex, peek.next, None, query.context)
        return peek

    def _print_json(self, peek: Peek) -> None:
        run = self._seen.run
        of_run = {"id": run.id, "handle": run.handle}
        if self._follow:  # what it is now, and what it is writing, is soon something else
            answer_json(msgspec.json.encode({**of_run, **peek_json(peek)}).decode())
            return
        unfinished = peek.unfinished if self._seen.live else ""
        told = {**of_run, "status": self._seen.status, **peek_json(peek), "unfinished": unfinished}
        answer_json(msgspec.json.format(msgspec.json.encode(told)).decode())


def _print_lines(peek: Peek, *, live: bool) -> None:
    lines = list(body_lines(peek))
    if live and peek.unfinished:
        mark = UNFINISHED if shows_glyphs(sys.stdout.encoding) else "[...]"
        lines.append(f"{mark} {peek.unfinished}")
    if _can_dim():
        _draw(lines)
    elif lines:
        answer("\n".join(lines))


def _draw(lines: list[str]) -> None:
    """At a terminal, with the numbers dim."""
    from rich.console import Console
    from rich.text import Text

    from subagents.sessions.transcript import printable

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in lines:
        mark, blank, text = line.partition(" ")
        console.print(Text.assemble((mark, "dim"), blank, printable(text)))


def _can_dim() -> bool:
    return is_live_terminal(sys.stdout) and not os.environ.get("NO_COLOR")


def _left(peek: Peek, *, follow: bool) -> Iterator[str]:
    """What is not shown, why, and how to see it."""
    if peek.left_out:
        text = _("{n:,} characters of line {line} are left out; subagents log shows them.")
        yield text.format(n=peek.left_out, line=peek.lines[0].n)
    if peek.longest is not None:
        yield _(
            "Lines were searched in their first {n:,} characters: the pattern is too large for more."
        ).format(n=peek.longest)
    if peek.go_on is None or follow:
        return
    option = f"--{'after' if peek.query.forward else 'before'} {peek.go_on}"
    if peek.searched_to is not None:
        yield _("The time for searching ran out at line {n}; go on with {option}.").format(
            n=peek.searched_to, option=option
        )
    else:
        yield _("There is more; go on with {option}.").format(option=option)
