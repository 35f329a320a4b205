"""Which files answer a question, best first: rare words above common, definitions above uses, code above prose.

A file's score is that of its best stretch of lines: what the question's terms are worth that meet there, more
the closer they stand; raised by its path and by definitions; lowered by the kind of file it is.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from subagents.models.offline.evidence import Evidence, defined_name, is_block
from subagents.models.offline.files import FileKind, kind_of
from subagents.models.offline.question import Question, TermKind, words_of

# Lines a stretch reaches below the line it begins at, and what a meeting within it is worth.
_STRETCHES = ((30, 0.5), (6, 0.3), (0, 0.2))
_DEFINED = 1.6  # a term in the name that a line defines, against one in its text
_PATH = 0.5  # a term in the file's own name, against one in its text
_FOLDER = 0.6  # a folder's name, against the file's
_OFTEN = 0.3  # how often a term occurs in the file, against that it does
_COVERAGE = 0.5  # how far the share of the question's words that meet decides
_ECHO = 0.6  # so much of a question in one line is a copy of it
_COMMON = 40_000.0  # lines at which a word says next to nothing
_UNKNOWN = 1_000.0  # lines assumed of a word that was not searched for, or only found in a name

_PLAIN_WORDS = re.compile(r"[a-z0-9']+")
_NAMELESS = frozenset(("__init__", "__main__", "index", "main", "mod", "lib", "init"))


@dataclass(frozen=True)
class Rarity:
    """What each form of each term is worth in this code base: the rarer, the more."""

    by_form: Mapping[tuple[int, str], float]

    def of(self, term: int, form: str) -> float:
        return self.by_form.get((term, form), 0.0)


@dataclass(frozen=True)
class Place:
    """A stretch of lines in a file; `line` is its best one; `terms` the indexes of the terms that meet there."""

    line: int
    score: float
    terms: frozenset[int]


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


def rarity(question: Question, evidence: Evidence) -> Rarity:
    """How rare each form is, estimated from the searches for each term and the share of a form in what they showed."""
    counts: dict[tuple[int, str], float] = {}
    for index, term in enumerate(question.terms):
        sample = evidence.samples.get(question.search_for(term))
        if sample is None or not sample.total:
            counts.update(((index, form.text), _UNKNOWN) for form in term.forms)
            continue
        shown = [match.text.lower() for match in sample.shown]
        for form in term.forms:
            seen = sum(1 for text in shown if form.is_in(text))
            share = max(seen, 0.5) / len(shown) if shown else 1.0
            counts[index, form.text] = max(1.0, sample.total * share)
    return Rarity({key: math.log(1.0 + _COMMON / (count + 5.0)) for key, count in counts.items()})


def rank(question: Question, evidence: Evidence) -> list[Candidate]:
    """All files of the evidence that have to do with the question, best first; ties by path."""
    scoring = _Scoring(question, evidence)
    candidates = [scoring.candidate(path) for path in evidence.paths]
    return sorted(
        (candidate for candidate in candidates if candidate.score > 0.0), key=lambda c: (-c.score, c.path)
    )


class _Scoring:
    def __init__(self, question: Question, evidence: Evidence) -> None:
        self.terms = question.terms
        self.paths = question.paths
        self.evidence = evidence
        self.rarity = rarity(question, evidence)
        self.forms = [
            (index, form, term.weight * self.rarity.of(index, form.text))
            for index, term in enumerate(question.terms)
            for form in term.forms
        ]
        self.echo = _Echoes(question.text)
        self.about_tests = bool(
            re.search(r"\b(?:unit ?)?tests?\b|\bfixtures?\b|\btesting\b", question.text, re.I)
        )
        self.about_prose = bool(
            re.search(r"\breadme|\bchangelog|\bdocumentation\b|\bdocs\b", question.text, re.I)
        )

    def candidate(self, path: str) -> Candidate:
        lines = self.evidence.lines.get(path, {})
        values = {number: self.line_values(text) for number, text in lines.items()}
        echoed = sum(1 for text in lines.values() if self.echo(text))
        in_path = self.path_values(path)
        places = _places(values, in_path)
        found = frozenset(in_path).union(*(line.keys() for line in values.values()))
        score = places[0].score if places else 0.6 * sum(in_path.values())
        score += _PATH * sum(in_path.values()) + _OFTEN * self.frequency(values)
        if any(path.endswith(asked) for asked in self.paths):
            score = (score + 1.0) * 10.0
        score *= 1.0 - _COVERAGE + _COVERAGE * self.coverage(places[0].terms if places else found)
        worth = self.kind_worth(kind_of(path)) * (0.5 if echoed else 1.0)
        return Candidate(path, kind_of(path), score * worth, places, found, sum(in_path.values()) * worth)

    def line_values(self, text: str) -> dict[int, float]:
        """What each term is worth in a line; a copy of the question says nothing."""
        if self.echo(text):
            return {}
        values = self.values(text)
        if values and (name := defined_name(text)):
            for index, value in self.values(name).items():
                values[index] = max(values.get(index, 0.0), value * (_DEFINED if is_block(text) else 1.2))
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
            found, covered = self.name_values(name)
            for index, value in found.items():
                values[index] = max(values.get(index, 0.0), value * worth * (0.3 + 0.7 * covered))
        return values

    def name_values(self, name: str) -> tuple[dict[int, float], float]:
        letters = name.lower().strip("_")
        values: dict[int, float] = {}
        covered: set[int] = set()
        for index, term in enumerate(self.terms):
            if term.kind is TermKind.COMPOUND:
                continue
            for form in term.forms:
                at = letters.find(form.text.lower())
                if at < 0 or (at > 0 and len(form.text) < 4 and letters[at - 1].isalpha()):
                    continue
                value = term.weight * form.worth * self.rarity.of(index, form.text)
                if value:
                    covered.update(range(at, at + len(form.text)))
                    values[index] = max(values.get(index, 0.0), value)
        return values, min(1.0, (len(covered) + 1) / max(1, len(letters)))

    def frequency(self, values: Mapping[int, Mapping[int, float]]) -> float:
        """The terms' worth again, each by how often the file's lines have it; levels off soon."""
        total = 0.0
        for index in range(len(self.terms)):
            with_it = [line[index] for line in values.values() if index in line]
            if with_it:
                total += max(with_it) * len(with_it) / (len(with_it) + 4.0)
        return total

    def coverage(self, terms: frozenset[int]) -> float:
        """The share of the question's words among `terms`."""
        asked = {
            index: term.weight for index, term in enumerate(self.terms) if term.kind is not TermKind.COMPOUND
        }
        return sum(weight for index, weight in asked.items() if index in terms) / (sum(asked.values()) or 1.0)

    def kind_worth(self, kind: FileKind) -> float:
        if (kind is FileKind.TEST and self.about_tests) or (kind is FileKind.PROSE and self.about_prose):
            return 0.5
        return kind.worth


def _places(values: Mapping[int, Mapping[int, float]], in_path: Mapping[int, float]) -> tuple[Place, ...]:
    """The best stretches of a file, at most five, best first and apart from each other."""
    numbers = sorted(number for number, line in values.items() if line)
    stretches = sorted(
        (_stretch(start, numbers, values, in_path) for start in range(len(numbers))),
        key=lambda place: (-place.score, place.line),
    )
    chosen: list[Place] = []
    for place in stretches:
        if all(abs(place.line - other.line) > _STRETCHES[0][0] for other in chosen):
            chosen.append(place)
        if len(chosen) == 5:
            break
    return tuple(chosen)


def _stretch(
    start: int,
    numbers: Sequence[int],
    values: Mapping[int, Mapping[int, float]],
    in_path: Mapping[int, float],
) -> Place:
    first = numbers[start]
    score = 0.0
    meeting: frozenset[int] = frozenset()
    for reach, worth in _STRETCHES:
        end = bisect_right(numbers, first + reach)
        best: dict[int, float] = {index: 0.6 * value for index, value in in_path.items()}
        for number in numbers[start:end]:
            for index, value in values[number].items():
                best[index] = max(best.get(index, 0.0), value)
        score += worth * sum(best.values())
        meeting = meeting or frozenset(best)
    within = numbers[start : bisect_left(numbers, first + _STRETCHES[1][0] + 1)]
    line = max(within, key=lambda number: (sum(values[number].values()), -number))
    return Place(line, score, meeting)


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


class _Echoes:
    """Finds lines that repeat the question, as a list of questions or a report on them does."""

    def __init__(self, question: str) -> None:
        words = _PLAIN_WORDS.findall(question.lower())
        self.size = max(5, math.ceil(len(words) * _ECHO))
        self.runs = frozenset(self._runs(words))

    def __call__(self, text: str) -> bool:
        return len(text) > 20 and any(
            run in self.runs for run in self._runs(_PLAIN_WORDS.findall(text.lower()))
        )

    def _runs(self, words: Sequence[str]) -> Iterable[str]:
        return (" ".join(words[at : at + self.size]) for at in range(len(words) - self.size + 1))


__all__ = ["Candidate", "Place", "Rarity", "rank", "rarity", "words_of"]
