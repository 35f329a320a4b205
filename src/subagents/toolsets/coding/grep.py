"""grep: lines that match a regular expression."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic_ai import RunContext

from subagents.toolsets.coding.bounded import ANSWER_LIMIT, Bounded
from subagents.toolsets.coding.deps import HasCoding
from subagents.toolsets.coding.failures import ToolFailed, failure_as_answer
from subagents.toolsets.coding.files import encoded
from subagents.toolsets.coding.globs import parse_glob
from subagents.toolsets.coding.paths import printable, to_read
from subagents.toolsets.coding.ripgrep import Filter, Found, in_thread, narrowed, path_of, ripgrep

# What is read of ripgrep's answer: far more than is shown, so that the rest can be counted.
SEARCHED_BYTES = 8_000_000
NUMBERED = re.compile(rb"(\d+)([:-])(.*)", re.DOTALL)
BINARY = b": binary file matches (found"
LINE_LIMIT = 500
MOST_CONTEXT = 20


@failure_as_answer
async def grep(
    ctx: RunContext[HasCoding],
    pattern: str,
    path: str = ".",
    glob: str | None = None,
    ignore_case: bool = False,
    literal: bool = False,
    context: int = 0,
    limit: int = 100,
) -> str:
    """Search the text of files. Gives `path:line: text` for each line that matches, sorted by path. Hidden
    files, binary files and those ignored by git are left out.

    Args:
        pattern: A regular expression as ripgrep knows them, without look-around.
        path: The file or folder to search.
        glob: Search only files whose path matches, such as `*.py` or `src/**/*.ts`.
        ignore_case: Take upper and lower case for the same.
        literal: Take the pattern as plain text.
        context: How many lines to show before and after each match, at most 20.
        limit: How many matches to show at most.
    """
    place = ctx.deps.coding
    target = await to_read(place, path)
    only = parse_glob(glob.removeprefix(f"{place.root}/")) if glob else None
    around = min(max(context, 0), MOST_CONTEXT)
    arguments = [*_flags(ignore_case, literal, around), *narrowed(only), f"--regexp={_checked(pattern)}"]
    found = await ripgrep(place, arguments, target, SEARCHED_BYTES)
    _refuse_bad_pattern(found)
    wanted = Filter(place, target, only)

    def answer() -> str:
        lines = (line for line in _lines(found.data) if wanted.wants(line.path))
        shown = _Shown(around, max(limit, 1))
        shown.take(lines)
        return shown.answer(found)

    return await in_thread(answer)


def _flags(ignore_case: bool, literal: bool, context: int) -> list[str]:
    flags = ["--line-number", "--with-filename", "--no-heading", f"--context={context}"]
    flags += [f"--max-columns={LINE_LIMIT}", "--max-columns-preview"]
    if ignore_case:
        flags.append("--ignore-case")
    if literal:
        flags.append("--fixed-strings")
    return flags


def _checked(pattern: str) -> str:
    encoded(pattern, "pattern")
    if "\0" in pattern:
        raise ToolFailed("the pattern holds a NUL character, which no text file contains.")
    return pattern


def _refuse_bad_pattern(found: Found) -> None:
    """With exit code 2 and no line found, what ripgrep wrote says what is wrong with the pattern."""
    if found.exit_code == 2 and found.data and b"\0" not in found.data:
        raise ToolFailed(found.data.decode(errors="replace").strip().removeprefix("rg: "))


@dataclass(frozen=True)
class _Line:
    path: str
    number: int
    text: str
    matches: bool

    def __str__(self) -> str:
        mark = ":" if self.matches else "-"
        return f"{printable(self.path)}{mark}{self.number}{mark} {self.text}"


def _lines(data: bytes) -> Iterator[_Line]:
    """The lines of the answer; passes over marks between groups and a last line that was cut off."""
    for raw in data.split(b"\n")[:-1]:
        path, _nul, rest = raw.partition(b"\0")
        if numbered := NUMBERED.fullmatch(rest):
            text = numbered[3].decode(errors="replace").removesuffix("\r").replace("\0", "\u2400")
            yield _Line(path_of(path), int(numbered[1]), text, matches=numbered[2] == b":")


class _Shown:
    """The lines for the answer, up to a number of matches, and how many matches came after."""

    def __init__(self, context: int, limit: int) -> None:
        self._context = context
        self._limit = limit
        self._lines: list[str] = []
        self._size = 0
        self._matches = self._left_out = 0
        self._last: _Line | None = None

    def take(self, lines: Iterator[_Line]) -> None:
        for line in lines:
            full = self._matches >= self._limit or self._size > ANSWER_LIMIT
            if full and line.matches:
                self._left_out += 1
            elif not self._left_out and (not full or self._is_context_of_the_last(line)):
                self._show(line)

    def _show(self, line: _Line) -> None:
        last = self._last
        if self._context and last and (last.path, last.number + 1) != (line.path, line.number):
            self._lines.append("--")
        self._lines.append(str(line))
        self._size += len(self._lines[-1]) + 1
        self._matches += line.matches
        self._last = line

    def _is_context_of_the_last(self, line: _Line) -> bool:
        last = self._last
        return last is not None and (last.path, last.number + 1) == (line.path, line.number)

    def answer(self, found: Found) -> str:
        if not self._lines and found.complete:
            return "Binary files match, whose lines are not shown." if BINARY in found.data else "No matches."
        bounded = Bounded(self._lines, self._left_out, full=self._matches < self._limit)
        return bounded.answer("matches", "narrow the pattern", complete=found.complete)
