"""Looking at a run's lines as a query asks: read and searched piece by piece, and no longer than there is time.

There is no clock and no thread here: between two pieces whoever calls is asked whether to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from subagents.ids import RunId
from subagents.runs.peek import MAX_BODY, MAX_UNFINISHED, Fitted, Peek, PeekLine, PeekQuery, fitted
from subagents.sessions.store import LineStore, Stretch
from subagents.sessions.transcript import printable

if TYPE_CHECKING:
    from subagents.runs.patterns import LinePattern

SEARCH_SECONDS = 1.0  # that a search may take; then it is said how far it came

# Characters read at once: few at first, because what is wanted is mostly near, and more and more of them.
FIRST_SIZE = 16_000
MOST_SIZE = 1_000_000
GROWTH = 4


def look(store: LineStore, run: RunId, query: PeekQuery, in_time: Callable[[], bool]) -> Peek:
    """The lines that the query asks for, of those there are now. With False, `in_time` ends the search; at least
    one piece is searched before it is asked. Raises `SessionError` for what cannot be read."""
    total = store.line_count(run)
    window = query.window(total)
    found = _found(store, run, query, window, in_time)
    fit = fitted(_read(store, run, query, window, found), backwards=not query.forward)
    go_on, searched_to = _rest(query, window, found, fit)
    at_the_end = window[1] == total and not (query.forward and go_on is not None)
    return Peek(
        query,
        total,
        _marked(fit.lines, query.pattern),
        go_on,
        searched_to,
        found.longest,
        fit.left_out,
        _last_line(store.draft(run)) if at_the_end and query.pattern is None else "",
    )


# --- searching


@dataclass
class _Found:
    """The numbers of lines with a match, in order. `reached` is the last line searched, `longest` as in `Peek`."""

    numbers: list[int]
    reached: int
    in_time: bool = True
    longest: int | None = None


def _found(
    store: LineStore, run: RunId, query: PeekQuery, window: tuple[int, int], in_time: Callable[[], bool]
) -> _Found:
    """Until there are as many as are wanted, or more text than can be shown, or no time any more."""
    pattern, forward, wanted = query.pattern, query.forward, _wanted(query)
    found, size = _Found([], window[0] - 1 if forward else window[1] + 1), 0
    for number, piece in enumerate(_pieces(store, run, query, window)):
        if number and not in_time():
            found.in_time = False
            break
        if pattern is not None and _is_overlong(piece, pattern):
            found.longest = pattern.longest
        matches, missing = _matches(piece, pattern), wanted - len(found.numbers)
        new = list(islice(matches, missing)) if forward else list(matches)[-missing:]
        numbers = [n for n, _length in new]
        found.numbers = [*found.numbers, *numbers] if forward else [*numbers, *found.numbers]
        found.reached = piece.last if forward else piece.first
        size += sum(length for _n, length in new)
        if len(new) == missing or _is_full(found.numbers, size):
            break
    return found


def _wanted(query: PeekQuery) -> int:
    """Whoever goes on from page to page wants to know whether there is another. For a pattern that takes a line
    with a match beyond those that are shown because they stand near one."""
    paging = query.forward or query.before is not None
    return query.most + (query.context + 1 if paging else 0)


def _pieces(store: LineStore, run: RunId, query: PeekQuery, window: tuple[int, int]) -> Iterator[Stretch]:
    """The lines in the order in which they are to be looked at, in pieces that can be searched without a pause."""
    first, last = window
    size = FIRST_SIZE
    at_once = MOST_SIZE if query.pattern is None else query.pattern.at_once
    while first <= last:
        stretch = store.stretch(run, first, last, size, backwards=not query.forward)
        if stretch is None:
            return
        pieces = _cut(stretch, at_once)
        yield from pieces if query.forward else reversed(list(pieces))
        first, last = (stretch.last + 1, last) if query.forward else (first, stretch.first - 1)
        size = min(size * GROWTH, MOST_SIZE)


def _cut(stretch: Stretch, size: int) -> Iterator[Stretch]:
    """Pieces of so many characters at most, or of a single line that is longer."""
    first, text, begin = stretch.first, stretch.text, 0
    while len(text) - begin > size:
        end = text.rfind("\n", begin, begin + size + 1)
        if end < 0:
            end = text.find("\n", begin + size)
        if end < 0:
            break
        last = first + text.count("\n", begin, end)
        yield Stretch(first, last, text[begin:end])
        first, begin = last + 1, end + 1
    yield Stretch(first, stretch.last, text[begin:] if begin else text)


def _matches(piece: Stretch, pattern: LinePattern | None) -> Iterator[tuple[int, int]]:
    """The numbers of the lines that match, and their lengths."""
    if pattern is None:
        return ((n, len(text)) for n, text in enumerate(piece.text.split("\n"), piece.first))
    if _is_overlong(piece, pattern):
        return ((piece.first, len(piece.text)) for _ in pattern.found(piece.text[: pattern.longest]))
    return ((piece.first + index, len(text)) for index, text in pattern.found(piece.text))


def _is_overlong(piece: Stretch, pattern: LinePattern) -> bool:
    """Whether it is a single line that takes too long to be searched; see `_cut`."""
    return len(piece.text) > max(pattern.longest, pattern.at_once)


# --- what is shown


def _read(
    store: LineStore, run: RunId, query: PeekQuery, window: tuple[int, int], found: _Found
) -> list[PeekLine]:
    """What was found, and what stands around it; no more than can be shown is read."""
    chosen = found.numbers[: query.most] if query.forward else found.numbers[-query.most :]
    ranges, matching = list(_ranges(chosen, query.context, window)), set(chosen)
    lines: list[PeekLine] = []
    size = 0
    for first, last in ranges if query.forward else reversed(ranges):
        new = [PeekLine(line.n, line.text, line.n in matching) for line in store.lines(run, first, last)]
        lines = [*lines, *new] if query.forward else [*new, *lines]
        size += sum(len(line.text) for line in new)
        if _is_full(lines, size):
            break
    return lines


def _is_full(lines: Sized, size: int) -> bool:
    """Whether some of these lines of `size` characters will not be shown. One that is alone is, however long it is."""
    return len(lines) > 1 and size > MAX_BODY


def _ranges(numbers: Iterable[int], context: int, window: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """From where to where lines are shown, in order; ranges that touch are one."""
    first = last = 0
    for n in numbers:
        if first and n - context > last + 1:
            yield first, last
            first = 0
        first = first or max(n - context, window[0])
        last = min(n + context, window[1])
    if first:
        yield first, last


def _marked(lines: Sequence[PeekLine], pattern: LinePattern | None) -> tuple[PeekLine, ...]:
    """A line that stands near a match may have one itself, beyond those that were asked for."""
    if pattern is None or all(line.found for line in lines):
        return tuple(lines)
    matching = {index for index, _text in pattern.found("\n".join(line.text for line in lines))}
    return tuple(replace(line, found=line.found or index in matching) for index, line in enumerate(lines))


# --- what is left


def _rest(
    query: PeekQuery, window: tuple[int, int], found: _Found, fit: Fitted
) -> tuple[int | None, int | None]:
    """Where to go on, and how far the search came if its time ran out: `Peek.go_on`, `Peek.searched_to`."""
    first, last = window
    if query.forward:
        edge, end = (fit.lines[-1].n if fit.lines else first - 1), last
    else:
        edge, end = (fit.lines[0].n if fit.lines else last + 1), first

    def beyond(n: int) -> bool:
        return n > edge if query.forward else n < edge

    known = found.numbers if query.pattern is not None else [end]
    paging = query.forward or query.before is not None
    if not fit.complete or (paging and any(map(beyond, known))):
        return edge, None
    if not found.in_time:
        return (found.reached if beyond(found.reached) else edge), found.reached
    return None, None


def _last_line(draft: str) -> str:
    """The end of the last line of a reply that is being written."""
    line = printable(draft.rstrip().rsplit("\n", 1)[-1])
    return line if len(line) <= MAX_UNFINISHED else f"…{line[1 - MAX_UNFINISHED :]}"
