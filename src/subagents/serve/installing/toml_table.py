"""A table put into a TOML text, and everything else in it left as it is, to the last blank and comment."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from subagents.language import _
from subagents.toml_text import has_too_many_dots

_LONE_LINE_END = re.compile(r"(?<!\r)\n")


class NotToml(ValueError):
    """The text cannot be read; the sentence says where."""


def read(text: str) -> dict[str, Any]:
    """What it says. Raises `NotToml`."""
    if has_too_many_dots(text):
        raise NotToml(_("a line has too many dots"))
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise NotToml(_("it is nested too deeply")) from None
    except ValueError as error:
        raise NotToml(str(error)) from None


def put(text: str, path: Sequence[str], table: Mapping[str, Any]) -> str:
    """The text with the table at `path`. What stood there is replaced.

    A table that is not there yet is written at the end, which leaves every byte before it alone. Where that does not
    say the same, as with servers written as one inline table, and where one is replaced, tomlkit edits the text. The
    caller reads the result, which may say something else.
    """
    wanted = _with(read(text), path, table)
    line_end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else line_end if text.endswith("\n") else line_end * 2
    appended = text + gap + _written(path, table).replace("\n", line_end)
    if _says(appended, wanted):
        return appended
    edited = _edited(text, path, table)
    return _LONE_LINE_END.sub("\r\n", edited) if line_end == "\r\n" else edited


def _written(path: Sequence[str], table: Mapping[str, Any]) -> str:
    import tomlkit

    found = tomlkit.table()
    for name, value in table.items():
        found[name] = value
    document = tomlkit.document()
    inner: Any = document
    for name in path[:-1]:
        inner[name] = tomlkit.table(is_super_table=True)
        inner = inner[name]
    inner[path[-1]] = found
    return tomlkit.dumps(document)


def _edited(text: str, path: Sequence[str], table: Mapping[str, Any]) -> str:
    """By the library that keeps comments; the text as it was where that cannot do it."""
    import tomlkit

    try:
        document = tomlkit.parse(text)
        inner: Any = document
        for name in path[:-1]:
            inner = inner.setdefault(name, tomlkit.table(is_super_table=True))
        inner[path[-1]] = dict(table)
        return tomlkit.dumps(document)
    except (tomlkit.exceptions.TOMLKitError, ValueError, TypeError, AttributeError, RecursionError):
        return text


def _with(value: Mapping[str, Any], path: Sequence[str], table: Mapping[str, Any]) -> dict[str, Any]:
    name, *rest = path
    below = value.get(name)
    if not rest:
        return {**value, name: dict(table)}
    return {**value, name: _with(below if isinstance(below, dict) else {}, rest, table)}


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return read(text) == wanted
    except NotToml:
        return False
