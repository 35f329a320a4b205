"""The text of a definition file to its front matter and body, byte-faithfully. What the keys mean is not known here.

The scalars are those of YAML 1.2's core schema: `off`, `no` and `2026-01-01` are text, `010` is ten. Keys are
always text. Aliases, anchors, tags and duplicate keys are refused. See https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subagents.definitions.model import SHOWN
from subagents.language import _

if TYPE_CHECKING:
    from yaml.events import Event, NodeEvent, ScalarEvent

MAX_BLOCK = 200_000  # characters of front matter; an output schema of 100 KB still fits
MAX_EVENTS = 10_000
MAX_DEPTH = 50
MAX_DIGITS = 100  # Python refuses to read integers of more than 4,300

_OPENING = re.compile(r"---[ \t]*\r?\n")
_CLOSING = re.compile(r"^---[^\n]*(?:\n|\Z)", re.MULTILINE)

# What comes first in a file that is to have front matter, however it was written: after blanks, marks of byte order
# or the fence of a block of code, a line that begins with dashes or with TOML's pluses.
_INVISIBLE = r"[\s\ufeff\u200b\u2060]*"
_LIKE_A_FENCE = re.compile(
    rf"{_INVISIBLE}(?:(?:`{{3}}|~{{3}})[^\n\r]*[\n\r]{_INVISIBLE})?((?:[-\u2010-\u2015\u2212]{{3}}|\+{{3}})[^\n\r]*)"
)

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z")
_NOT_A_NUMBER = frozenset((".nan", ".NaN", ".NAN"))


class BadFrontMatter(ValueError):
    """The front matter cannot be read. `line` counts from 1 in the file; the text says what would have worked."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Sections:
    """A file in four pieces that join to it exactly. Without front matter, `block` and `closing` are empty."""

    opening: str
    block: str
    closing: str
    body: str

    @property
    def fenced(self) -> bool:
        return bool(self.closing)

    @property
    def misfenced(self) -> str:
        """Why something that is meant as front matter is none; "" where there is some, or nothing like it."""
        if self.fenced or (like := _LIKE_A_FENCE.match(self.body)) is None:
            return ""
        if _OPENING.match(self.body):
            return _("the front matter is never closed with ---, so the file is not used")
        if "\r" in self.body and "\n" not in self.body:
            return _(
                "the lines end with a carriage return alone, so the file is not used; end them with a line feed"
            )
        message = _(
            "{fence!r} looks like the beginning of front matter, so the file is not used; the very first line must "
            "be --- and nothing else, and another --- must stand below the keys"
        )
        begin = self.body.rfind("\n", 0, like.start(1)) + 1
        return message.format(fence=self.body[begin : like.end()][:SHOWN])

    @property
    def misfenced_line(self) -> int:
        """The line, from 1, on which that stands."""
        like = _LIKE_A_FENCE.match(self.body)
        return 1 if like is None else 1 + self.body.count("\n", 0, like.start(1))


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys of a file with their values, the line of each (from 1), and single values as they are written."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def split(text: str) -> Sections:
    """Front matter begins when the very first line is `---`, and ends at the first later line that starts so.

    A byte order mark before it counts as part of the opening.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    rest = text[len(mark) :]
    opening = _OPENING.match(rest)
    closing = _CLOSING.search(rest, opening.end()) if opening else None
    if opening is None or closing is None:
        return Sections(mark, "", "", rest)
    block = rest[opening.end() : closing.start()]
    return Sections(mark + opening.group(), block, closing.group(), rest[closing.end() :])


def begins_like_a_fence(text: str) -> bool:
    """Whether its first line that is not blank is a fence, or was probably meant as one."""
    return _LIKE_A_FENCE.match(text) is not None


def read(block: str) -> FrontMatter:
    """The values of a front matter block. Raises `BadFrontMatter` and nothing else, whatever the text."""
    import yaml
    from yaml.reader import ReaderError

    if len(block) > MAX_BLOCK:
        raise BadFrontMatter(_("the front matter is longer than {n:,} characters").format(n=MAX_BLOCK), None)
    try:
        return _built(yaml.parse(block, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        raise BadFrontMatter(_explained(error), _line_of(error, block)) from None
    except ReaderError as error:
        before = block.encode(errors="replace")[: error.position]
        message = _("a control character stands here; remove it")
        raise BadFrontMatter(message, 2 + before.count(b"\n")) from None
    except UnicodeEncodeError as error:
        message = _("half of a surrogate pair stands here; it is no character")
        raise BadFrontMatter(message, 2 + block.count("\n", 0, error.start)) from None


# --- from YAML's events to values; without recursion, so that no file is too deep for us


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled. `key` is a mapping's next one, None while it waits for it."""

    value: dict[str, Any] | list[Any]
    key: str | None = None


def _built(events: Iterable[Event]) -> FrontMatter:
    from yaml import events as kinds

    builder = _Builder()
    for count, event in enumerate(events):
        if count > MAX_EVENTS:
            raise BadFrontMatter(_("the front matter has too many values"), _line(event))
        match event:
            case kinds.AliasEvent():
                message = _("aliases (*name) are not supported; to begin a text with *, put it in quotes")
                raise BadFrontMatter(message, _line(event))
            case kinds.ScalarEvent():
                _refuse_extras(event)
                builder.scalar(event)
            case kinds.MappingStartEvent():
                _refuse_extras(event)
                builder.open({}, _line(event))
            case kinds.SequenceStartEvent():
                _refuse_extras(event)
                builder.open([], _line(event))
            case kinds.CollectionEndEvent():
                builder.stack.pop()
            case _:
                pass
    return builder.front_matter


class _Builder:
    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.top: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.texts: dict[str, str] = {}

    @property
    def front_matter(self) -> FrontMatter:
        return FrontMatter(self.top, self.lines, self.texts)

    def open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise BadFrontMatter(_("the front matter is nested too deeply"), line)
        if self.stack:
            self._put(value, line)
        elif isinstance(value, dict):
            self.top = value
        else:
            raise BadFrontMatter(_not_keys(), line)
        self.stack.append(_Open(value))

    def scalar(self, event: ScalarEvent) -> None:
        line = _line(event)
        if not self.stack:
            raise BadFrontMatter(_not_keys(), line)
        place = self.stack[-1]
        if isinstance(place.value, dict) and place.key is None:
            self._name(place, event.value, line)
            return
        if len(self.stack) == 1 and place.key is not None:
            self.texts[place.key] = event.value
        self._put(_scalar(event), line)

    def _name(self, place: _Open, key: str, line: int) -> None:
        if key in place.value:
            raise BadFrontMatter(
                _("the key {key!r} stands here twice; keep one").format(key=key[:SHOWN]), line
            )
        place.key = key
        if len(self.stack) == 1:
            self.lines[key] = line

    def _put(self, value: Any, line: int) -> None:
        place = self.stack[-1]
        if isinstance(place.value, list):
            place.value.append(value)
        elif place.key is not None:
            place.value[place.key] = value
            place.key = None
        else:
            raise BadFrontMatter(_("a key must be a word, not a list or a mapping"), line)


def _scalar(event: ScalarEvent) -> Any:
    """The value of one scalar: quoted it is text, plain it is what YAML 1.2's core schema says."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > MAX_DIGITS:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if _INFINITE.match(text) or text in _NOT_A_NUMBER:
        return float(text.replace(".", ""))
    return text


def _refuse_extras(event: NodeEvent) -> None:
    if event.anchor is not None:
        message = _("anchors (&name) are not supported; to begin a text with &, put it in quotes")
        raise BadFrontMatter(message, _line(event))
    tag = getattr(event, "tag", None)
    if tag not in (None, "!", "tag:yaml.org,2002:str"):
        message = _("tags such as {tag!r} are not supported; to begin a text with !, put it in quotes")
        raise BadFrontMatter(message.format(tag=tag[:SHOWN]), _line(event))


# --- what went wrong, and where


def _line(event: Event) -> int:
    """The line in the file: YAML counts from 0, and the opening fence stands above."""
    return 2 if event.start_mark is None else event.start_mark.line + 2


def _line_of(error: Any, block: str) -> int | None:
    """The line that the parser complains about, at most the last one of the block."""
    mark = error.problem_mark or error.context_mark
    return None if mark is None else min(mark.line, max(block.rstrip("\n").count("\n"), 0)) + 2


def _not_keys() -> str:
    return _("the front matter must be lines of the form `key: value`")


# How newer parsers say that their own limit is reached, before ours is.
_PARSERS_DEPTH = "exceeded maximum nesting depth"


def _explained(error: Any) -> str:
    """The parser's reason, and what to write instead."""
    reason, context = error.problem or str(error), error.context or ""
    if reason == _PARSERS_DEPTH:
        return _("the front matter is nested too deeply")
    advice = _advice(reason, context)
    return f"{reason}; {advice}" if advice else reason


def _advice(reason: str, context: str) -> str:
    if "mapping values are not allowed" in reason:
        return _('if a value holds a colon, quote it: key: "one: two"')
    if "alias" in context or "anchor" in context:
        return _('if a value begins with * or &, quote it: key: "*"')
    if "tab character" in reason:
        return _("indent with blanks, not tabs")
    if "cannot start any token" in reason:
        return _("indent with blanks, not tabs, and quote a value that begins with @, ` or %")
    if "quoted scalar" in context:
        return _("close the quote")
    if "flow" in context:
        return _("close the bracket, or quote the value")
    return _("quote the value, or check how the line is indented")
