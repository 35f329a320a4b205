"""How much a word tells in this code base: the rarer, the more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from subagents.models.offline.evidence import Evidence
from subagents.models.offline.question import Question

_EVERYWHERE = 40_000.0  # lines at which a word says next to nothing
_WEAK = 15_000.0  # lines assumed of a weak word
_UNKNOWN = 1_000.0  # lines assumed of a word that was not searched for, or only found in a name


@dataclass(frozen=True)
class Rarity:
    """What each form of each term is worth, by the term's index in the question."""

    by_form: Mapping[tuple[int, str], float]

    def of(self, term: int, form: str) -> float:
        return self.by_form.get((term, form), 0.0)


def rarity(question: Question, evidence: Evidence) -> Rarity:
    """Estimated from the search for each term: its number of lines, and a form's share of those that were shown."""
    counts: dict[tuple[int, str], float] = {}
    for index, term in enumerate(question.terms):
        sample = evidence.samples.get(question.search_for(term))
        shown = [match.text.lower() for match in sample.shown] if sample else []
        for form in term.forms:
            seen = sum(1 for text in shown if form.is_in(text))
            share = max(seen, 0.5) / len(shown) if shown else 1.0
            assumed = _WEAK if term.weak else _UNKNOWN
            counts[index, form.text] = sample.total * share if sample and sample.total else assumed
    return Rarity(
        {key: math.log(1.0 + _EVERYWHERE / (max(count, 1.0) + 5.0)) for key, count in counts.items()}
    )
