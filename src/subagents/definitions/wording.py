"""The words of a text: which they are, which are the same but for an inflection or by meaning, which say nothing.

English, but for taking other scripts apart. What the words are compared for is not known here.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
def stems(text: str) -> tuple[str, ...]:
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


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that say nothing about what is wanted.
STOP = _listed("""
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

#: Stems that fit nearly every task, or nearly every agent.
VAGUE = frozenset(
    stem(word)
    for word in _listed("""
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
def alike(term: str) -> tuple[str, ...]:
    """The stems of other words for the same."""
    others = (other for family in _FAMILIES if term in family for other in family)
    return tuple(dict.fromkeys(other for other in others if other != term))
