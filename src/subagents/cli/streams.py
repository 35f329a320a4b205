"""The answer goes to standard output, everything said about it to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

NARROWEST = 20


def answer(text: str) -> None:
    """Writes to standard output, all of it, now. A terminal is given nothing that it would act on; whatever else reads
    it has the very words of an agent."""
    if sys.stdout.isatty():
        text = "\n".join(map(_harmless, text.split("\n")))
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    sys.stdout.flush()


def answer_json(text: str) -> None:
    """Writes JSON to standard output, which is JSON there whatever the encoding is."""
    answer(json_for(sys.stdout, text))


def json_for(stream: TextIO, text: str) -> str:
    """The JSON text with escapes for what a terminal acts upon, and for all but ASCII unless the stream is UTF-8:
    whoever reads JSON expects that."""
    if (stream.encoding or "").lower().replace("_", "-") in ("utf-8", "utf8"):
        is_plain = str.isprintable
    else:
        is_plain = str.isascii
    if is_plain(text.replace("\n", "")):
        return text
    import json  # only this needs it

    return "".join(each if each == "\n" or is_plain(each) else json.dumps(each)[1:-1] for each in text)


def tell(lines: Iterable[str]) -> None:
    """Writes lines about files, agents and models to standard output. Whatever these are called, each is one line and
    does nothing to a terminal, also where it is read from a file or a pipe only later."""
    width = width_of(sys.stdout)
    answer("\n".join(_fitting(_one_line(line), width) for line in lines))


def draw(lines: Iterable[str]) -> None:
    """The same for lines that we have drawn: as long as they are, in characters that standard output has."""
    answer("\n".join(_drawn(_one_line(line), sys.stdout) for line in lines))


def say(*lines: str) -> None:
    """Writes to standard error. That nobody listens there is no reason to fail."""
    with suppress(OSError, ValueError):
        width = width_of(sys.stderr)
        for line in (each for said in lines for each in said.split("\n")):
            sys.stderr.write(f"{_fitting(_drawn(_harmless(line), sys.stderr), width)}\n")
        sys.stderr.flush()


def width_of(stream: TextIO) -> int | None:
    """The terminal's width in cells; None when the stream is none, and lines may be as long as they are."""
    if not stream.isatty():
        return None
    with suppress(OSError, ValueError):
        return max(
            NARROWEST, int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(stream.fileno()).columns
        )
    return 80


def is_live_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn again in place."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def give_up_output() -> None:
    """Nobody reads standard output any more: what is still in it must not fail when the process ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _harmless(line: str) -> str:
    """Most lines are plain; what spells the others out is not loaded for them."""
    if line.isprintable():
        return line
    from subagents.sessions.transcript import printable

    return printable(line)


def _one_line(line: str) -> str:
    return _harmless(line).replace("\n", "\\n")


def _fitting(line: str, width: int | None) -> str:
    """A line too long for a terminal, broken between words. A path that is too long by itself stays in one piece, so
    that it can be copied."""
    if width is None or 2 * len(line) <= width or (cells := _cells(line)) <= width:
        return line
    import textwrap

    margin = line[: len(line) - len(line.lstrip())] + "  "
    # Of a character that takes two cells half as many fit; counting each as two is on the safe side.
    room = max(NARROWEST, width if cells == len(line) else width // 2)
    return "\n".join(
        textwrap.wrap(line, room, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False)
    )


def _cells(line: str) -> int:
    if line.isascii():
        return len(line)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(each) in "WF" else 1 for each in line)


def _drawn(line: str, stream: TextIO) -> str:
    if line.isascii():
        return line
    from subagents.view.theme import in_ascii, shows_glyphs

    return line if shows_glyphs(stream.encoding) else in_ascii(line)
