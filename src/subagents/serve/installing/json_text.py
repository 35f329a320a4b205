"""A member put into a JSON text, and everything else in it left as it is, to the last blank and comment.

Understands JSON and what editors make of it: comments, and commas after the last member ("JSON with comments", as VS
Code and opencode read their files). Knows nothing of what the text is about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from subagents.language import _

MAX_DEPTH = 100

_TOKEN = re.compile(
    r"(?P<blank>[\s\ufeff]+|//[^\r\n]*|/\*.*?\*/)"
    # Possessive: a way back for each character of a text takes seconds and gigabytes where that is long.
    r'|(?P<token>"(?:[^"\\\n]++|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"/]+)',
    re.DOTALL,
)


class NotJson(ValueError):
    """The text cannot be read; the sentence says where."""


@dataclass(frozen=True)
class Inside:
    """Where what an object has inside stands: where each name begins, where the last value ends and where what follows
    it does, comments included; whether a comma follows it."""

    members: Mapping[str, Node]
    names: Sequence[int]
    last_end: int
    content_end: int
    comma: bool


@dataclass(frozen=True)
class Node:
    """A value and where it stands; `inside` is None for what is no object."""

    value: Any
    start: int
    end: int
    inside: Inside | None = None


def read(text: str) -> Node:
    """The text as a tree. Raises `NotJson`."""
    reader = _Reader(text)
    root = reader.value(0)
    reader.expect_end()
    return root


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with `value` at `path`, whose objects are made where they are missing. What stood there is replaced.

    Raises `NotJson`, also when what a name of the path leads to is no object.
    """
    node = read(text)
    for depth, name in enumerate(path):
        if node.inside is None:
            raise NotJson(_("what stands at {place} is no object").format(place=_place(text, node.start)))
        if (below := node.inside.members.get(name)) is None:
            return _added(text, node, node.inside, name, _nested(path[depth + 1 :], value))
        node = below
    written = _Style.of(text).written(value, _indent_at(text, node.start))
    return text[: node.start] + written + text[node.end :]


def _nested(path: Sequence[str], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


# --- writing


@dataclass(frozen=True)
class _Style:
    """How the text is laid out: by what it is indented, and how its lines end."""

    unit: str
    line_end: str

    @classmethod
    def of(cls, text: str) -> _Style:
        found = re.search(r"\n([ \t]+)\S", text)
        return cls(unit=found[1] if found else "  ", line_end="\r\n" if "\r\n" in text else "\n")

    def written(self, value: Any, indent: str) -> str:
        """The value as it stands on a line that is indented so."""
        lines = json.dumps(value, indent=self.unit, ensure_ascii=False).split("\n")
        return (self.line_end + indent).join(lines)


def _added(text: str, node: Node, inside: Inside, name: str, value: Any) -> str:
    """With one more member, the last, in the object."""
    style, close = _Style.of(text), node.end - 1
    comma = "," if inside.names and not inside.comma else ""
    before = text[: inside.last_end] + comma + text[inside.last_end : inside.content_end]
    gap = text[inside.content_end : close]
    if inside.names and "\n" not in text[node.start : close]:
        member = f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"  # all stays on its one line
        return before + member + gap + text[close:]
    outer = _indent_at(text, node.start)
    inner = _indent_at(text, inside.names[-1]) if inside.names else outer + style.unit
    member = f"{style.line_end}{inner}{json.dumps(name)}: {style.written(value, inner)}"
    ending = gap if "\n" in gap else style.line_end + outer
    return before + member + ending + text[close:]


def _indent_at(text: str, position: int) -> str:
    """What the line of this position begins with."""
    begin = text.rfind("\n", 0, position) + 1
    found = re.match(r"[ \t]*", text[begin:])
    return found[0] if found else ""


# --- reading


class _Token(NamedTuple):
    """`before` is where what stands before it ends, comments included."""

    text: str
    start: int
    end: int
    before: int


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = next(self._tokens, None)

    def value(self, depth: int) -> Node:
        token = self._take()
        if depth > MAX_DEPTH:
            raise NotJson(_("it is nested too deeply, at {place}").format(place=self._place(token)))
        if token.text == "{":
            return self._object(token, depth)
        if token.text == "[":
            return self._array(token, depth)
        try:
            return Node(json.loads(token.text), token.start, token.end)
        except ValueError:
            raise self._unexpected(token) from None

    def expect_end(self) -> None:
        if self._next is not None:
            raise self._unexpected(self._next)

    def _object(self, opening: _Token, depth: int) -> Node:
        members: dict[str, Node] = {}
        names: list[int] = []
        last_end, comma = opening.end, True
        while self._peek().text != "}":
            name = self.value(depth + 1) if comma else None
            if name is None or not isinstance(name.value, str) or self._peek().text != ":":
                raise self._unexpected(self._peek())
            self._take()
            members[name.value] = found = self.value(depth + 1)
            names.append(name.start)
            last_end, comma = found.end, self._skipped(",")
        closing = self._take()
        value = {name: node.value for name, node in members.items()}
        inside = Inside(members, names, last_end, closing.before, comma)
        return Node(value, opening.start, closing.end, inside)

    def _array(self, opening: _Token, depth: int) -> Node:
        values: list[Any] = []
        comma = True
        while self._peek().text != "]":
            if not comma:
                raise self._unexpected(self._peek())
            values.append(self.value(depth + 1).value)
            comma = self._skipped(",")
        return Node(values, opening.start, self._take().end)

    def _skipped(self, text: str) -> bool:
        """Whether it stood there."""
        there = self._peek().text == text
        if there:
            self._take()
        return there

    def _peek(self) -> _Token:
        if self._next is None:
            raise NotJson(_("it ends too early"))
        return self._next

    def _take(self) -> _Token:
        taken = self._peek()
        self._next = next(self._tokens, None)
        return taken

    def _unexpected(self, token: _Token) -> NotJson:
        text = _("{text!r} is not expected at {place}")
        return NotJson(text.format(text=token.text[:40], place=self._place(token)))

    def _place(self, token: _Token) -> str:
        return _place(self._text, token.start)


def _tokens(text: str) -> Iterator[_Token]:
    position = before = 0
    while position < len(text):
        if (found := _TOKEN.match(text, position)) is None:
            place = _place(text, position)
            raise NotJson(_("{text!r} is not expected at {place}").format(text=text[position], place=place))
        if found["token"]:
            yield _Token(found[0], found.start(), found.end(), before)
        position = found.end()
        if not found[0].isspace():
            before = position


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return _("line {line}, column {column}").format(line=line, column=column)
