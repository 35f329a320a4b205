"""How a value of the front matter is read: text, names, numbers, yes or no. Which keys there are is not known here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from subagents.definitions.model import SHOWN
from subagents.language import _
from subagents.spec import MAX_CORRECTIONS
from subagents.texts import as_name

MAX_NAME = 100
MAX_SHOWN = 10  # names that one sentence lists

Choice = TypeVar("Choice", bound=StrEnum)


class BadValue(ValueError):
    """A key has a value that it cannot have; the text says which would work.

    `kept` is the value all the same, where somebody else may know what to do with it; None for none.
    """

    def __init__(self, message: str, kept: Any = None) -> None:
        super().__init__(message)
        self.kept = kept


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


# --- text


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


def one_of(kinds: type[Choice], **also: Choice) -> Callable[[Written], Choice | None]:
    """A reader of one of some words, whatever their case and how their parts are joined: `acceptEdits` is
    `accept_edits`. `also` are other words, in lower case without what joins their parts."""

    def read(written: Written) -> Choice | None:
        word = words(written)
        if word is None:
            return None
        known = {_folded(kind): kind for kind in kinds} | also
        if (found := known.get(_folded(word))) is None:
            raise BadValue(_("must be {choices}, not {value}").format(choices=either(kinds), value=written))
        return found

    return read


def _folded(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")


def either(words: Sequence[str] | type[StrEnum]) -> str:
    """`a, b or c`."""
    *first, last = list(words)
    return _("{first} or {last}").format(first=", ".join(first), last=last) if first else last


def both(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return _("{first} and {last}").format(first=", ".join(first), last=last) if first else last


def few(names: Sequence[str]) -> str:
    """The first of some names that a file holds, each short and on one line, and how many more there are."""
    shown = [as_name(name[:SHOWN]) for name in names[:MAX_SHOWN]]
    more = len(names) - len(shown)
    return both([*shown, _("{n} more").format(n=more)] if more else shown)


# --- names


def some_names(written: Written) -> tuple[str, ...]:
    """Names in a list, or in a text with commas; blanks are trimmed and empty ones dropped. No value is no names.

    A comma between parentheses belongs to its name: `Bash(git diff, git log)` is one.
    """
    match written.value:
        case None:
            return ()
        case list(items):
            pass
        case value:
            items = [value]
    if not all(isinstance(item, str) or item is None for item in items):
        raise BadValue(
            _("must be names, as a list or separated by commas, not {value}").format(value=written)
        )
    # An item of a list may hold several as well: it is the same to whoever writes it.
    trimmed = (name.strip() for item in items if item for name in split_names(item))
    return tuple(dict.fromkeys(name for name in trimmed if name))


def split_names(text: str, separators: str = ",") -> list[str]:
    """A text at its separators, but for those between parentheses. One that is never closed reaches to the end."""
    if "(" not in text and separators == ",":
        return text.split(",")
    pieces, depth, begin = list[str](), 0, 0
    for place, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(depth - 1, 0)
        elif character in separators and depth == 0:
            pieces.append(text[begin:place])
            begin = place + 1
    return [*pieces, text[begin:]]


def plain_names(written: Written) -> tuple[str, ...]:
    """Names, of which `none` alone is none."""
    names = some_names(written)
    return () if is_none(names) else names


def all_or_names(written: Written) -> bool | tuple[str, ...] | None:
    """True for all, () for none, else the names: `true`, `all` and `*` are all, `false` and `none` none of them.

    `none` among names is none all the same, and `no` and `off`, which are no names, are too.
    """
    if isinstance(written.value, bool):
        return True if written.value else ()
    names = plain_names(written)
    if any(name.lower() in _NONE_OF_THEM for name in names):
        message = _("must be names, `all` or `none`, not {value}; it is taken for none")
        raise BadValue(message.format(value=written), kept=())
    return True if names_all(names) else names


#: What nobody calls an agent or a provider.
_NONE_OF_THEM = ("none", "no", "off", "false")


def names_all(names: Sequence[str]) -> bool:
    return any(name.lower() in ("*", "all") for name in names)


def is_none(names: Sequence[str]) -> bool:
    return [name.lower() for name in names] in (["none"], ["false"])


# --- numbers, and yes or no


def a_count(written: Written) -> int | None:
    """A whole number, at least 0."""
    if written.value is None:
        return None
    value = unquoted(written.value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValue(_("must be a whole number, 0 for no limit, not {value}").format(value=written))
    return value


def few_corrections(written: Written) -> int | None:
    """A whole number from 0 to 5."""
    value = unquoted(written.value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | None)
        or not 0 <= (value or 0) <= MAX_CORRECTIONS
    ):
        message = _("must be a whole number from 0 to {most}, not {value}")
        raise BadValue(message.format(most=MAX_CORRECTIONS, value=written))
    return value


def seconds(written: Written) -> float | None:
    if (value := number(written.value)) is not None and 0 < value < math.inf:
        return value
    if written.value is None:
        return None
    raise BadValue(_("must be a number of seconds above 0, not {value}").format(value=written))


def dollars(written: Written) -> float | None:
    if (value := number(written.value)) is not None and 0 <= value < math.inf:
        return value
    if written.value is None:
        return None
    raise BadValue(_("must be a number of US dollars, 0 for no limit, not {value}").format(value=written))


def number(written: object) -> float | None:
    """A number, also a plain one in quotes; None for what is none."""
    value = unquoted(written)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)


def unquoted(value: object) -> object:
    """A plain number in quotes as the number that it is; everything else as it is."""
    if not isinstance(value, str) or _PLAIN_NUMBER.fullmatch(value) is None:
        return value
    return float(value) if "." in value else int(value)


_PLAIN_NUMBER = re.compile(r"\s*[0-9]{1,100}(\.[0-9]{1,100})?\s*", re.ASCII)


def yes_or_no(written: Written) -> bool | None:
    """Only YAML 1.2's own booleans: the text "false" would otherwise switch something off by chance."""
    if written.value is None or isinstance(written.value, bool):
        return written.value
    raise BadValue(_("must be true or false, without quotes, not {value}").format(value=written))


# --- mappings


def a_mapping(written: Written) -> Mapping[str, Any] | None:
    if isinstance(written.value, dict):
        return written.value
    if _is_nothing(written.value):
        return None
    raise BadValue(_("must be a mapping, not {value}").format(value=written))


def mapping_or_words(written: Written) -> Mapping[str, Any] | str | None:
    if isinstance(written.value, dict):
        return written.value
    if _is_nothing(written.value):
        return None
    if isinstance(written.value, str):
        return words(written)
    raise BadValue(_("must be text or a mapping, not {value}").format(value=written))


def named_mappings(written: Written) -> Mapping[str, Any] | None:
    """By name: a mapping, or a list of names and of mappings. What is only named has no value of its own, None."""
    if isinstance(written.value, dict):
        return written.value
    if _is_nothing(written.value):
        return None
    items = split_names(written.value) if isinstance(written.value, str) else written.value
    if not isinstance(items, list) or not all(isinstance(item, str | dict) for item in items):
        raise BadValue(_("must be a mapping, or a list of names, not {value}").format(value=written))
    named: dict[str, Any] = {}
    for item in items:
        named.update(item if isinstance(item, dict) else {item.strip(): None} if item.strip() else {})
    return named


def _is_nothing(value: object) -> bool:
    """Whether a value says that there is to be none."""
    return (
        value is None
        or value is False
        or (isinstance(value, str) and value.strip().lower() in ("none", "off", ""))
    )


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
