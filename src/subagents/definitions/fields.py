"""The front matter's keys: how each is read, which has no effect yet, which was meant. Files are not known here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from subagents.definitions.model import SHOWN
from subagents.language import _
from subagents.spec import PromptMode

MAX_NAME = 100


class BadValue(ValueError):
    """A key has a value that it cannot have; the text says which would work."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as YAML means it, and as it is written where it is a single one."""

    value: Any
    text: str | None = None

    def __str__(self) -> str:
        shown = (
            self.text if self.text is not None else json.dumps(self.value, ensure_ascii=False, default=str)
        )
        return repr(shown if len(shown) <= SHOWN else shown[:SHOWN] + "…")


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `read` answers None for "not decided". Without an essential one's value the file is not used:
    it restricts the agent, or says what to call it, and going on without it would widen what the file allows."""

    key: str
    read: Callable[[Written], Any]
    essential: bool = False


# --- readers


def words(written: Written) -> str | None:
    """Text, trimmed; None for none. A number or date is taken as it is written."""
    if written.value is None:
        return None
    if isinstance(written.value, str):
        return written.value.strip() or None
    if written.text is not None:
        return written.text.strip()
    raise BadValue(_("must be text, not {value}").format(value=written))


def a_name(written: Written) -> str | None:
    """What the agent is called: one line of printable text without a colon, which is kept for prefixes."""
    name = words(written)
    if name is not None and (":" in name or not name.isprintable() or len(name) > MAX_NAME):
        message = _("must be one line of at most {most} characters without a colon, not {value}")
        raise BadValue(message.format(most=MAX_NAME, value=Written(name, name)))
    return name


def a_model(written: Written) -> str | None:
    model = words(written)
    return None if model is not None and model.lower() == "inherit" else model


def some_names(written: Written) -> tuple[str, ...] | None:
    """Names in a list, or in a text with commas; blanks are trimmed and empty ones dropped. No value is no names."""
    match written.value:
        case None:
            return ()
        case str(text):
            items: list[Any] = text.split(",")
        case list(items):
            pass
        case _:
            items = [written.value]
    if not all(isinstance(item, str) or item is None for item in items):
        raise BadValue(
            _("must be names, as a list or separated by commas, not {value}").format(value=written)
        )
    trimmed = (item.strip() for item in items if item)
    return tuple(dict.fromkeys(name for name in trimmed if name))


def tool_names(written: Written) -> tuple[str, ...] | None:
    """The tools of an agent: None for all of them, for `all` or `*`; none for `none` or nothing."""
    names = some_names(written) or ()
    if any(name.lower() in ("*", "all") for name in names):
        return None
    return () if _is_none(names) else tuple(name for name in names if not is_provider(name))


def denied_names(written: Written) -> tuple[str, ...] | None:
    names = some_names(written) or ()
    if any(name.lower() in ("*", "all") for name in names):
        message = _("must name tools, not {value}; an agent without tools has `tools: none`")
        raise BadValue(message.format(value=written))
    return () if _is_none(names) else names


def is_provider(name: str) -> bool:
    """`ext:provider/tool` chooses tools of a tool provider."""
    return name.lower().startswith("ext:")


def _is_none(names: tuple[str, ...]) -> bool:
    return [name.lower() for name in names] == ["none"]


def a_count(written: Written) -> int | None:
    """A whole number, at least 0."""
    value = written.value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValue(_("must be a whole number, 0 for no limit, not {value}").format(value=written))
    return value


def seconds(written: Written) -> float | None:
    value = written.value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise BadValue(_("must be a number of seconds above 0, not {value}").format(value=written))
    return float(value)


def yes_or_no(written: Written) -> bool | None:
    """Only YAML 1.2's own booleans: the text "false" would otherwise switch something off by chance."""
    if written.value is None or isinstance(written.value, bool):
        return written.value
    raise BadValue(_("must be true or false, without quotes, not {value}").format(value=written))


def a_prompt_mode(written: Written) -> PromptMode | None:
    mode = words(written)
    if mode is None:
        return None
    if mode.lower() not in tuple(PromptMode):
        raise BadValue(_("must be replace or append, not {value}").format(value=written))
    return PromptMode(mode.lower())


def a_schema(written: Written) -> Mapping[str, Any] | None:
    """A JSON Schema as a mapping or as JSON text. Whether it is a good one is checked where a run begins."""
    value = written.value
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        schema = json.loads(value) if isinstance(value, str) else value
        json.dumps(schema, allow_nan=False)
    except (ValueError, RecursionError):
        schema = None
    if not isinstance(schema, dict):
        message = _("must be a JSON Schema, as a mapping or as JSON text, not {value}")
        raise BadValue(message.format(value=written))
    return schema


# --- the table

FIELDS: tuple[Field, ...] = (
    Field("name", a_name, essential=True),
    Field("description", words),
    Field("tools", tool_names, essential=True),
    Field("disallowed_tools", denied_names, essential=True),
    Field("model", a_model),
    Field("max_turns", a_count),
    Field("max_seconds", seconds),
    Field("prompt_mode", a_prompt_mode),
    Field("output_schema", a_schema, essential=True),
    Field("enabled", yes_or_no),
)

#: Keys that are understood by a later version.
LATER = (
    "display_name",
    "color",
    "extensions",
    "inherit_extensions",
    "exclude_extensions",
    "skills",
    "inherit_skills",
    "thinking",
    "persist_session",
    "session_dir",
    "output_transcript",
    "allowed_subagents",
    "inherit_context",
    "run_in_background",
    "isolated",
    "isolation",
    "memory",
)

KEYS = (*(field.key for field in FIELDS), *LATER)


def nearest_key(key: str) -> str | None:
    """The known key that was probably meant: `max_turn`, `maxTurns` and `max-turns` all mean `max_turns`."""
    if len(key) > SHOWN:
        return None
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key.strip()).replace("-", "_").lower()
    found = get_close_matches(snake, KEYS, n=1, cutoff=0.75)
    return found[0] if found else None


def forbids_delegating(values: Mapping[str, Any]) -> bool:
    """Whether the file restricts which agents this one may start, in a way that is not enforced yet."""
    if values.get("isolated") is True:
        return True
    if "allowed_subagents" not in values:
        return False
    match values["allowed_subagents"]:
        case bool(allowed):
            return not allowed
        case str(text):
            return not _names_all(text.split(","))
        case list(items):
            return not _names_all(items)
        case _:
            return True


def _names_all(items: list[Any]) -> bool:
    return any(isinstance(item, str) and item.strip().lower() in ("*", "all") for item in items)
