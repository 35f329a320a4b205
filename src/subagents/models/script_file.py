"""A script's file, read and checked; each mistake is one sentence with file, turn and key.

turns:
  - text: "looking"                 # a reply: text, tool calls or both
    tool_calls: [{name: bash, arguments: {command: "ls"}}]
    delay: 0.2                      # seconds before it
  - error: {status: 429, retry_after: 1}
  - match: "retry"                  # a regular expression (RE2), looked for in the last message
    text: "done"
    usage: {input_tokens: 900, output_tokens: 30, cost: 0.01}
repeat: false                       # when all are played: start again, or end the run as failed
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard, cast

import re2
import yaml

from subagents.errors import InvalidScript
from subagents.language import _
from subagents.models.scripted import (
    Pattern,
    Script,
    ScriptedCall,
    ScriptedError,
    ScriptedTurn,
    ScriptedUsage,
)

_RE2 = re2.Options()
_RE2.log_errors = False  # otherwise RE2 writes to stderr, over the terminal
_RE2.max_mem = 8 << 20

MAX_SIZE = 5_000_000  # bytes of a file, characters of a text
MAX_VALUES = 100_000
MAX_DEPTH = (
    50  # libyaml builds values by recursion and has no limit of its own: 50,000 levels end the process
)
LONGEST = 1e9  # no number of a script, a delay in seconds or a count of tokens, is larger
_SHOWN = 60  # characters of what somebody wrote that a sentence about it repeats
_SHOWN_REASON = 200

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)\Z")

# Every mapping's keys are checked against these.
_SCRIPT = ("turns", "repeat")
_TURN = ("text", "tool_calls", "delay", "error", "match", "usage")
_CALL = ("name", "arguments")
_ERROR = ("status", "message", "retry_after")
_USAGE = ("input_tokens", "output_tokens", "cost")


def load_script(path: str | Path) -> Script:
    """The script in a file, or `InvalidScript` with a sentence that names file, turn and key."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_SIZE + 1)  # a device would have no end
        if len(content) > MAX_SIZE:
            raise _too_long(str(path))
        return parse(content.decode(), str(path))
    except OSError as error:
        raise _invalid(str(path), _("cannot be read: {why}"), why=error.strerror) from None
    except UnicodeDecodeError:
        raise _invalid(str(path), _("is not UTF-8 text")) from None


def parse(text: str, name: str) -> Script:
    """The script in `text`; `name` is for messages and for the marks on its replies."""
    top = _mapping(_yaml(text, name), name, _SCRIPT)
    turns = top.get("turns")
    if not isinstance(turns, list) or not turns:
        raise _invalid(name, _("`turns` must be a list with at least one turn"))
    repeat = top.get("repeat", False)
    if not isinstance(repeat, bool):
        raise _invalid(name, _("`repeat` must be true or false, not {value}"), value=_shown(repeat))
    return Script(name, tuple(_turn(turn, f"{name}, turn {n}") for n, turn in enumerate(turns, 1)), repeat)


def _yaml(text: str, name: str) -> object:
    if len(text) > MAX_SIZE:
        raise _too_long(name)
    loader = _loader()
    try:
        _refuse_what_would_overwhelm(yaml.parse(text, Loader=loader), name)
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if error.problem == _PARSERS_DEPTH:
            raise _too_deep(f"{name}, line {line}") from None
        why = _shortened(error.problem or str(error), _SHOWN_REASON)
        raise _invalid(f"{name}, line {line}", _("is not YAML: {why}"), why=why) from None
    except (
        yaml.YAMLError,
        ValueError,
    ) as error:  # ValueError: a date or a number that is none, half a surrogate
        why = _shortened(str(error).splitlines()[0], _SHOWN_REASON)
        raise _invalid(name, _("is not YAML: {why}"), why=why) from None


@cache
def _loader() -> Any:
    """PyYAML's, with YAML 1.2's numbers (its core schema, 10.3.2): to 1.1, `1e-3` is a text."""

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # whichever there is
        pass

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
    return Loader


def _refuse_what_would_overwhelm(events: Iterable[yaml.Event], name: str) -> None:
    """Nothing is built yet: the events of a text take no more room than the text, however it is nested."""
    depth = 0
    for count, event in enumerate(events):
        line = event.start_mark.line + 1 if event.start_mark else 1
        where = f"{name}, line {line}"
        if isinstance(event, yaml.AliasEvent):
            raise _invalid(
                where, _("aliases (*name) are not supported; put a text that begins with * in quotes")
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _too_deep(where)
        if count > MAX_VALUES:
            raise _invalid(where, _("there are more than {n:,} values"), n=MAX_VALUES)


# How newer parsers say that their own limit is reached, before ours is.
_PARSERS_DEPTH = "exceeded maximum nesting depth"


def _too_deep(where: str) -> InvalidScript:
    return _invalid(where, _("is nested more than {n} deep"), n=MAX_DEPTH)


def _turn(value: object, where: str) -> ScriptedTurn:
    keys = _mapping(value, where, _TURN)
    turn = ScriptedTurn(
        text=_text(keys, "text", where),
        tool_calls=_calls(keys.get("tool_calls", []), where),
        delay=_number(keys, "delay", where) or 0.0,
        error=_error(keys["error"], f"{where}, `error`") if "error" in keys else None,
        match=_pattern(_text(keys, "match", where), where),
        usage=_usage(keys["usage"], f"{where}, `usage`") if "usage" in keys else None,
    )
    replies = turn.text is not None or bool(turn.tool_calls)
    if turn.error is not None and (replies or turn.usage is not None):
        raise _invalid(where, _("a turn with `error` has no other reply"))
    if turn.error is None and not replies:
        raise _invalid(where, _("needs `text`, `tool_calls` or `error`"))
    return turn


def _calls(value: object, where: str) -> tuple[ScriptedCall, ...]:
    if not isinstance(value, list):
        raise _invalid(where, _("`tool_calls` must be a list"))
    return tuple(_call(call, f"{where}, `tool_calls` {n}") for n, call in enumerate(value, 1))


def _call(value: object, where: str) -> ScriptedCall:
    keys = _mapping(value, where, _CALL)
    name = _text(keys, "name", where)
    if not name:
        raise _invalid(where, _("`name` must name a tool"))
    arguments = keys.get("arguments", {})
    if not _is_mapping(arguments):
        raise _invalid(where, _("`arguments` must be a mapping"))
    return ScriptedCall(name, arguments)


def _error(value: object, where: str) -> ScriptedError:
    keys = _mapping(value, where, _ERROR)
    status = _integer(keys, "status", where)
    if status is None or not 400 <= status <= 599:
        raise _invalid(where, _("`status` must be an HTTP status from 400 to 599"))
    message = _text(keys, "message", where) or f"scripted error {status}"
    return ScriptedError(status, message, _number(keys, "retry_after", where))


def _usage(value: object, where: str) -> ScriptedUsage:
    keys = _mapping(value, where, _USAGE)
    cost = _number(keys, "cost", where)
    return ScriptedUsage(
        input_tokens=_integer(keys, "input_tokens", where) or 0,
        output_tokens=_integer(keys, "output_tokens", where) or 0,
        cost=None if cost is None else Decimal(str(cost)),
    )


def _pattern(pattern: str | None, where: str) -> Pattern | None:
    if pattern is None:
        return None
    if len(pattern) > 1000:
        raise _invalid(where, _("`match` is longer than 1000 characters"))
    try:
        return cast("Pattern", re2.compile(pattern, options=_RE2))
    except re2.error as error:
        why = error.args[0].decode()
        text = _("`match` {pattern} is not a regular expression: {why}")
        why = _shortened(why, _SHOWN_REASON)
        raise _invalid(where, text, pattern=_shown(pattern), why=why) from None


def _mapping(value: object, where: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not _is_mapping(value):
        raise _invalid(where, _("must be a mapping with {known}"), known=_listed(known))
    for key in value:
        if key not in known:
            raise _unknown(key, where, known)
    return value


def _unknown(key: str, where: str, known: tuple[str, ...]) -> InvalidScript:
    key = _shortened(key, _SHOWN)
    nearest = get_close_matches(key, known, n=1, cutoff=0.5)
    if nearest:
        return _invalid(
            where, _("`{key}` is not a key here; did you mean `{nearest}`?"), key=key, nearest=nearest[0]
        )
    return _invalid(where, _("`{key}` is not a key here; there are {known}"), key=key, known=_listed(known))


def _text(keys: Mapping[str, Any], key: str, where: str) -> str | None:
    value = keys.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _invalid(
        where, _("`{key}` must be text, not {value}: put it in quotes"), key=key, value=_shown(value)
    )


def _number(keys: Mapping[str, Any], key: str, where: str) -> float | None:
    value = keys.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise _invalid(
            where, _("`{key}` must be a number from 0 up, not {value}"), key=key, value=_shown(value)
        )
    if value > LONGEST:
        raise _invalid(where, _("`{key}` must be at most {n:,.0f}"), key=key, n=LONGEST)
    return value


def _integer(keys: Mapping[str, Any], key: str, where: str) -> int | None:
    value = _number(keys, key, where)
    if value is None or isinstance(value, int):
        return value
    raise _invalid(where, _("`{key}` must be a whole number, not {value}"), key=key, value=_shown(value))


def _is_mapping(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _shown(value: object) -> str:
    """The value as a sentence repeats it; an integer of thousands of digits cannot be written out at all."""
    try:
        return _shortened(repr(value), _SHOWN)
    except ValueError:
        return _("such a long number")


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _too_long(where: str) -> InvalidScript:
    return _invalid(where, _("is longer than {n:,} bytes"), n=MAX_SIZE)


def _invalid(where: str, text: str, **values: object) -> InvalidScript:
    sentence = f"{where}: {text.format(**values)}"
    return InvalidScript(sentence if sentence.endswith(("?", ".")) else f"{sentence}.")
