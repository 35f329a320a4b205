"""Terms: what is looked for, and how well a line of code speaks of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

WORD_EDGE = r"(?-u:\b)"
"""A word boundary for `grep`; the Unicode one costs ripgrep its fast engine, which is a factor of ten."""

_SYNONYM = 0.5  # what a synonym is worth, against 1.0 for the word itself
_INSIDE = 0.35  # the same for a match in the middle of a word, or of a short form at its start


class TermKind(StrEnum):
    WORD = "word"
    COMPOUND = "compound"  # two words that stand together, perhaps written as one
    IDENTIFIER = "identifier"  # a name as it stands in the code

    @property
    def weight(self) -> float:
        return {"word": 1.0, "compound": 0.5, "identifier": 3.0}[self.value]


@dataclass(frozen=True)
class Form:
    """One piece of text that speaks of a term. `worth` is 1.0 for the term itself, less for another word for it."""

    text: str
    worth: float
    kind: TermKind
    pattern: re.Pattern[str]

    def is_in(self, lowered: str) -> bool:
        """Whether it occurs at all in a text, which is given in lower case."""
        if self.kind is TermKind.COMPOUND:
            return self.pattern.search(lowered) is not None
        return self.text.lower() in lowered

    def worth_in(self, text: str, lowered: str) -> float:
        """How well `text` speaks of it: a match in the middle of another word is worth less."""
        if not self.is_in(lowered):
            return 0.0
        found = self.pattern.search(text)
        if found is None:
            return 0.0
        return self.worth if found.lastindex else self.worth * _INSIDE


@dataclass(frozen=True)
class Term:
    """One thing to look for; `forms` are lower case, its own first, then its synonyms'."""

    word: str
    kind: TermKind
    own: tuple[str, ...]
    others: tuple[str, ...] = ()
    weak: bool = False

    @property
    def weight(self) -> float:
        return self.kind.weight * (0.4 if self.weak else 1.0)

    @cached_property
    def search(self) -> str:
        """The pattern for `grep` with `ignore_case`, in the syntax of Rust's regex."""
        if self.kind is TermKind.IDENTIFIER:
            return rf"{WORD_EDGE}{re.escape(self.own[0])}{WORD_EDGE}"
        return "|".join(_grep_form(form, self.kind) for form in (*self.own, *self.others))

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        own = [Form(text, 1.0, self.kind, _pattern(text, self.kind)) for text in self.own]
        others = [Form(text, _SYNONYM, self.kind, _pattern(text, self.kind)) for text in self.others]
        return (*own, *others)


def _grep_form(form: str, kind: TermKind) -> str:
    if kind is TermKind.WORD and len(form) <= 3:
        return rf"(?:{WORD_EDGE}|_){form}|(?-i:[a-z0-9]{form.capitalize()})"
    return form


def _pattern(form: str, kind: TermKind) -> re.Pattern[str]:
    """Finds `form`; its group takes part when it stands at the start of a word or of a part of an identifier."""
    if kind is TermKind.IDENTIFIER:
        return re.compile(rf"(\b{re.escape(form)}\b)|(?i:\b{re.escape(form)}\b)")
    if kind is TermKind.COMPOUND:
        return re.compile(f"(?i:({form}))")
    if len(form) <= 3:
        short = form + "(?:s|ed|ing)?(?![a-z])"
        return re.compile(
            rf"((?i:(?<![a-z]){short})|(?<=[a-z]){form.capitalize()}(?![a-z]))|(?i:(?<![a-z]){form})"
        )
    return re.compile(rf"((?i:(?<![a-z]){form})|(?<=[a-z]){form.capitalize()})|(?i:{form})")
