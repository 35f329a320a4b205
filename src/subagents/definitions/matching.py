"""Which agents fit a task, how well, and why, by the words of their names, descriptions and capabilities."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

from subagents.definitions.model import AgentDefinition
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
    terms = [stem(word) for word in words(task)[:MAX_WORDS] if word not in _STOP]
    return {term: _WEAK if term in _WEAK_STEMS else 1.0 for term in dict.fromkeys(terms)}


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
            where: Counter(term for text in texts for term in _terms(text))
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
        others = [_Hit(other, _ALIKE * self._strength(other)) for other in _alike(term)]
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


# --- words

# Scripts that put no blanks between words: Thai, Chinese and Japanese. Pairs of characters stand in for words there.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
# C++, C# and .NET are words; `_` and a change of case divide an identifier.
_WORD = re.compile(r"c\+\+|[cf]#(?!\w)|[^\W_]+", re.IGNORECASE)
_SUBWORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")


def words(text: str) -> list[str]:
    """The words of a text in lower case, identifiers taken apart: `HTTPServer_v2` is http, server, v and 2."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if not word.isascii():
            found.extend(_unspaced(word.casefold()))
        elif word[-1] in "+#":
            found.append(word.lower())
        else:
            found.extend(piece.lower() for piece in _SUBWORD.findall(word))
    return found


@lru_cache(maxsize=10_000)
def _terms(text: str) -> tuple[str, ...]:
    """The stems of a text's words. The same definitions are looked at for each task."""
    return tuple(map(stem, words(text)))


def _unspaced(word: str) -> list[str]:
    if not _UNSPACED.fullmatch(word) or len(word) < 3:
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]


# The first that fits is cut: the ending, what comes in its place, and how many letters must be left.
_ENDINGS = (
    ("ization", "iz", 3),
    ("isation", "iz", 3),
    ("ysis", "yz", 3),
    ("ations", "", 4),
    ("ation", "", 4),
    ("ators", "", 4),
    ("ator", "", 4),
    ("ments", "", 5),
    ("ment", "", 5),
    ("ities", "", 4),
    ("ity", "", 4),
    ("ings", "", 3),
    ("ing", "", 3),
    ("ers", "", 3),
    ("er", "", 3),
    ("ions", "", 4),
    ("ion", "", 4),
    ("ies", "y", 3),
    ("ied", "y", 3),
    ("ed", "", 3),
    ("es", "", 3),
)
_LEAST = 4  # letters; a shorter word has no inflections to speak of


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What the inflections of a lower-case English word share: debug, debugs, debugging and debugger are one.

    Coarser than a grammar, and only ever compared with itself: review and reviewer, migrate and migration are one too.
    """
    if len(word) < _LEAST or not (word.isascii() and word.isalpha()):
        return word
    for ending, instead, least in _ENDINGS:
        root = word.removesuffix(ending)
        if root != word and len(root) >= least and _VOWEL.search(root):
            return _evened(root + instead)
    return _evened(word[:-1] if word.endswith("s") and word[-2] not in "siu" else word)


_VOWEL = re.compile("[aeiouy]")


def _evened(root: str) -> str:
    """What else may differ: a doubled letter, a last e or y, -ate, and -ise for -ize."""
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "aeiouls":
        root = root[:-1]
    if len(root) > 5:
        root = root.removesuffix("ate").removesuffix("at")
    if len(root) >= _LEAST and root[-1] in "ey":
        root = root[:-1]
    return root[:-1] + "z" if len(root) > 5 and root.endswith(("is", "ys")) else root


def _listed_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP = _listed_words("""
    a about above after again all also always am an and any anything are as at be because been before being below but
    by can could did do does doing done down each else ever every everything few for from further get give go had has
    have having he her here his how i if in instead into is it its itself just kind let like made make many may me
    might more most much must my need needed needs neither never no nor not now of off on once one only onto or other
    our out over own per please put rather really same shall she should since so some something still such sure take
    than that the their them then there these they thing things this those through to together too toward under until
    up us use used useful uses using very via want wants was way we were what whatever when where whether which while
    who whole whose why will with within without would yet you your
    don doesn isn aren won ll re ve s t d m
    """)

# What fits nearly every task, or nearly every agent.
_WEAK_STEMS = frozenset(
    stem(word)
    for word in _listed_words("""
    agent ai assistant subagent expert specialist specialized senior task tasks work help handle run perform complete
    ensure provide check change changes add new create good best quality file files code codebase program
    project repository repo software system application app function class module line part part problem issue
    thing detail question answer user developer development engineer engineering proactively immediately
    """)
)

# Words for the same in what people ask of agents. Each line is a family; what stands in two belongs to both.
_FAMILIES = tuple(
    tuple(dict.fromkeys(stem(word) for word in family.split()))
    for family in """
    bug debug defect error failure fault crash fix repair troubleshoot
    test qa unittest pytest coverage
    review audit critique inspect
    document docs documentation readme docstring
    security vulnerability secure exploit pentest
    performance optimize profile speed slow fast latency benchmark
    refactor restructure cleanup simplify
    deploy release ship rollout
    database db sql postgres mysql sqlite query
    frontend ui ux css react
    backend server api endpoint
    search explore locate find grep lookup
    plan design architecture architect
    infrastructure devops kubernetes docker terraform cloud
    python py django flask
    javascript js typescript ts node
    translate localize i18n l10n
    research investigate analyze explore
    """.strip().splitlines()
)


@lru_cache(maxsize=2_000)
def _alike(term: str) -> tuple[str, ...]:
    others = (other for family in _FAMILIES if term in family for other in family)
    return tuple(dict.fromkeys(other for other in others if other != term))
