"""Strict JSON, and the JSON value that a text holds or ends with. What the value should look like is not known here,
but for its type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any

MAX_TEXT = 1_000_000  # characters; the longest answers of models are about half of that
MAX_DEPTH = 100
MAX_DIGITS = 300
MAX_FAILURES = 50_000  # beginnings of JSON that break off, each a few microseconds

_TOO_DEEP = "it is nested too deeply"

# Only where an object or array can begin; most braces in prose and code are passed over without an attempt.
_OPENING = re.compile(r'\{(?=\s*["}])|\[(?=\s*["{\[\]\-0-9tfn])')
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)
# An error counts the lines before it, so a text is cut behind what was read: else many errors cost their square.
_CUT = 4096


class NotJson(ValueError):
    """The text is no JSON, or holds none; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON value in a text. `flaw` says what only lenient readers accept in it: then it is not JSON."""

    value: Any
    flaw: str = ""

    def strict(self) -> Any:
        if self.flaw:
            raise NotJson(self.flaw)
        return self.value


def loads(text: str, depth: int = MAX_DEPTH) -> Any:
    """The value of a whole text by RFC 8259 and RFC 7493: no NaN, no duplicate names, no lone surrogates, bounded.

    Raises `NotJson`.
    """
    if len(text) > MAX_TEXT:
        raise NotJson(f"it is longer than {MAX_TEXT:,} characters")
    try:
        return _Reader(depth).whole(text).strict()
    except JSONDecodeError as error:
        raise NotJson(f"it is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None


def last_value(text: str, wanted: Set[str] = frozenset()) -> Any:
    """The JSON value that is the text, else the last fenced block that is one, else the last object or array in it.

    Of these, one whose JSON type is in `wanted` is preferred ("object", "array", …; empty is any). A value inside
    another, or inside one that breaks off, is not taken for an answer. Takes time linear in the text. Raises `NotJson`.
    """
    if not text.strip():
        raise NotJson("it is empty")
    if len(text) > MAX_TEXT:
        raise NotJson(f"it has more than {MAX_TEXT:,} characters and must be shorter")
    other: Found | None = None
    for stage in (_the_text, _fenced, _top_level):
        last, last_fitting = _last_of(stage(text), wanted)
        if last_fitting is not None:
            return last_fitting.strict()
        other = other or last
    if other is None:
        raise NotJson("it holds no JSON object or array")
    return other.strict()


def json_types(value: Any) -> Set[str]:
    """The names JSON Schema has for the type of a value; 1.0 is an integer too."""
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case str():
            return {"string"}
        case list():
            return {"array"}
        case dict():
            return {"object"}
        case float() if not value.is_integer():
            return {"number"}
        case _:
            return {"number", "integer"}


# --- where a value may stand


def _last_of(values: Iterable[Found], wanted: Set[str]) -> tuple[Found | None, Found | None]:
    """The last of all, and the last of a wanted type."""
    last = last_fitting = None
    for last in values:
        if not wanted or json_types(last.value) & wanted:
            last_fitting = last
    return last, last_fitting


def _the_text(text: str) -> Iterator[Found]:
    with suppress(JSONDecodeError):
        yield _Reader().whole(text)


def _fenced(text: str) -> Iterator[Found]:
    """The fenced blocks that are JSON as a whole; one that is never closed goes to the end."""
    for block in _blocks(text):
        yield from _the_text(block)


def _blocks(text: str) -> Iterator[str]:
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text.replace("\r\n", "\n")):
        if opened is None:
            opened = fence
        elif fence.group(1).startswith(opened.group(1)):
            yield fence.string[opened.end() : fence.start()]
            opened = None
    if opened is not None:
        yield opened.string[opened.end() :]


def _top_level(text: str) -> Iterator[Found]:
    """The objects and arrays in a text that are in no other one.

    After a failure the search goes on where reading failed, not one character on: all before was the beginning of a
    value that broke off, and what stands in it is only a part. That also makes it linear.
    """
    reader, at, failures = _Reader(), 0, 0
    while failures < MAX_FAILURES and (opening := _OPENING.search(text, at)) is not None:
        start = opening.start()
        if start > _CUT:
            text, at = text[start:], 0
            continue
        try:
            found, at = reader.value(text, start)
        except JSONDecodeError as error:
            at, failures = max(error.pos, start + 1), failures + 1
        else:
            yield found


# --- reading


class _Reader:
    """Reads on past what only lenient readers accept, and notes it: so it is known where the value ends."""

    def __init__(self, depth: int = MAX_DEPTH) -> None:
        self._deepest = depth
        self._flaws: list[str] = []
        self._decoder = JSONDecoder(
            parse_constant=self._constant,
            parse_int=self._integer,
            parse_float=self._fraction,
            object_pairs_hook=self._pairs,
        )

    def whole(self, text: str) -> Found:
        """Raises `JSONDecodeError`, and `NotJson` like `value`."""
        text = text.strip()
        found, end = self.value(text, 0)
        if end != len(text):
            raise JSONDecodeError("Extra data", text, end)
        return found

    def value(self, text: str, start: int) -> tuple[Found, int]:
        """The value that begins at `start`, and where it ends. Raises `JSONDecodeError`; `NotJson` if too deep."""
        self._flaws.clear()
        try:
            value, end = self._decoder.raw_decode(text, start)
        except RecursionError:
            raise NotJson(_TOO_DEEP) from None
        if _depth(value) > self._deepest:
            raise NotJson(_TOO_DEEP)
        if not self._flaws and "\\u" in text[start:end]:
            self._flaws += _lone_surrogates(value)
        return Found(value, self._flaws[0] if self._flaws else ""), end

    def _constant(self, name: str) -> None:
        self._flaws.append(f"{name} is not JSON")

    def _integer(self, digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            self._flaws.append(f"a number has more than {MAX_DIGITS} digits")
            return 0
        return int(digits)

    def _fraction(self, digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            self._flaws.append(f"the number {digits[:40]} is too large")
        return number

    def _pairs(self, items: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(items)
        if len(value) < len(items):
            self._flaws.append(f"the name {_repeated(items)!r} stands twice in one object")
        return value


def _repeated(items: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _value in items:
        if name in seen:
            return name[:60]
        seen.add(name)
    raise AssertionError("no name stands twice")


def _lone_surrogates(value: Any) -> list[str]:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["a text holds half of a surrogate pair"]
    return []


def _depth(value: Any) -> int:
    """How many objects and arrays enclose each other, without recursion."""
    depth, level = 0, [value]
    while True:
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return depth
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
