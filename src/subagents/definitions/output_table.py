"""What a definition's `runner.output` may say: how the lines that a program prints are to be read.

A table is data. Each of its rules says `when` it is about a line, and where in the line the things stand that it
brings: the program's name of its session, text, tool calls and their results, usage, an answer, an error. A path is
written with dots (`message.content`, `errors.0`); `a|b` is the first of several that is there, `a+b` a sum, `=word` the
word itself. With `each` a rule is about every element of a list or mapping: paths begin there, `$.` goes back to the
line, `@key` is the element's key or number.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from subagents.definitions.ready_tables import READY_TABLES
from subagents.errors import RunnerError
from subagents.language import _

MOST_RULES = 100
ANYTHING = "*"  # in a condition: there is something, whatever it is


class Format(StrEnum):
    """How the output is cut: a JSON object a line, one JSON object in all, or text that is the answer as it is."""

    JSON_LINES = "json-lines"
    JSON = "json"
    TEXT = "text"


class Counts(StrEnum):
    """What a figure of usage is about: one reply, one step, the run of the program, or all its runs in a session."""

    REPLY = "reply"
    STEP = "step"
    RUN = "run"
    SESSION = "session"


class UsagePaths(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the tokens and the cost in US dollars stand. `input_holds_cache`: what was read from or written to the
    cache is counted in `input` too. A cost that is not there, or 0 for tokens that were used, is not known."""

    input: str = ""
    output: str = ""
    cache_read: str = ""
    cache_write: str = ""
    cost: str = ""
    input_holds_cache: bool = False
    counts: Counts = Counts.RUN


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line, or each element of something in it, brings. Every field but the conditions is a path.

    A condition is a value, a list of possible ones, or `*` for anything. `message` is the id of the reply that a text
    or call belongs to; `pieces` tells that texts are pieces of one, and not whole ones. A rule with `call` begins
    a tool call unless it has begun already, one with `returns` (the id of the call) ends it. `answer` is what the
    program itself says is its answer; `error` means that it failed, whatever its exit code; a `warning` is only
    repeated when it failed. `ends_turn`: the reply and its tool calls are complete. `ends`: the program has done all
    that it was to do; where any rule of a table says so, an output without it is broken off, and no answer. A line
    that fits `unless` is not meant although it fits `when`.
    """

    when: Mapping[str, Any] = {}
    unless: Mapping[str, Any] = {}
    each: str = ""
    where: Mapping[str, Any] = {}
    session: str = ""
    model: str = ""
    message: str = ""
    text: str = ""
    pieces: bool = False
    call: str = ""
    tool: str = ""
    arguments: str | Mapping[str, str] = ""
    returns: str = ""
    output: str = ""
    failed: Mapping[str, Any] = {}
    answer: str = ""
    error: str = ""
    warning: str = ""
    usage: UsagePaths | None = None
    ends_turn: bool = False
    ends: bool = False


class OutputTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a program's output is read."""

    format: Format = Format.JSON_LINES
    rules: tuple[Rule, ...] = ()

    @property
    def tells_its_end(self) -> bool:
        return any(rule.ends for rule in self.rules)

    @property
    def tells_tokens(self) -> bool:
        return any(usage.input or usage.output for usage in self._usage)

    @property
    def tells_cost(self) -> bool:
        """Whether what a run costs is said, or can be known from its tokens."""
        return self.tells_tokens or any(usage.cost for usage in self._usage)

    @property
    def tells_meanwhile(self) -> bool:
        """Whether anything of that is said before the program has ended."""
        return any(usage.counts in (Counts.REPLY, Counts.STEP) for usage in self._usage)

    @property
    def _usage(self) -> tuple[UsagePaths, ...]:
        return tuple(rule.usage for rule in self.rules if rule.usage is not None)


TEXT = OutputTable(format=Format.TEXT)


def table_of(output: str | Mapping[str, Any]) -> OutputTable:
    """The ready table of that name, `text`, or the table that the mapping is.

    Raises `RunnerError` with a sentence on what is wrong with it.
    """
    if not isinstance(output, str):
        return _read(output)
    if output == Format.TEXT:
        return TEXT
    if output not in READY_TABLES:
        names = ", ".join((Format.TEXT, *READY_TABLES))
        message = _("there is no table {name!r} of how to read a program's output; there are {names}")
        raise RunnerError(message.format(name=output, names=names))
    return _ready(output)


@cache
def _ready(name: str) -> OutputTable:
    return _read(READY_TABLES[name])


def _read(mapping: Mapping[str, Any]) -> OutputTable:
    try:
        table = msgspec.convert(mapping, OutputTable)
    except msgspec.ValidationError as error:
        raise RunnerError(_("the table `output` cannot be used: {why}").format(why=_told(error))) from None
    if table.format is Format.TEXT:
        return table
    if not table.rules:
        raise RunnerError(_("the table `output` has no `rules`; without any nothing would be an answer"))
    if len(table.rules) > MOST_RULES:
        message = _("the table `output` has {n} rules, and may have {most}")
        raise RunnerError(message.format(n=len(table.rules), most=MOST_RULES))
    if not any(rule.text or rule.answer for rule in table.rules):
        raise RunnerError(
            _("the table `output` has no rule with `text` or `answer`, so nothing would be one")
        )
    return table


def _told(error: msgspec.ValidationError) -> str:
    """Its sentence, with the place in the words of the file: `rules[0].when`."""
    said, _at, place = str(error).partition(" - at `$")
    return f"{said} ({place.strip('.`')})" if place.strip(".`") else said
