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

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
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

# Every mapping's keys are checked against these.
_SCRIPT = ("turns", "repeat")
_TURN = ("text", "tool_calls", "delay", "error", "match", "usage")
_CALL = ("name", "arguments")
_ERROR = ("status", "message", "retry_after")
_USAGE = ("input_tokens", "output_tokens", "cost")


def read(path: str | Path) -> Script:
    """The script in a file."""
    try:
        return parse(Path(path).read_text(encoding="utf-8"), str(path))
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
        raise _invalid(name, _("`repeat` must be true or false, not {value!r}"), value=repeat)
    return Script(name, tuple(_turn(turn, f"{name}, turn {n}") for n, turn in enumerate(turns, 1)), repeat)


def _yaml(text: str, name: str) -> object:
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(f"{name}, line {line}", _("is not YAML: {why}"), why=error.problem) from None
    except yaml.YAMLError as error:
        raise _invalid(name, _("is not YAML: {why}"), why=str(error).splitlines()[0]) from None


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
        text = _("`match` {pattern!r} is not a regular expression: {why}")
        raise _invalid(where, text, pattern=pattern, why=why) from None


def _mapping(value: object, where: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not _is_mapping(value):
        raise _invalid(where, _("must be a mapping with {known}"), known=_listed(known))
    for key in value:
        if key not in known:
            raise _unknown(key, where, known)
    return value


def _unknown(key: str, where: str, known: tuple[str, ...]) -> InvalidScript:
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
    raise _invalid(where, _("`{key}` must be text, not {value!r}: put it in quotes"), key=key, value=value)


def _number(keys: Mapping[str, Any], key: str, where: str) -> float | None:
    value = keys.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise _invalid(where, _("`{key}` must be a number from 0 up, not {value!r}"), key=key, value=value)
    return value


def _integer(keys: Mapping[str, Any], key: str, where: str) -> int | None:
    value = _number(keys, key, where)
    if value is None or isinstance(value, int):
        return value
    raise _invalid(where, _("`{key}` must be a whole number, not {value!r}"), key=key, value=value)


def _is_mapping(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _invalid(where: str, text: str, **values: object) -> InvalidScript:
    sentence = f"{where}: {text.format(**values)}"
    return InvalidScript(sentence if sentence.endswith(("?", ".")) else f"{sentence}.")
