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
_OTHER_CASE = 0.35  # the same for a name in another case


class TermKind(StrEnum):
    WORD = "word"
    COMPOUND = "compound"  # two words that stand together, perhaps written as one
    IDENTIFIER = "identifier"  # a name as it stands in the code
    PHRASE = "phrase"  # text as it stands in the code

    @property
    def weight(self) -> float:
        return {"word": 1.0, "compound": 0.5}.get(self.value, 3.0)


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
        """How well `text` speaks of it; one that is only part of another word is worth less."""
        found = self.pattern.search(text) if self.is_in(lowered) else None
        if found is None:
            return 0.0
        if found.lastindex:
            return self.worth
        return self.worth * (_OTHER_CASE if self.kind is TermKind.IDENTIFIER else _INSIDE)


@dataclass(frozen=True)
class Term:
    """One thing to look for: `own` forms of the `word`, and those of `others` that mean the same."""

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
        return "|".join(_search(form, self.kind) for form in (*self.own, *self.others))

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        own = [Form(text, 1.0, self.kind, _pattern(text, self.kind)) for text in self.own]
        others = [Form(text, _SYNONYM, self.kind, _pattern(text, self.kind)) for text in self.others]
        return (*own, *others)


def _search(form: str, kind: TermKind) -> str:
    match kind:
        case TermKind.IDENTIFIER:
            return f"{WORD_EDGE}{re.escape(form)}{WORD_EDGE}"
        case TermKind.PHRASE:
            return re.escape(form)
        case TermKind.WORD if len(form) <= 3:
            return f"(?:{WORD_EDGE}|_){form}|(?-i:[a-z0-9]{form.capitalize()})"
        case TermKind.WORD | TermKind.COMPOUND:
            return form


def _pattern(form: str, kind: TermKind) -> re.Pattern[str]:
    """Finds `form`; its group takes part when it stands as it should: at the start of a word or of a part of one."""
    match kind:
        case TermKind.IDENTIFIER:
            return re.compile(rf"(\b{re.escape(form)}\b)|(?i:\b{re.escape(form)}\b)")
        case TermKind.PHRASE:
            return re.compile(f"(?i:({re.escape(form)}))")
        case TermKind.COMPOUND:
            return re.compile(f"(?i:({form}))")
        case TermKind.WORD if len(form) <= 3:
            start = rf"(?i:(?<![a-z]){form}(?:s|ed|ing)?(?![a-z]))|(?<=[a-z]){form.capitalize()}(?![a-z])"
            return re.compile(rf"({start})|(?i:(?<![a-z]){form})")
        case TermKind.WORD:
            return re.compile(rf"((?i:(?<![a-z]){form})|(?<=[a-z]){form.capitalize()})|(?i:{form})")
