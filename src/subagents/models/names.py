"""Which of the models at hand a name means. What is at hand, and how it was found out, is not known here.

A name fits by rank: one that is exactly a model's always wins, however well another scores. Among models that fit
equally well the first provider's come first, and of those the newest version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from subagents.errors import ModelUnavailable
from subagents.language import _

MOST_LISTED = 30  # names that an error lists
FEWEST = 2  # letters and digits that mean something unless they are a whole name

_WORD = re.compile(r"[a-z0-9]+")
_DATE = re.compile(r"(?<![0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])")
# `5`, `4o`, `o3`, `qwen3`, but not a size as in `8b`, `128k` or `1m`.
_NUMBER = re.compile(r"[a-z]*?([0-9]{1,2})[ac-jln-z]?")
_PLACES = 4  # of a version


@dataclass(frozen=True, slots=True)
class Named:
    """A model that could answer. `label` is how its provider shows it to people."""

    provider: str
    id: str
    label: str = ""

    @property
    def exact(self) -> str:
        """The name that `models` makes a model of."""
        return f"{self.provider}:{self.id}"

    @property
    def listed(self) -> str:
        return f"{self.provider}/{self.id}"


@dataclass(frozen=True, slots=True)
class Match:
    """The model that was meant. `note` says what is not as asked, "" when all is."""

    model: Named
    note: str = ""


class Unresolved(ModelUnavailable):
    """A name that means no model here. `because` says why in half a sentence."""

    def __init__(self, message: str, because: str) -> None:
        super().__init__(message)
        self.because = because


class Fit(IntEnum):
    """How a name fits a model, best first."""

    EXACT = 0  # its id or `provider/id`, whatever the case
    SPELLED = 1  # the same with `.` for `-`
    DATED = 2  # the same, of which only one carries a date, or a 0 behind its version
    IN_ID = 3  # whole words of the id, in this order
    IN_LABEL = 4  # whole words of what people are shown
    WORDS = 5  # each a whole word of id, label or provider
    LETTERS = 6  # how words begin: "gpt4o", "son"


def resolve(query: str, registry: Sequence[Named]) -> Match:
    """The model that `query` means: an id, `provider/id`, or words of either or of what people are shown.

    A name of another provider's model is only understood where the id is exact, and then with a note; so is a date
    that the model does not carry. The order of `registry` is that of preference between providers. Raises `Unresolved`
    with the names there are.
    """
    wanted = query.strip()
    if not _WORD.search(wanted.casefold()):
        raise unresolved(query, registry)
    if exact := exactly(wanted, registry):
        return Match(exact)
    provider, slash, rest = wanted.partition("/")
    if not slash:
        if best := best_of(wanted, registry):
            return Match(best, _about_date(wanted, best))
        raise unresolved(query, registry)
    own = [model for model in registry if model.provider == provider.casefold()]
    if best := best_of(rest, own):
        return Match(best, _about_date(wanted, best))
    if elsewhere := exactly(rest, registry):
        return Match(elsewhere, crossing(query, elsewhere))
    raise unresolved(query, registry)


def exactly(name: str, registry: Sequence[Named]) -> Named | None:
    """The model of exactly this name, for which case counts nothing and `.` is `-`."""
    fitting = [(fit, n, model) for n, model in enumerate(registry) if (fit := _exact_fit(name, model))]
    return min(fitting)[2] if fitting else None


def best_of(name: str, registry: Sequence[Named]) -> Named | None:
    """The model that fits the name best; None when none does."""
    providers = list(dict.fromkeys(model.provider for model in registry))
    fitting = [(fit, model) for model in registry if (fit := fit_of(name, model)) is not None]
    if not fitting:
        return None
    return min(fitting, key=lambda each: (each[0], providers.index(each[1].provider), newest(each[1])))[1]


def fit_of(name: str, model: Named) -> Fit | None:
    """How the name fits, None when it does not. A date is a part of the name: another date is another model."""
    if exact := _exact_fit(name, model):
        return exact[0]
    wanted, date = undated(name)
    id, id_date = undated(model.id)
    if date and id_date and date != id_date:
        return None
    words = _words(wanted)
    if not words:
        return Fit.LETTERS if date and date == id_date else None
    if len("".join(words)) < FEWEST:
        return None
    ids, labels = _words(id), _words(undated(model.label)[0])
    if ids in (words, [*words, "0"]) or [*_words(model.provider), *ids] == words:
        return Fit.DATED
    if _follow(words, ids):
        return Fit.IN_ID
    if _follow(words, labels):
        return Fit.IN_LABEL
    known = {*ids, *labels, *_words(model.provider)}
    if not _begins_version(words, model):
        return None
    if known.issuperset(words):
        return Fit.WORDS
    return Fit.LETTERS if _begins_words(words, known, (ids, labels)) else None


def newest(model: Named) -> tuple[object, ...]:
    """A key that sorts the newest version first, then what carries no date, then the shortest id."""
    _id, date = undated(model.id)
    return (*(-number for number in version(model.id)), -int(date or 99999999), len(model.id), model.id)


def version(id: str) -> tuple[int, ...]:
    """The first numbers that stand together in an id: (5, 5, 0, 0) of `claude-opus-5-5`. Dates are none."""
    numbers: list[int] = []
    for word in _words(undated(id)[0]):
        if found := _NUMBER.fullmatch(word):
            numbers.append(int(found[1]))
        elif numbers:
            break
    return tuple([*numbers, *[0] * _PLACES][:_PLACES])


def undated(name: str) -> tuple[str, str]:
    """The name in lower case without its date, and the date as eight digits or ""."""
    name = name.casefold()
    found = _DATE.search(name)
    return (name[: found.start()] + name[found.end() :], "".join(found.groups())) if found else (name, "")


def unresolved(query: str, registry: Iterable[Named]) -> Unresolved:
    """What is said of a name that means none of these."""
    because = _("no model here is called so")
    text = _("There is no model {query!r} here.").format(query=query)
    return Unresolved(f"{text} {available(registry)}", because)


def available(registry: Iterable[Named]) -> str:
    """A sentence with the names there are, sorted and bounded."""
    names = sorted({model.listed for model in registry})
    if not names:
        return _("No model is available.")
    listed = ", ".join(names[:MOST_LISTED])
    if (more := len(names) - MOST_LISTED) > 0:
        text = _("Available: {names} and {n} more (`subagents models` shows them).")
        return text.format(names=listed, n=more)
    return _("Available: {names}.").format(names=listed)


def crossing(query: str, model: Named) -> str:
    """The note for a model that another provider than the one named has."""
    return _("There is no model {query!r} here; {model} has the same id and answers.").format(
        query=query, model=model.exact
    )


def _exact_fit(name: str, model: Named) -> tuple[Fit] | None:
    """In a tuple, because the best of them is false."""
    wanted = name.strip().casefold()
    names = (model.id.casefold(), model.listed.casefold(), model.exact.casefold())
    if wanted in names:
        return (Fit.EXACT,)
    dashed = [each.replace(".", "-") for each in names]
    return (Fit.SPELLED,) if wanted.replace(".", "-") in dashed else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _follow(words: list[str], others: list[str]) -> bool:
    """Whether the words stand among the others, one after the other."""
    return any(others[n : n + len(words)] == words for n in range(len(others) - len(words) + 1))


def _begins_version(words: list[str], model: Named) -> bool:
    """Whether the numbers among the words are the first of its version: "sonnet 5" is not Sonnet 4.5."""
    numbers = tuple(int(word) for word in words if word.isdigit())
    return any(version(name)[: len(numbers)] == numbers for name in (model.id, model.label))


def _begins_words(words: list[str], known: Iterable[str], texts: Iterable[list[str]]) -> bool:
    """Whether they are how words begin, each one or all run together ("gpt4o"). A number is a whole one."""
    run = "".join(words)
    if any("".join(text[n:]).startswith(run) for text in texts for n in range(len(text))):
        return True
    whole = set(known)
    return all(
        word in whole if word.isdigit() else any(each.startswith(word) for each in whole) for word in words
    )


def _about_date(asked: str, model: Named) -> str:
    """The note for a date that the model's name does not carry: it is of whatever date its provider has."""
    if not undated(asked)[1] or undated(model.id)[1]:
        return ""
    return _("There is no model {asked!r} of that date here; {model} answers.").format(
        asked=asked, model=model.exact
    )
