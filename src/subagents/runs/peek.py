"""A look at some of a run's numbered lines: what may be asked, which of the lines fit into the answer, its text.

First the pattern chooses, then `after` takes the lines that follow a number, or `lines` the last ones. Where the
lines come from is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subagents.runs.patterns import LinePattern

DEFAULT_LINES = 20
MAX_LINES = 200
MAX_CONTEXT = 20
MAX_BODY = 20_000  # characters of all lines with their numbers
MAX_UNFINISHED = 500  # characters of a reply that is still being written

UNFINISHED = "[…]"  # stands where a line that is not one yet has no number
BETWEEN = "--"  # stands where lines are missing between two that are shown, as grep has it


@dataclass(frozen=True, init=False)
class PeekQuery:
    """What is asked. Whatever is given for a number is understood as well as it can be, because models give much.

    `lines`: how many of the last ones, 20 unless it is a number from 1, and at most 200. `after`: instead the first
    200 past that line; `before`: only lines that come before that one. `regex`: only lines with a match of it, ""
    for all; upper and lower case differ unless it says `(?i)`. `context`: as many lines around each of these, 0 to
    20. Fractions are cut off. Raises `BadPattern`.
    """

    lines: int
    regex: str
    after: int | None
    before: int | None
    context: int

    def __init__(
        self,
        lines: object = None,
        regex: str | None = None,
        after: object = None,
        before: object = None,
        context: object = None,
    ) -> None:
        asked, past, until = _whole(lines), _whole(after), _whole(before)
        of_one = DEFAULT_LINES if asked is None or asked < 1 else min(asked, MAX_LINES)
        values: dict[str, Any] = {
            "lines": of_one,
            "regex": regex or "",
            "after": max(past, 0) if past is not None else None,
            # There is no line before the first one: a model that fills in every number wants nothing with a 0.
            "before": until if until is not None and until > 0 else None,
            "context": min(max(_whole(context) or 0, 0), MAX_CONTEXT) if regex else 0,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self.pattern  # noqa: B018 - a bad one is refused here and not by whoever looks

    @cached_property
    def pattern(self) -> LinePattern | None:
        """What lines are searched for; None when all are wanted."""
        if not self.regex:
            return None
        from subagents.runs.patterns import LinePattern  # a library that only this needs

        return LinePattern(self.regex)

    @property
    def forward(self) -> bool:
        """Whether it goes on from a line, and does not look at the last ones."""
        return self.after is not None

    @property
    def most(self) -> int:
        """How many lines, or lines with a match, are wanted at most."""
        return MAX_LINES if self.forward else self.lines

    def window(self, total: int) -> tuple[int, int]:
        """The first and the last line that are asked about, of so many; none when the second is smaller."""
        last = total if self.before is None else min(self.before - 1, total)
        return (self.after or 0) + 1, last


@dataclass(frozen=True, slots=True)
class PeekLine:
    """A line of the transcript. `found` is False for one that is only shown because it stands near another."""

    n: int
    text: str
    found: bool = True


@dataclass(frozen=True, slots=True)
class Peek:
    """The answer, `lines` in order. `total` is how many lines the run had when it was looked at.

    `go_on` is where more is, or may be: past that line when the query was for lines `after` one, else before it;
    None when there is nothing more in that direction, or nobody asked for it. `searched_to` is the last line that was
    searched, when time ran out before all were. `longest` is how many characters of a line were searched, when a
    longer one was not searched to its end. `left_out` counts the characters of a line that alone was too long.
    `unfinished` is the last line of the reply that is being written.
    """

    query: PeekQuery
    total: int
    lines: tuple[PeekLine, ...] = ()
    go_on: int | None = None
    searched_to: int | None = None
    longest: int | None = None
    left_out: int = 0
    unfinished: str = ""

    @property
    def next(self) -> int:
        """The `after` with which a later look finds what this one did not, each line once."""
        return self.go_on if self.go_on is not None and self.query.forward else self.total


@dataclass(frozen=True, slots=True)
class Fitted:
    """As many lines as fit into an answer, from one end of those that were given. `left_out` as in `Peek`."""

    lines: tuple[PeekLine, ...]
    complete: bool
    left_out: int = 0


def fitted(lines: Sequence[PeekLine], *, backwards: bool) -> Fitted:
    """The first lines that fit, or the last ones; at least one, and of that as much of its beginning as fits."""
    kept: list[PeekLine] = []
    room = MAX_BODY
    for line in reversed(lines) if backwards else lines:
        room -= len(line_text(line)) + (1 if kept else 0)
        if room < 0:
            break
        kept.append(line)
    if lines and not kept:
        only = lines[-1 if backwards else 0]
        short = PeekLine(only.n, only.text[:room], only.found)
        return Fitted((short,), len(lines) == 1, -room)
    return Fitted(tuple(kept[::-1] if backwards else kept), len(kept) == len(lines))


# --- as text


def peek_text(peek: Peek, *, while_running: str = "", more: str = "") -> str:
    """What is told of it: how much of what, the lines, what was left out and how to get it.

    `while_running` is the door's sentence for a run that has not ended, and only then is the unfinished text shown;
    `more` is its sentence on what else there is.
    """
    body = list(body_lines(peek))
    if while_running and peek.unfinished:
        body.append(f"{UNFINISHED} {peek.unfinished}")
    footer = " ".join(part for part in ("Numbers are lines of the whole transcript.", more) if part)
    parts = [
        _header(peek, "No output yet." if while_running else "No output."),
        "\n".join(body),
        "\n".join(notices(peek)),
        while_running,
        footer,
    ]
    return "\n\n".join(part for part in parts if part)


def peek_json(peek: Peek) -> dict[str, Any]:
    """The object that `--json` prints. `after` or `before` is what to go on with; one of them is null, or both."""
    forward = peek.query.forward
    return {
        "total": peek.total,
        "lines": [{"n": line.n, "text": line.text, "found": line.found} for line in peek.lines],
        "after": peek.go_on if forward else None,
        "before": None if forward else peek.go_on,
        "searched_to": peek.searched_to,
        "left_out": peek.left_out,
    }


def body_lines(peek: Peek) -> Iterator[str]:
    """The lines with their numbers. Where some stand around others it is said where lines are missing; elsewhere the
    numbers do."""
    before: int | None = None
    for line in peek.lines:
        if peek.query.context and before is not None and before + 1 != line.n:
            yield BETWEEN
        yield line_text(line)
        before = line.n


def line_text(line: PeekLine) -> str:
    """`[12] text`, and `-12- text` for one that is only near."""
    mark = f"[{line.n}]" if line.found else f"-{line.n}-"
    return f"{mark} {line.text}" if line.text else mark


def notices(peek: Peek) -> Iterator[str]:
    """What is not shown, why, and what to ask for to see it."""
    if peek.left_out:
        yield f"[… {peek.left_out:,} characters of line {peek.lines[0].n} left out …]"
    if peek.longest is not None:
        yield f"[Lines were searched in their first {peek.longest:,} characters: the pattern is too large for more.]"
    if peek.go_on is None:
        return
    go_on = f"{'after' if peek.query.forward else 'before'}: {peek.go_on}"
    if peek.searched_to is not None:
        yield f"[The time for searching ran out at line {peek.searched_to}. Go on with {go_on}]"
    else:
        yield f"[There is more. Go on with {go_on}]"


def _header(peek: Peek, without_lines: str) -> str:
    if not peek.total:
        return without_lines
    noun = "line" if peek.total == 1 else "lines"
    return f"Showing {len(peek.lines):,} of {peek.total:,} {noun} ({', '.join(_asked(peek.query))})."


def _asked(query: PeekQuery) -> Iterator[str]:
    if query.forward:
        yield f"after line number {query.after}"
    else:
        yield f"last {query.lines} lines" if query.lines > 1 else "last line"
    if query.before is not None:
        yield f"before line number {query.before}"
    if query.regex:
        from subagents.runs.pattern_errors import shown

        yield f"filtered by regex {shown(query.regex)}"
    if query.context:
        yield f"with {query.context} {'line' if query.context == 1 else 'lines'} around each"


def _whole(value: object) -> int | None:
    """The number without its fraction; None for what is no number, NaN and infinity included."""
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if math.isfinite(value):
            return int(value)
        case _:
            return None
