"""Which agents fit a task, how well, and why, by the words of their names, descriptions and capabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from subagents.definitions.model import AgentDefinition
from subagents.definitions.wording import STOP, VAGUE, alike, stem, stems, words
from subagents.language import _

# BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009), with fixed average lengths: an
# agent's score must not change because another agent's description is long.
_HALF = 1.2  # a term that counts this much in all fields together has half of what it can have
_LENGTH = 0.5  # how far a long field dilutes its words
_LONGEST = 4.0  # times the average length; beyond it nothing is diluted further
# As if so many other agents were here that share no words with these: three agents are no sample of what is rare.
_IMAGINED = 20
_COMMON = 0.15  # what a word counts that all of many agents say: little, but they do fit
_WEAK = 0.3  # what a word counts that fits nearly every task
_ALIKE = 0.6  # what another word for the same counts
_USUAL_TASK = 3  # distinct words of a task at which evidence counts as it is
LEAST = 0.05  # less is chance
MAX_WORDS = 400  # of a task; the rest says the same again


@dataclass(frozen=True, slots=True)
class Match:
    """An agent that fits a task.

    `score` is between 0 and 1 and grows with each word of the task that the agent names: one of three words among
    its capabilities gives about 0.5, two 0.75, all three 0.85; in a description about two thirds of that. It hardly
    depends on how many agents there are, but words that many of them share count less, so scores of different
    folders can be compared and a threshold kept: from 0.5 on an agent says clearly that this is what it is for,
    below 0.3 the likeness may be one of words alone. `reason` is a sentence that names the words, and where they stand.
    """

    name: str
    score: float
    reason: str


def match(task: str, agents: Iterable[AgentDefinition]) -> list[Match]:
    """The agents that fit, the best first, those alike by name; none when nothing fits. Disabled ones are not told
    apart here."""
    sought = _sought(task)
    read = [_Agent.of(agent) for agent in agents]
    if not sought or not read:
        return []
    rarity = _rarity(sought, read)
    found = [each for agent in read if (each := _matched(agent, sought, rarity)) is not None]
    return sorted(found, key=lambda each: (-each.score, each.name.casefold(), each.name))


# --- the score


def _matched(agent: _Agent, sought: Mapping[str, float], rarity: Mapping[str, float]) -> Match | None:
    hits = {term: best for term in sought if (best := agent.best(term)) is not None}
    evidence = sum(sought[term] * rarity[term] * hit.strength for term, hit in hits.items())
    # A long task has many words, so some are met by chance; a short one has none to spare.
    usual = math.sqrt(max(sum(sought.values()), 1.0) / _USUAL_TASK)
    score = round(1 - math.exp(-evidence / usual), 3)
    return Match(agent.name, score, _reason(agent, hits)) if score >= LEAST else None


def _sought(task: str) -> dict[str, float]:
    """The distinct terms of a task, with what each counts."""
    terms = [stem(word) for word in words(task)[:MAX_WORDS] if word not in STOP]
    return {term: _WEAK if term in VAGUE else 1.0 for term in dict.fromkeys(terms)}


def _rarity(terms: Iterable[str], agents: Sequence[_Agent]) -> dict[str, float]:
    """1 for what one agent alone says, falling towards `_COMMON` for what all of many say."""
    known = len(agents) + _IMAGINED

    def rarity(term: str) -> float:
        count = sum(agent.best(term) is not None for agent in agents)
        return max(_COMMON, math.log((known + 0.5) / (count + 0.5)) / math.log((known + 0.5) / 1.5))

    return {term: rarity(term) for term in terms}


# --- an agent's words


class _Where(Enum):
    """A field of a definition: how much a word in it counts, and how many words it usually has."""

    CAPABILITY = (4.0, 6)
    NAME = (2.0, 2)
    DESCRIPTION = (1.0, 12)

    def counted(self, times: int, length: int) -> float:
        weight, usual = self.value
        diluted = 1 - _LENGTH + _LENGTH * min(length / usual, _LONGEST)
        return weight * times / diluted


@dataclass(frozen=True, slots=True)
class _Hit:
    """How strongly an agent stands for a term, 0 to 1, and the term it was found as."""

    term: str
    strength: float


@dataclass(frozen=True)
class _Agent:
    name: str
    texts: Mapping[_Where, Sequence[str]]

    @classmethod
    def of(cls, agent: AgentDefinition) -> _Agent:
        named = [agent.name] if agent.name == agent.display_name else [agent.name, agent.display_name]
        described = [] if agent.description == agent.name else [agent.description]
        return cls(
            agent.name,
            {
                _Where.CAPABILITY: agent.capabilities,
                _Where.NAME: [name for name in named if name],
                _Where.DESCRIPTION: described,
            },
        )

    @cached_property
    def terms(self) -> Mapping[_Where, Counter[str]]:
        return {
            where: Counter(term for text in texts for term in stems(text))
            for where, texts in self.texts.items()
        }

    @cached_property
    def lengths(self) -> Mapping[_Where, int]:
        return {where: terms.total() for where, terms in self.terms.items()}

    def best(self, term: str) -> _Hit | None:
        """The term itself, else the strongest other word for it; None when it has neither."""
        own = _Hit(term, self._strength(term))
        if own.strength:
            return own
        others = [_Hit(other, _ALIKE * self._strength(other)) for other in alike(term)]
        best = max(others, key=lambda hit: hit.strength, default=own)
        return best if best.strength else None

    def _strength(self, term: str) -> float:
        counted = sum(
            where.counted(terms[term], self.lengths[where])
            for where, terms in self.terms.items()
            if term in terms
        )
        return counted / (counted + _HALF)

    def written(self, where: _Where, terms: Iterable[str]) -> list[str]:
        """How the agent writes these: whole capabilities, else single words."""
        sought = set(terms)
        texts = self.texts[where]
        pieces = texts if where is _Where.CAPABILITY else [word for text in texts for word in words(text)]
        spelled = [piece for piece in pieces if sought & {stem(word) for word in words(piece)}]
        return list(dict.fromkeys(spelled))


# --- the reason

MAX_NAMED = 5  # words that a reason names of each field


def _reason(agent: _Agent, hits: Mapping[str, _Hit]) -> str:
    """Each word is named once, where it counts most."""
    left = {hit.term for hit in hits.values()}
    clauses = []
    for where in _Where:
        here = {term for term in left if term in agent.terms[where]}
        left -= here
        if here:
            named = agent.written(where, here)[:MAX_NAMED]
            clauses.append(_clause(where).format(words=_listed(named)))
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}."


def _clause(where: _Where) -> str:
    match where:
        case _Where.CAPABILITY:
            return _("its capabilities hold {words}")
        case _Where.NAME:
            return _("its name says {words}")
        case _Where.DESCRIPTION:
            return _("its description says {words}")


def _listed(named: Sequence[str]) -> str:
    if len(named) == 1:
        return named[0]
    return _("{some} and {last}").format(some=", ".join(named[:-1]), last=named[-1])
