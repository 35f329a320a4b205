"""What one setting is declared to be: the values it can have, how they are written as text, and who may choose them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from subagents.errors import BadSetting
from subagents.language import _

PREFIX = "SUBAGENTS_"
MOST_SHOWN = 60  # characters of a value in a sentence

FALLBACK = "fallback_subagent"
NO_FALLBACK = "none"  # what its value is when there is to be no such agent

MODEL = "model"
SCRIPT = "script:"  # how the name of a model begins that plays a file of turns

_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_YES = frozenset(("1", "true", "yes", "on"))
_NO = frozenset(("0", "false", "no", "off"))

Value = bool | int | float | str | tuple[str, ...]


class Guard(StrEnum):
    """What a project's file may do with a setting: it comes with the repository, and is not the user's word."""

    FREE = "free"
    STRICTER = "stricter"  # it may lower a limit or put a restriction on, not the reverse
    USER = "user"  # it may not set it at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is declared about one setting. `low` and `high` mean something for numbers only, both included."""

    name: str
    default: Value
    title: str
    help: str
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    #: It can be set already and has no effect before a later version.
    later: bool = False
    guard: Guard = Guard.FREE
    #: 0 is no limit, and so the highest.
    unlimited: bool = False
    #: A switch that allows something when it is on; others restrict then.
    allows: bool = False
    #: A text that may not be blank.
    filled: bool = False

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def wanted(self) -> str:
        """What it can be, as the end of "must be …"."""
        match self.default:
            case bool():
                return _("true or false")
            case int():
                return _("a whole number from {low} to {high}").format(low=self.low, high=self.high)
            case float():
                return _("a number from {low:g} to {high}").format(low=self.low, high=self.high)
            case str() if self.choices:
                return _("one of {choices}").format(choices=", ".join(self.choices))
            case str():
                return _("a line of text that is not blank") if self.filled else _("a line of text")
            case tuple():
                return _("a list of texts")


def fitting(setting: Declared, value: object) -> Value:
    """The value as the setting has it: texts trimmed, lists as tuples.

    Nothing is turned into something else: a boolean is no number, "4" is none, 4.0 is no whole one.
    Raises `BadSetting` when the setting cannot have it.
    """
    found = _fitting(setting, value)
    if found is None:
        raise BadSetting(
            _("must be {wanted}, not {value}").format(wanted=setting.wanted, value=_shown(value))
        )
    return found


def _fitting(setting: Declared, value: object) -> Value | None:
    match setting.default, value:
        case bool(), bool():
            return value
        case (bool(), _) | (int() | float(), bool()):
            return None
        case int(), int():
            return value if setting.low <= value <= setting.high else None
        case float(), int() | float():
            return float(value) if setting.low <= value <= setting.high else None
        case str(), str() | False:
            return _text(setting, value)
        case tuple(), list() | tuple():
            texts = [item.strip() for item in value if isinstance(item, str)]
            good = len(texts) == len(value) and all(text.isprintable() for text in texts)
            return tuple(texts) if good else None
        case _:
            return None


def _text(setting: Declared, value: str | bool) -> str | None:
    if isinstance(value, bool):
        # The one text that can be switched off with a boolean: nobody's agent is called `false`.
        return NO_FALLBACK if setting.name == FALLBACK else None
    text = value.strip()
    if not text.isprintable():
        # Neither lines nor what steers a terminal is part of a name, an address or a key.
        return None
    if setting.choices:
        return text if text in setting.choices else None
    if setting.name == FALLBACK and text.casefold() == NO_FALLBACK:
        return NO_FALLBACK
    return None if setting.filled and not text else text


def from_text(setting: Declared, text: str) -> Value:
    """The value that a text from the environment or a command line means: `yes`, `12`, `0.5`, `a, b`.

    Raises `BadSetting` when it means none that the setting can have.
    """
    return fitting(setting, _read(setting, text.strip()))


def _read(setting: Declared, text: str) -> object:
    match setting.default:
        case bool():
            return True if text.lower() in _YES else False if text.lower() in _NO else text
        case int():
            return int(text) if _NUMBER.fullmatch(text) else text
        case float():
            with suppress(ValueError):
                return float(text)
            return text
        case tuple():
            return tuple(item.strip() for item in text.split(",") if item.strip())
        case str():
            return text


def as_text(value: Value) -> str:
    """The value as people are shown it, and as `from_text` reads it."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(value)
        case float():
            return f"{value:.10g}"
        case _:
            return str(value)


def refusal(setting: Declared, value: Value, standing: Value) -> str:
    """Why a project's file may not set this over the value that stands without it; "" when it may."""
    if setting.guard is Guard.USER:
        return _("only your own settings can set it")
    if setting.guard is Guard.STRICTER and _loosens(setting, value, standing):
        return _("a project can only be stricter than {standing}; your own settings decide that").format(
            standing=as_text(standing)
        )
    if setting.name == MODEL and str(value).startswith(SCRIPT):
        # Its turns call tools, commands too, without a model having been asked.
        return _("a project cannot have a script answer; name one with --model")
    return ""


def _loosens(setting: Declared, value: Value, standing: Value) -> bool:
    """Whether the value allows more than the one that stands. A switch that is on restricts, unless it is said to
    allow, and so does a list, the more the less it names."""
    match value, standing:
        case bool(), bool():
            return value and not standing if setting.allows else standing and not value
        case ((int() | float()), (int() | float())):
            return _limit(setting, value) > _limit(setting, standing)
        case tuple(), tuple():
            listed, allowed = set(map(_listed, value)), set(map(_listed, standing))
            return bool(allowed - {""}) and not (listed - {""} and listed - {""} <= allowed)
        case _:
            return bool(standing) and not value


def _listed(entry: str) -> str:
    """An entry of a list of models, however it is written: `provider:id` is `provider/id`."""
    entry = entry.strip().casefold().removesuffix(":latest")
    provider, colon, id = entry.partition(":")
    return f"{provider}/{id}" if colon and "/" not in provider else entry


def _limit(setting: Declared, number: float) -> float:
    return float("inf") if setting.unlimited and not number else number


def _shown(value: object) -> str:
    try:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
    except (ValueError, RecursionError):
        # A number of thousands of digits, or lists in lists in lists.
        shown = "…"
    return shown if len(shown) <= MOST_SHOWN else shown[:MOST_SHOWN] + "…"
