"""Which searches to run next, stage by stage: how common a word is, where words meet, likely files, their lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from subagents.models.offline.evidence import DEFINITION_SEARCH, Evidence
from subagents.models.offline.files import CODE_GLOB
from subagents.models.offline.places import Place
from subagents.models.offline.question import Question
from subagents.models.offline.ranking import rank
from subagents.models.offline.rarity import rarity
from subagents.models.offline.terms import Term, TermKind

MOST_DEFINITIONS = 5
"""Words whose definitions are looked for."""
MOST_PAIRS = 7
"""Pairs of words that are looked for in one line."""
MOST_FILES = 8
"""Files looked through for all words."""
MOST_READ = 5
"""Files read around their best lines; as many places are in an answer."""

# Lines that a search may return; the tool counts what it leaves out.
_SAMPLE = 60
_MEETINGS = 80
_MOST_MEETINGS = 300  # where there are few pairs
_DEFINITIONS = 80
_ELSEWHERE = 40  # in files that are not code
_IN_FILE = 250
_PATHS = 200
_WINDOW = 40

_TELLING = 3.0  # of a word's rarity: it stands in no more than about two thousand lines


@dataclass(frozen=True)
class Call:
    """One tool call; equal calls give equal results while nothing changes."""

    tool: str
    arguments: Mapping[str, Any] = field(hash=False)

    @property
    def key(self) -> str:
        return self.tool + json.dumps(self.arguments, sort_keys=True)


def next_calls(
    stage: int, question: Question, evidence: Evidence, tools: Set[str], done: Set[str]
) -> list[Call]:
    """The calls of stage `stage` (from 0) or, if it has none that are new, of a later one; none when all is done."""
    for search in _STAGES[stage:]:
        new = {call.key: call for call in search(question, evidence) if call.tool in tools}
        if calls := [call for key, call in new.items() if key not in done]:
            return calls
    return []


def _how_common(question: Question, _evidence: Evidence) -> list[Call]:
    """Each word for itself: the number of its lines says how much it tells. Of weak words that is known to be little,
    and a list of ten thousand lines takes its time."""
    strong = [term for term in question.terms if not term.weak] or question.terms
    return [
        *(_grep(search, _SAMPLE) for search in dict.fromkeys(map(question.search_for, strong))),
        *_named(question),
        *(Call("find", {"pattern": f"**/{path}", "limit": _PATHS}) for path in question.paths),
    ]


def _named(question: Question) -> list[Call]:
    """Files with a word of the question in their name, or in that of a folder; one call for all words."""
    exact = (term for term in question.words if not term.weak and term.kind is not TermKind.PHRASE)
    forms = dict.fromkeys(term.own[0] for term in exact if len(term.own[0]) > 2)
    if not forms:
        return []
    name = f"*{next(iter(forms))}*" if len(forms) == 1 else f"*{{{','.join(forms)}}}*"
    return [Call("find", {"pattern": f"**/{pattern}", "limit": _PATHS}) for pattern in (name, f"{name}/**")]


def _where_they_meet(question: Question, evidence: Evidence) -> list[Call]:
    """Definitions of the words that tell most, and lines in which two of them stand."""
    rare = rarity(question, evidence)
    tells: dict[Term, float] = {}
    for index, term in enumerate(question.terms):
        if term.kind is not TermKind.COMPOUND:
            # What is a synonym in thousands of lines would only crowd out the rest.
            others = tuple(other for other in term.others if rare.of(index, other) > _TELLING)
            tells[replace(term, others=others)] = term.weight * max(
                rare.of(index, form.text) * form.worth for form in term.forms
            )
    terms = sorted(tells, key=lambda term: -tells[term])
    pairs = sorted(combinations(terms, 2), key=lambda pair: -tells[pair[0]] - tells[pair[1]])[:MOST_PAIRS]
    limit = min(_MOST_MEETINGS, MOST_PAIRS * _MEETINGS // max(1, len(pairs)))
    return [
        *(_defining(term) for term in terms[:MOST_DEFINITIONS] if term.kind is not TermKind.PHRASE),
        *(_grep(_meeting(*pair), limit) for pair in pairs),
        *(_grep(_meeting(*pair), _ELSEWHERE, everywhere=True) for pair in pairs[:1]),
        *(_grep(term.search, _ELSEWHERE, everywhere=True) for term in _not_in_code(question, evidence)),
    ]


def _not_in_code(question: Question, evidence: Evidence) -> list[Term]:
    """Words that no code speaks of; a single one in any case, since other files may say more of it."""
    if len(question.words) == 1:
        return list(question.words)
    return [term for term in question.words if not (term.weak or evidence.total(term.search))]


def _defining(term: Term) -> Call:
    forms = "|".join(map(re.escape, term.own + term.others))
    return _grep(rf"{DEFINITION_SEARCH}\w*(?:{forms})", _DEFINITIONS)


def _meeting(one: Term, other: Term) -> str:
    return f"(?:{one.search}).*(?:{other.search})|(?:{other.search}).*(?:{one.search})"


def _in_likely_files(question: Question, evidence: Evidence) -> list[Call]:
    """All words and definitions in each file that is likely, by what was found or by its name."""
    ranked = rank(question, evidence)
    named = sorted(ranked, key=lambda candidate: (-candidate.named, candidate.path))
    likely = [*ranked[: MOST_FILES - 2], *(candidate for candidate in named[:2] if candidate.named)]
    pattern = "|".join([DEFINITION_SEARCH, *(term.search for term in question.terms)])
    return [
        Call("grep", {"pattern": pattern, "path": candidate.path, "ignore_case": True, "limit": _IN_FILE})
        for candidate in likely
    ]


def _best_lines(question: Question, evidence: Evidence) -> list[Call]:
    return [
        Call("read", {"path": candidate.path, "offset": _offset(candidate.places), "limit": _WINDOW})
        for candidate in rank(question, evidence)[:MOST_READ]
    ]


def _offset(places: Sequence[Place]) -> int:
    return max(1, places[0].line - _WINDOW // 2) if places else 1


def _grep(pattern: str, limit: int, *, everywhere: bool = False) -> Call:
    arguments: dict[str, Any] = {"pattern": pattern, "ignore_case": True, "limit": limit}
    return Call("grep", arguments if everywhere else {**arguments, "glob": CODE_GLOB})


_STAGES = (_how_common, _where_they_meet, _in_likely_files, _best_lines)
