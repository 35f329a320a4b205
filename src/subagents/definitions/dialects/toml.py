"""A TOML file as front matter: its top-level keys with the line of each, which the standard library does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from subagents.definitions.frontmatter import MAX_DEPTH, BadFrontMatter, FrontMatter
from subagents.definitions.model import SHOWN
from subagents.language import _
from subagents.toml_text import has_too_many_dots, lines_of_keys

MAX_BITS = 64  # what TOML 1.0 asks of its readers

_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read(text: str) -> FrontMatter:
    """The top-level keys of a TOML text. Raises `BadFrontMatter` and nothing else, whatever the text."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if has_too_many_dots(plain):
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


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _explained(error: ValueError, text: str) -> BadFrontMatter:
    """The parser's reason with the line it gives; it counts the end of the document as none."""
    reason = str(error)
    where = _WHERE.search(reason)
    if where is None:
        return BadFrontMatter(_("it is not TOML: {why}").format(why=reason[: 2 * SHOWN]), None)
    line = int(where.group(1)) if where.group(1) else text.count("\n") + (not text.endswith("\n"))
    message = _("it is not TOML: {why}").format(why=reason[: where.start()][: 2 * SHOWN])
    return BadFrontMatter(message, max(line, 1))
