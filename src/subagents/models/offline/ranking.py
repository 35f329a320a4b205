"""Which files answer a question, best first: rare words above common, definitions above uses, code above prose.

A file is worth its best place; raised by its path, and by how often it speaks of the question; lowered by the
words that are missing there, by the kind of file it is, and when it only repeats the question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from subagents.models.offline.echoes import Echoes
from subagents.models.offline.evidence import Evidence, defined_name, is_block
from subagents.models.offline.files import FileKind, kind_of
from subagents.models.offline.places import Place, Values, best_places
from subagents.models.offline.question import Question
from subagents.models.offline.rarity import rarity
from subagents.models.offline.terms import TermKind

_DEFINED = 1.6  # a term in the name of a function or type that a line defines, against one in its text
_ASSIGNED = 1.2  # the same for a constant
_NAMED = 0.5  # what the path says, against what a place says
_ONLY_NAMED = 0.6  # the same where nothing else is known of the file
_FOLDER = 0.6  # a folder's name, against the file's
_OFTEN = 0.3  # how often a term occurs in the file, against that it does
_COVERAGE = 0.5  # how far the share of the question's words that meet decides
_ECHOING = 0.5  # what a file is worth that repeats the question, against one that does not
_ASKED_FOR = 0.5  # what tests and prose are worth when the question is about them
_ASKED_BY_NAME = 10.0

_NAMELESS = frozenset(("__init__", "__main__", "index", "main", "mod", "lib", "init"))
_ABOUT = {
    FileKind.TEST: re.compile(r"\b(?:unit ?)?tests?\b|\bfixtures?\b|\btesting\b", re.I),
    FileKind.PROSE: re.compile(r"\breadme|\bchangelog|\bdocumentation\b|\bdocs\b", re.I),
}


@dataclass(frozen=True)
class Candidate:
    path: str
    kind: FileKind
    score: float
    places: tuple[Place, ...]
    """Best first, not overlapping; empty when only the path was found."""
    terms: frozenset[int]
    """The indexes of the question's terms found in the file or its path."""
    named: float
    """What the path alone says for it."""


def rank(question: Question, evidence: Evidence) -> list[Candidate]:
    """All files of the evidence that have to do with the question, best first; ties by path."""
    scoring = _Scoring(question, evidence)
    candidates = [scoring.candidate(path, evidence.lines.get(path, {})) for path in evidence.paths]
    found = [candidate for candidate in candidates if candidate.score > 0.0]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.path))


class _Scoring:
    """The parts of a score that depend on the question and on how common its words are."""

    def __init__(self, question: Question, evidence: Evidence) -> None:
        self.question = question
        self.echoes = Echoes(question.text)
        rare = rarity(question, evidence)
        self.forms = [
            (index, form, term.weight * rare.of(index, form.text))
            for index, term in enumerate(question.terms)
            for form in term.forms
        ]
        words = {
            index: term.weight
            for index, term in enumerate(question.terms)
            if term.kind is not TermKind.COMPOUND
        }
        whole = sum(words.values()) or 1.0
        self.shares = {index: weight / whole for index, weight in words.items()}

    def candidate(self, path: str, lines: Mapping[int, str]) -> Candidate:
        own = {number: text for number, text in lines.items() if text not in self.echoes}
        values = {number: self.line_values(text) for number, text in own.items()}
        in_path = self.path_values(path)
        named = sum(in_path.values())
        places = best_places(values, in_path)
        terms = frozenset(in_path).union(*values.values())
        score = (
            (places[0].score if places else _ONLY_NAMED * named)
            + _NAMED * named
            + _OFTEN * _frequency(values)
        )
        score *= 1.0 - _COVERAGE + _COVERAGE * self.coverage(places[0].terms if places else terms)
        if any(path.endswith(asked) for asked in self.question.paths):
            score = (score + 1.0) * _ASKED_BY_NAME
        worth = self.kind_worth(kind_of(path)) * (1.0 if len(own) == len(lines) else _ECHOING)
        return Candidate(path, kind_of(path), score * worth, places, terms, named * worth)

    def line_values(self, text: str) -> dict[int, float]:
        """What each term is worth in a line; more in the name that the line defines."""
        values = self.values(text)
        if values and (name := defined_name(text)):
            worth = _DEFINED if is_block(text) else _ASSIGNED
            for index, value in self.values(name).items():
                values[index] = max(values.get(index, 0.0), value * worth)
        return values

    def values(self, text: str) -> dict[int, float]:
        values: dict[int, float] = {}
        lowered = text.lower()
        for index, form, worth in self.forms:
            if found := form.worth_in(text, lowered):
                values[index] = max(values.get(index, 0.0), found * worth)
        return values

    def path_values(self, path: str) -> dict[int, float]:
        """What each term is worth in a path: the more of a name the question explains, the more."""
        values: dict[int, float] = {}
        for name, worth in _names(path):
            found, explained = self.name_values(name)
            for index, value in found.items():
                values[index] = max(values.get(index, 0.0), value * worth * (0.3 + 0.7 * explained))
        return values

    def name_values(self, name: str) -> tuple[dict[int, float], float]:
        """What each term is worth in a name, and the share of its letters that they explain together."""
        letters = name.lower().strip("_")
        values: dict[int, float] = {}
        explained: set[int] = set()
        for index, form, worth in self.forms:
            at = -1 if form.kind is TermKind.COMPOUND else letters.find(form.text.lower())
            if at < 0 or (at > 0 and len(form.text) < 4 and letters[at - 1].isalpha()):
                continue
            explained.update(range(at, at + len(form.text)))
            values[index] = max(values.get(index, 0.0), form.worth * worth)
        return values, min(1.0, (len(explained) + 1) / max(1, len(letters)))

    def coverage(self, terms: frozenset[int]) -> float:
        """The share of the question's words among `terms`."""
        return sum(share for index, share in self.shares.items() if index in terms)

    def kind_worth(self, kind: FileKind) -> float:
        asked_for = kind in _ABOUT and _ABOUT[kind].search(self.question.text)
        return _ASKED_FOR if asked_for else kind.worth


def _frequency(lines: Mapping[int, Values]) -> float:
    """The terms' worth again, each by how many lines have it; levels off soon."""
    most: dict[int, float] = {}
    count: dict[int, int] = {}
    for values in lines.values():
        for index, value in values.items():
            most[index] = max(most.get(index, 0.0), value)
            count[index] = count.get(index, 0) + 1
    return sum(value * count[index] / (count[index] + 4.0) for index, value in most.items())


def _names(path: str) -> Iterable[tuple[str, float]]:
    """The names in a path with what a match in them is worth: the file's, or its folder's where it has none."""
    pure = PurePosixPath(path)
    folders = list(pure.parts[:-1])
    name = pure.name.split(".")[0]
    if name in _NAMELESS and folders:
        name = folders.pop()
    yield name, 1.0
    for folder in folders:
        yield folder, _FOLDER
