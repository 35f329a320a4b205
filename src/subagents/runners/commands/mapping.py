"""What a line of a program's output says, by its table. Knows one line at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from subagents.definitions.output_table import ANYTHING, Counts, OutputTable, Rule, UsagePaths
from subagents.usage import ModelUsage

MOST_TOKENS, MOST_DOLLARS = 1e12, 1e6  # figures of one line above these are none
MOST_NESTED = 20  # blocks of text in blocks of text that are read
LONGEST_NAME = 1_000  # characters of a name of a session, model or tool's call
LONGEST_TOOL = 200  # characters of a tool's name


@dataclass(frozen=True, slots=True)
class SessionNamed:
    """How the program calls its session."""

    name: str


@dataclass(frozen=True, slots=True)
class ModelNamed:
    name: str


@dataclass(frozen=True, slots=True)
class TextSaid:
    """A text, or with `piece` a piece of one; `message` "" when the program does not say which reply it is of."""

    text: str
    piece: bool
    message: str


@dataclass(frozen=True, slots=True)
class CallSaid:
    """A tool call; `arguments` is their JSON."""

    call: str
    tool: str
    arguments: str
    message: str


@dataclass(frozen=True, slots=True)
class ReturnSaid:
    call: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class AnswerSaid:
    text: str


@dataclass(frozen=True, slots=True)
class ErrorSaid:
    """It failed; with `fatal` False it may get over it."""

    text: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class UsageSaid:
    """Tokens and cost; `of` is the reply it is about where it is about one. `usage.requests` is 0.

    `dropped` are figures without sense; `usage.uncounted` is 1 where they were of tokens.
    """

    model: str
    usage: ModelUsage
    counts: Counts
    of: str
    priced: bool
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnSaid:
    """The turn is over."""


@dataclass(frozen=True, slots=True)
class EndSaid:
    """The program has done all that it was to do."""


Said = (
    SessionNamed
    | ModelNamed
    | TextSaid
    | CallSaid
    | ReturnSaid
    | AnswerSaid
    | ErrorSaid
    | UsageSaid
    | TurnSaid
    | EndSaid
)


def said_by(line: Mapping[str, Any], table: OutputTable) -> Iterator[Said]:
    """What it says, in the order of the rules. What no rule knows says nothing; nothing is ever raised."""
    for rule in table.rules:
        whole = _Place(line, line)
        if _holds(rule.when, whole) and not (rule.unless and _holds(rule.unless, whole)):
            for place in _places(rule, line):
                if _holds(rule.where, place):
                    yield from _said(rule, place)


def said_text(value: object, depth: int = 0) -> str:
    """A value as text: a text as it is, blocks of text joined, nothing as nothing, anything else as its JSON."""
    match value:
        case None:
            return ""
        case str():
            return _clean(value)
        case [{"text": _}, *_] as blocks if depth < MOST_NESTED:
            return "\n".join(said_text(_below(block, ["text"]), depth + 1) for block in blocks)
        case _:
            return _json(value)


def _json(value: object) -> str:
    """Its JSON, whatever another reader of JSON has let through: halves of character pairs, numbers beyond 64 bits."""
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, OverflowError, RecursionError, TypeError):
        pass
    try:
        return _clean(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return '"…"'


@dataclass(frozen=True, slots=True)
class _Place:
    """Where paths begin: at the line, or at an element of something in it, which has a key or number there."""

    line: Mapping[str, Any]
    here: object
    key: str = ""
    dropped: list[str] = field(default_factory=list)

    def value(self, path: str) -> object:
        """What stands there, None for nothing."""
        for alternative in path.split("|"):
            found = self._sum(alternative) if "+" in alternative else self._one(alternative)
            if found is not None and found != "":
                return found
        return None

    def text(self, path: str) -> str:
        return said_text(self.value(path)) if path else ""

    def number(self, path: str, most: float = MOST_TOKENS) -> float:
        """A figure from 0 to `most`, 0 for what is none; one above that is dropped, and `dropped` names it."""
        value = self.value(path) if path else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0.0
        # JSON as some write it knows endless numbers and none at all.
        if value > most:
            self.dropped.append(path)
            return 0.0
        return float(value) if value > 0 else 0.0

    def _sum(self, path: str) -> float:
        return sum(self.number(part.strip()) for part in path.split("+"))

    def _one(self, path: str) -> object:
        if path.startswith("="):
            return path[1:]
        if path == "@key":
            return self.key
        start, rest = (self.line, path[2:]) if path.startswith("$.") else (self.here, path)
        return _below(start, rest.split("."))


def _below(value: object, steps: list[str]) -> object:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _places(rule: Rule, line: Mapping[str, Any]) -> Iterator[_Place]:
    whole = _Place(line, line)
    if not rule.each:
        yield whole
        return
    match whole.value(rule.each):
        case list() as elements:
            yield from (_Place(line, element, str(n)) for n, element in enumerate(elements))
        case Mapping() as elements:
            yield from (_Place(line, element, str(key)) for key, element in elements.items())
        case _:
            pass


def _holds(conditions: Mapping[str, Any], place: _Place) -> bool:
    return all(_fits(place.value(path), wanted) for path, wanted in conditions.items())


def _fits(found: object, wanted: object) -> bool:
    if wanted == ANYTHING:
        return found is not None
    if isinstance(wanted, list | tuple):
        return any(_fits(found, each) for each in wanted)
    # 1 and true are the same to Python and not in JSON.
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _said(rule: Rule, place: _Place) -> Iterator[Said]:
    message = _name(place.text(rule.message))
    if (name := place.text(rule.session)) and _is_session(name):
        yield SessionNamed(name)
    model = place.text(rule.model)[:LONGEST_TOOL]
    if model and rule.usage is None:
        yield ModelNamed(model)
    if rule.usage is not None:
        yield from _usage(rule.usage, model, message, place)
    if text := place.text(rule.text):
        yield TextSaid(text, rule.pieces, message)
    if call := place.text(rule.call):
        tool = place.text(rule.tool)[:LONGEST_TOOL] or "tool"
        yield CallSaid(_name(call), tool, _arguments(rule, place), message)
    if call := place.text(rule.returns):
        failed = bool(rule.failed) and _holds(rule.failed, place)
        yield ReturnSaid(_name(call), not failed, place.text(rule.output))
    if answer := place.text(rule.answer):
        yield AnswerSaid(answer)
    if error := place.text(rule.error):
        yield ErrorSaid(error, fatal=True)
    if warning := place.text(rule.warning):
        yield ErrorSaid(warning, fatal=False)
    if rule.ends_turn:
        yield TurnSaid()
    if rule.ends:
        yield EndSaid()


def _arguments(rule: Rule, place: _Place) -> str:
    if isinstance(rule.arguments, str):
        value = place.value(rule.arguments) if rule.arguments else None
    else:
        value = {name: place.value(path) for name, path in rule.arguments.items()}
    return "{}" if value is None else said_text(value)


def _usage(paths: UsagePaths, model: str, message: str, place: _Place) -> Iterator[UsageSaid]:
    cached, written = place.number(paths.cache_read), place.number(paths.cache_write)
    held = cached + written if paths.input_holds_cache else 0.0
    tokens = place.number(paths.input), place.number(paths.output)
    lost = bool(place.dropped)
    cost = place.number(paths.cost, MOST_DOLLARS)
    usage = ModelUsage(
        input=round(max(0.0, tokens[0] - held)),
        output=round(tokens[1]),
        cache_read=round(cached),
        cache_write=round(written),
        cost=cost,
        uncounted=int(lost),
    )
    if usage != ModelUsage() or place.dropped:
        dropped = tuple(place.dropped)
        yield UsageSaid(_plain(model), usage, paths.counts, message, priced=cost > 0, dropped=dropped)


def _plain(model: str) -> str:
    """Without what the program adds about how it uses the model: `claude-opus-4-8[1m]`."""
    return model.partition("[")[0].strip()


def _is_session(name: str) -> bool:
    """What a program may call its session so that it can be told again: no flag, and no character that nobody types."""
    return name.isprintable() and not name.startswith("-") and len(name) <= LONGEST_NAME


def _name(text: str) -> str:
    """An id as it is, and one that is too long to be one by its digest."""
    if len(text) <= LONGEST_NAME:
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _clean(text: str) -> str:
    """Without halves of character pairs, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
