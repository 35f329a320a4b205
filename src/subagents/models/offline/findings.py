"""Findings: the best places as an answer shows them, each with its lines and the reason it was taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from subagents.models.offline.evidence import Evidence, defined_name, is_block
from subagents.models.offline.files import FileKind
from subagents.models.offline.question import Question
from subagents.models.offline.ranking import Candidate, rank
from subagents.models.offline.terms import Term

MOST_FINDINGS = 5
_LEAST_SHARE = 0.5  # of the best score; what is below says nothing
_EXCERPT = 8  # lines
_NEAR = 3  # lines from a definition within which the definition is the place
_WIDTH = 160  # characters of a line that are shown


@dataclass(frozen=True)
class Finding:
    """A place. `title` is the line that defines what it is in; `words` those of the question found there, `seen`
    the same as they are to be read: `retries (attempt)` where another word stands for it."""

    path: str
    line: int
    name: str | None
    title: str
    excerpt: tuple[tuple[int, str], ...]
    words: tuple[str, ...]
    seen: tuple[str, ...]
    kind: FileKind
    share: float
    """Its score by that of the best, from 0 to 1."""
    also: tuple[int, ...] = ()
    """Other lines of the file where much of the question meets."""
    defines: bool = False
    """Whether its line begins a function or a type."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    @cached_property
    def code(self) -> str:
        return "\n".join(text for _, text in self.excerpt)


def findings(question: Question, evidence: Evidence) -> list[Finding]:
    """The best places, at most one a file and `MOST_FINDINGS` in all, best first."""
    candidates = rank(question, evidence)[:MOST_FINDINGS]
    best = candidates[0].score if candidates else 1.0
    return [
        _finding(candidate, candidate.score / best, question, evidence)
        for candidate in candidates
        if candidate.score >= best * _LEAST_SHARE
    ]


def _finding(candidate: Candidate, share: float, question: Question, evidence: Evidence) -> Finding:
    lines = dict(evidence.lines.get(candidate.path, {}))
    lines.update(evidence.windows.get(candidate.path, {}))
    read = evidence.windows.get(candidate.path, {})
    place = candidate.places[0] if candidate.places else None
    line = place.line if place else min(read, default=0)
    block = _enclosing(line, lines)
    if block and line - block <= _NEAR:
        line = block
    terms = place.terms if place else candidate.terms
    text = "\n".join(
        [candidate.path, *(lines[number] for number in sorted(lines) if line - 8 < number < line + 32)]
    )
    title = lines.get(block, "").strip().removesuffix("{").rstrip(" :") if block else ""
    return Finding(
        path=candidate.path,
        line=line,
        name=defined_name(lines[block]) if block else None,
        title=title[:_WIDTH],
        excerpt=_excerpt(line, block, read or lines),
        words=tuple(question.terms[index].word for index in sorted(terms)),
        seen=tuple(
            _seen(question.terms[index], text)
            for index in sorted(terms)
            if question.terms[index] in question.words
        ),
        kind=candidate.kind,
        share=round(share, 2),
        also=tuple(
            sorted(
                other.line for other in candidate.places[1:3] if other.score > 0.6 * candidate.places[0].score
            )
        ),
        defines=line > 0 and block == line,
    )


def _seen(term: Term, text: str) -> str:
    """A word of the question, and what stands for it in `text` when it is not there itself."""
    lowered = text.lower()
    if any(form.is_in(lowered) for form in term.forms[: len(term.own)]):
        return term.word
    for other in term.others:
        if found := re.search(rf"(?i:\b[a-z0-9]*{other}[a-z0-9]*)", text):
            return f"{term.word} ({found[0]})"
    return term.word


def _enclosing(line: int, lines: Mapping[int, str]) -> int:
    """The line that begins the function or type around `line`, itself perhaps; 0 when none is known."""
    if line not in lines:
        return 0
    if is_block(lines[line]):
        return line
    depth = _indent(lines[line])
    for number in sorted((number for number in lines if number < line), reverse=True):
        if is_block(lines[number]) and (_indent(lines[number]) < depth or depth == 0):
            return number if _indent(lines[number]) < depth else 0
    return 0


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _excerpt(line: int, block: int, lines: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    """A few lines that were returned, around `line`, from the beginning of its block where that is near."""
    first = block if block and line - block < _EXCERPT - 2 else max(1, line - 2)
    numbers = [number for number in range(first, first + _EXCERPT) if number in lines]
    while numbers and not lines[numbers[-1]].strip():
        numbers.pop()
    return tuple((number, lines[number].rstrip()[:_WIDTH]) for number in numbers)
