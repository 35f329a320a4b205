"""What a translation of another tool's file comes to, and how one is made: key by key, nothing left untold."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from subagents.definitions.frontmatter import FrontMatter, Sections
from subagents.definitions.model import SHOWN
from subagents.definitions.spelling import has_restricting_word, restricts_here
from subagents.language import _, counted

MAX_UNKNOWN = 20  # unknown keys of one file, and parts of one key, that are told one by one
MAX_COMPARED = (
    200  # unknown keys of one file that are compared with known ones; with more of them it is not used
)


@dataclass(frozen=True, slots=True)
class Lost:
    """Something of the file that is unknown, has no equivalent, or no effect. `line` counts from 1.

    `restricts`: it keeps the agent from something, so that the file is not used without it.
    """

    line: int | None
    message: str
    key: str
    restricts: bool = False


@dataclass(frozen=True, slots=True)
class Translated:
    """A file in our keys, with the line of each in the file. `fences` is None where the format has none."""

    front: FrontMatter
    body: str
    problems: tuple[Lost, ...]
    fences: Sections | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The keys of a dialect. `ours` says what each is called here; `lost` why one has no equivalent, as the end of a
    sentence; `idle` are those that mean nothing outside their tool. `read` needs code: it takes the translation.
    `elsewhere` are read by the dialect itself, before or after the keys one by one. `restricting` are those without
    which an agent may do more, and `harmless` unknown ones that only look like one of ours that restricts."""

    tool: str
    ours: Mapping[str, str]
    lost: Mapping[str, str] = field(default_factory=dict)
    idle: Collection[str] = ()
    read: Mapping[str, Callable[[Translation], None]] = field(default_factory=dict)
    elsewhere: Collection[str] = ()
    restricting: Collection[str] = ()
    harmless: Collection[str] = ()
    others_lost: str = ""  # why every key that is not named here is lost; "" where such a key is unknown

    @property
    def meaningful(self) -> list[str]:
        return [*self.ours, *self.read, *self.elsewhere]

    @property
    def keys(self) -> list[str]:
        return [*self.meaningful, *self.lost, *self.idle]

    def meant_by(self, key: str) -> str | None:
        """The known key that was probably meant by one that is not."""
        return _nearest(key, self.meaningful) or _nearest(key, self.keys)

    def misses(self, key: str) -> bool:
        """Whether an unknown key was probably meant to restrict the agent."""
        if key in self.harmless:
            return False
        return self.meant_by(key) in self.restricting or has_restricting_word(key) or restricts_here(key)


class Translation:
    """One file's keys on their way from `theirs` to ours."""

    def __init__(self, theirs: FrontMatter) -> None:
        self.theirs = theirs
        self._lost: list[Lost] = []
        self._parts: dict[str, int] = {}
        self._values: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    @property
    def front(self) -> FrontMatter:
        return FrontMatter(self._values, self._lines, self._texts)

    @property
    def problems(self) -> tuple[Lost, ...]:
        """What is lost; of very many parts of one key only the first, and how many more there are."""
        more = [(key, n - MAX_UNKNOWN) for key, n in self._parts.items() if n > MAX_UNKNOWN]
        text = _("{n} more parts of `{key}` are not as they are written")
        tails = (Lost(self.theirs.lines.get(key), text.format(n=n, key=key[:SHOWN]), key) for key, n in more)
        return (*self._lost, *tails)

    def by(self, vocabulary: Vocabulary) -> None:
        """Takes over every key that the dialect knows, and tells of the others."""
        for key, read in vocabulary.read.items():
            if key in self.theirs.values:
                read(self)
        for key, value in self.theirs.values.items():
            if key in vocabulary.ours:
                self.keep(key, vocabulary.ours[key])
            elif key in vocabulary.lost:
                self.lose(key, vocabulary.lost[key])
            elif key in vocabulary.idle and value not in (None, False):
                self.tell(key, _("`{key}` has no effect here").format(key=key))
        self._unknown(vocabulary)

    # --- reading theirs

    def value(self, key: str) -> Any:
        return self.theirs.values.get(key)

    def text(self, key: str) -> str:
        """A single value as text, trimmed; "" for none, and for a list or mapping."""
        value = self.value(key)
        if isinstance(value, str):
            return value.strip()
        return "" if value is None else self.theirs.texts.get(key, "").strip()

    def names(self, key: str) -> list[str]:
        """Names in a list, or in a text with commas."""
        value = self.value(key)
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        return [item.strip() for item in items if isinstance(item, str) and item.strip()]

    # --- writing ours

    def keep(self, key: str, ours: str) -> None:
        """The same value under our key, if there is one; the first spelling of two is kept."""
        if ours in self._values or key not in self.theirs.values:
            return
        self.put(ours, self.value(key), key)
        if key in self.theirs.texts:
            self._texts[ours] = self.theirs.texts[key]

    def pass_on(self, but: Collection[str] = ()) -> None:
        """All keys as they are: a dialect whose keys are ours, or spellings of ours."""
        for key in self.theirs.values:
            if key not in but:
                self.keep(key, key)

    def put(self, ours: str, value: Any, key: str) -> None:
        """A value of our own making, which stands where theirs does."""
        self._values[ours] = value
        self._texts.pop(ours, None)
        if key in self.theirs.lines:
            self._lines[ours] = self.theirs.lines[key]
        else:
            self._lines.setdefault(ours, 1)

    def has(self, ours: str) -> bool:
        return ours in self._values

    def deny(self, tools: Collection[str], key: str) -> None:
        """Takes tools away, on top of what was taken before."""
        before = self._values.get("disallowed_tools", [])
        self.put("disallowed_tools", list(dict.fromkeys((*before, *tools))), key)

    # --- telling

    def tell(self, key: str, message: str) -> None:
        self._parts[key] = self._parts.get(key, 0) + 1
        if self._parts[key] <= MAX_UNKNOWN:
            self._lost.append(Lost(self.theirs.lines.get(key), message, key))

    def refuse(self, key: str, message: str) -> None:
        """Tells of something that the file is not used without."""
        self._lost.append(Lost(self.theirs.lines.get(key), message, key, restricts=True))

    def lose(self, key: str, why: str) -> None:
        """Tells that a key has no equivalent, unless it says nothing. `why` ends the sentence, not yet translated."""
        if self.value(key) is not None:
            self.tell(key, _("`{key}` is lost in translation: {why}").format(key=key[:SHOWN], why=_(why)))

    def lose_part(self, key: str, part: object, why: str) -> None:
        """The same of a part of the key's value."""
        shown = str(part)
        message = _("{part!r} in `{key}` is lost in translation: {why}")
        short = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
        self.tell(key, message.format(part=short, key=key, why=_(why)))

    def _unknown(self, vocabulary: Vocabulary) -> None:
        known = frozenset(vocabulary.keys)
        unknown = [key for key in self.theirs.values if key not in known]
        for number, key in enumerate(unknown):
            misses = number == MAX_COMPARED or (number < MAX_COMPARED and vocabulary.misses(key))
            if misses:
                self.refuse(key, self._no_such(vocabulary, key))
                if number >= MAX_UNKNOWN:
                    break
            elif number < MAX_UNKNOWN:
                self.tell(key, self._no_such(vocabulary, key))
        if (more := len(unknown) - MAX_UNKNOWN) > 0:
            text = counted("{n} more key is unknown", "{n} more keys are unknown", more)
            self._lost.append(Lost(None, text, ""))

    def _no_such(self, vocabulary: Vocabulary, key: str) -> str:
        meant = vocabulary.meant_by(key)
        if vocabulary.others_lost and meant is None:
            why = _(vocabulary.others_lost)
            return _("`{key}` is lost in translation: {why}").format(key=key[:SHOWN], why=why)
        message = _("{tool} has no key {key!r}").format(tool=vocabulary.tool, key=key[:SHOWN])
        return message if meant is None else message + _("; did you mean `{key}`?").format(key=meant)


def thinking_level(word: str) -> str:
    """Our word for how hard a model thinks. Others have the same, but for not at all."""
    return "off" if word == "none" else word


def _nearest(key: str, keys: Collection[str]) -> str | None:
    """The known key that was probably meant, whatever the way of joining words."""
    if len(key) > SHOWN:
        return None
    plain = {re.sub(r"[-_]", "", each).lower(): each for each in keys}
    found = get_close_matches(re.sub(r"[-_\s]", "", key).lower(), plain, n=1, cutoff=0.8)
    return plain[found[0]] if found else None
