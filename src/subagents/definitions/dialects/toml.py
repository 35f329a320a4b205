"""A TOML file as front matter: its top-level keys with the line of each, which the standard library does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from subagents.definitions.frontmatter import MAX_DEPTH, BadFrontMatter, FrontMatter
from subagents.definitions.model import SHOWN
from subagents.language import _

MAX_DOTS = 5_000  # in keys and values; the standard library takes quadratic time over a key of many parts

MAX_BITS = 64  # what TOML 1.0 asks of its readers

_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

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


def read(text: str) -> FrontMatter:
    """The top-level keys of a TOML text. Raises `BadFrontMatter` and nothing else, whatever the text."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if plain.count(".") > MAX_DOTS and max(map(_dots, plain.split("\n"))) > MAX_DOTS:
        raise BadFrontMatter(_("a line has too many dots"), None)
    try:
        plain.encode()
        values = tomllib.loads(plain)
    except RecursionError:
        raise BadFrontMatter(_("the file is nested too deeply"), None) from None
    except ValueError as error:
        raise _explained(error, plain) from None
    _refuse_extremes(values)
    found = lines_of_keys(plain)
    lines = {key: found.get(key, 1) for key in values}
    texts = {key: _written(value) for key, value in values.items() if not isinstance(value, dict | list)}
    return FrontMatter(values, lines, texts)


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


def _refuse_extremes(values: dict[str, Any]) -> None:
    """What nobody writes, and what would be too much for whoever prints it. Without recursion."""
    level: list[Any] = [values]
    for _depth in range(MAX_DEPTH):
        if any(isinstance(value, int) and value.bit_length() > MAX_BITS for value in level):
            raise BadFrontMatter(_("a number has more than {n} bits").format(n=MAX_BITS), None)
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise BadFrontMatter(_("the file is nested too deeply"), None)


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


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
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _dots(line: str) -> int:
    return line.count(".")


def _explained(error: ValueError, text: str) -> BadFrontMatter:
    """The parser's reason with the line it gives; it counts the end of the document as none."""
    reason = str(error)
    where = _WHERE.search(reason)
    if where is None:
        return BadFrontMatter(_("it is not TOML: {why}").format(why=reason[: 2 * SHOWN]), None)
    line = int(where.group(1)) if where.group(1) else text.count("\n") + (not text.endswith("\n"))
    message = _("it is not TOML: {why}").format(why=reason[: where.start()][: 2 * SHOWN])
    return BadFrontMatter(message, max(line, 1))
