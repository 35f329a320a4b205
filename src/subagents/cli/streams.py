"""The answer goes to standard output, everything said about it to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

NARROWEST = 20


def answer(text: str) -> None:
    """Writes to standard output, all of it, now. A terminal is given nothing that it would act on."""
    if sys.stdout.isatty():
        text = "\n".join(map(_harmless, text.split("\n")))
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    sys.stdout.flush()


def answer_json(text: str) -> None:
    """Writes JSON to standard output, which is JSON there whatever the encoding is."""
    answer(json_for(sys.stdout, text))


def json_for(stream: TextIO, text: str) -> str:
    """The JSON text with escapes for all but ASCII, unless the stream is UTF-8: whoever reads JSON expects that."""
    if text.isascii() or (stream.encoding or "").lower().replace("_", "-") in ("utf-8", "utf8"):
        return text
    import json  # only this needs it

    return "".join(each if each.isascii() else json.dumps(each)[1:-1] for each in text)


def draw(lines: Iterable[str]) -> None:
    """Writes lines that we have drawn to standard output, in characters that it has."""
    answer("\n".join(_drawn(line, sys.stdout) for line in lines))


def say(*lines: str) -> None:
    """Writes to standard error. That nobody listens there is no reason to fail."""
    with suppress(OSError, ValueError):
        for line in lines:
            sys.stderr.write(f"{_drawn(_harmless(line), sys.stderr)}\n")
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


def _drawn(line: str, stream: TextIO) -> str:
    if line.isascii():
        return line
    from subagents.view.theme import in_ascii, shows_glyphs

    return line if shows_glyphs(stream.encoding) else in_ascii(line)
