"""Regular expressions from models and people, searched for in lines of text: in linear time, whatever they are.

The engine is RE2. Asked about one line at a time it takes over a microsecond for each, most of it for the call. So it
is given many lines as one text, and told that no match may reach over the end of a line: what it finds is exactly
what it finds in each line by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import re2

from subagents.errors import BadPattern
from subagents.runs.pattern_errors import reason, shown
from subagents.texts import storable

MAX_PATTERN = 1000  # characters
MAX_MEMORY = 8 << 20  # bytes a compiled pattern may take; when they are used up, RE2 is slower, not wrong
MAX_PROGRAM = 20_000  # RE2's instructions

# At its slowest RE2 takes about 3.5 nanoseconds a byte and instruction (measured): what it cannot be interrupted in
# is bounded by the product of both.
STEPS_AT_ONCE = 30_000_000  # a tenth of a second
STEPS_A_LINE = 300_000_000  # a second
MOST_AT_ONCE = 2_000_000  # characters

# What speaks of the text's ends, or of any byte, or may switch off that `^` and `$` are a line's, means something
# else in a text of many lines. Better too many are taken for such (after `\\`, after `\Q`) than too few.
_OF_THE_TEXT = re.compile(r"\\[ACQz]|\(\?[A-Za-z]*-")


class LinePattern:
    """A pattern that lines are searched for. Raises `BadPattern`.

    Upper and lower case differ unless it says `(?i)`; `^` and `$` are the ends of a line.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise BadPattern(
                f"The pattern {shown(pattern)} has {len(pattern):,} characters; it may have {MAX_PATTERN:,}."
            )
        self.text = storable(pattern)
        self._compiled = _compiled(self.text)
        self._one_by_one = _OF_THE_TEXT.search(self.text) is not None
        size: int = max(1, self._compiled.programsize)
        #: How many characters are best searched at once: a call takes a tenth of a second at the very most.
        self.at_once: int = min(MOST_AT_ONCE, STEPS_AT_ONCE // size)
        #: How many characters of a single line can be searched in about a second at the very most.
        self.longest: int = STEPS_A_LINE // size

    def found(self, text: str) -> Iterator[tuple[int, str]]:
        """The lines of `text` with a match, in order: their numbers, from 0, and themselves. `\\n` ends a line."""
        return self._each(text) if self._one_by_one else self._all(storable(text).encode())

    def _each(self, text: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(storable(text).split("\n")):
            if self._compiled.search(line.encode()) is not None:
                yield number, line

    def _all(self, text: bytes) -> Iterator[tuple[int, str]]:
        number = begin = 0
        while (match := self._compiled.search(text, begin)) is not None:
            at = match.start()
            number += text.count(b"\n", begin, at)
            first, end = text.rfind(b"\n", begin, at) + 1, text.find(b"\n", at)
            last = end if end >= 0 else len(text)
            yield number, text[first or begin : last].decode()
            if end < 0:
                return
            number, begin = number + 1, end + 1


def _compiled(pattern: str) -> Any:
    try:
        # `(?m)`: the ends of a line are `^` and `$`. As a prefix, because inside of a group `a)(b` would be right.
        compiled = re2.compile(f"(?m){pattern}", options=_OPTIONS)
    except re2.error as error:
        raise BadPattern(reason(pattern, _said(error), _refusal)) from None
    finally:
        # The library keeps the last 128 compiled patterns with all their memory; ours live as long as a query.
        re2.purge()
    if compiled.programsize > MAX_PROGRAM:
        raise BadPattern(reason(pattern, "pattern too large", _refusal))
    return compiled


def _refusal(pattern: str) -> str | None:
    """What RE2 says against it; None when it takes it."""
    try:
        re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        return _said(error)
    return None


def _said(error: Any) -> str:
    """RE2's own words, which are bytes."""
    return str(error.args[0].decode("utf-8", "replace"))


def engine_options() -> Any:
    """RE2's, as they are for every pattern here; a new object each time, to be added to."""
    options = re2.Options()
    options.log_errors = False  # RE2 would write them to stderr, over whatever the terminal shows
    options.max_mem = MAX_MEMORY
    return options


def _options() -> Any:
    options = engine_options()
    options.never_nl = True  # no match has a line's end in it, not even one of `[^x]` or `\s`
    options.never_capture = True  # where it matched is enough, and much cheaper
    return options


_OPTIONS = _options()
