"""What the standard library does not tell of a TOML text: the line of each key, and if reading it takes too long."""

from __future__ import annotations

import re

MAX_DOTS = 5_000  # of one line, or fewer of several; a key of so many parts takes half a second
FEW_DOTS = 1_000  # of a text, which are not looked at any further

# What a value is made of, as far as it may hold a line's end or what looks like a key. The longer quotes come first;
# up to five may end a text of three (TOML 1.0, "String").
_PIECES = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
    r"|\#[^\n]*+"
    r"|[\[\]{}\n]",
    re.DOTALL,
)
_KEY = re.compile(r"""[ \t]*(?:\[\[?[ \t]*)?("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)""")


def has_too_many_dots(text: str) -> bool:
    """Whether lines have more dots than anybody writes, in keys and values.

    The standard library takes quadratic time over a key of many parts; that of all lines together is bounded.
    """
    return text.count(".") > FEW_DOTS and sum(line.count(".") ** 2 for line in text.split("\n")) > MAX_DOTS**2


def lines_of_keys(text: str) -> dict[str, int]:
    """The line, from 1, on which each top-level key of a valid TOML text first stands."""
    lines: dict[str, int] = {}
    in_table = False
    for line, begin in _statements(text):
        header = text.startswith("[", begin)
        key = _KEY.match(text, begin)
        if key is not None and (header or not in_table):
            lines.setdefault(_name(key.group(1)), line)
        in_table = in_table or header
    return lines


def _statements(text: str) -> list[tuple[int, int]]:
    """Where each line begins that is no part of a value of several lines: its number, and its first character."""
    found, depth, line = [(1, _indented(text, 0))], 0, 1
    for piece in _PIECES.finditer(text):
        match piece.group():
            case "\n":
                line += 1
                if depth == 0:
                    found.append((line, _indented(text, piece.end())))
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case other:
                line += other.count("\n")
    return found


def _indented(text: str, begin: int) -> int:
    while text[begin : begin + 1] in (" ", "\t"):
        begin += 1
    return begin


def _name(key: str) -> str:
    """A key as the file means it: a quoted one may hold escapes."""
    import tomllib  # most find no file

    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
