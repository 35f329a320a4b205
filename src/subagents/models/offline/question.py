"""What a prompt asks for: the sentences that ask, and the terms to look for in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from subagents.models.offline.intent import CHANGES
from subagents.models.offline.stop_words import NO_SYNONYMS, STOP, WEAK
from subagents.models.offline.synonyms import one_word, synonyms
from subagents.models.offline.terms import Term, TermKind
from subagents.models.offline.words import forms, stem

MOST_WORDS = 8
"""Words of a question that are looked for; of a longer one the first that say most."""
MOST_COMPOUNDS = 4
MOST_SYNONYMS = 6
LONGEST_PROMPT = 20_000  # characters that are read

_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:and\s+)?(?:where|which|what|who|how|why|when|does|do|is|are|can|find|locate|search|look|show)\b",
    re.I,
)
# Sentences about the answer and not about the code.
_ABOUT_ANSWER = re.compile(
    r"^\W*(?:please\s+)?(?:report|return|answer|reply|respond|include|give|list|quote|cite|keep|do not|don't|only"
    r"|be (?:brief|thorough|concise)|no need|your (?:final )?answer|search breadth|thoroughness)\b",
    re.I,
)
# What is to be done with it, what kind of answer it has, how much of it: none of that is looked for.
_NOT_LOOKED_FOR = (
    re.compile(rf"^\W*(?:please\s+)?(?:{CHANGES}|plan|design|propose|outline|draft)\b", re.I | re.M),
    re.compile(
        r"\b(?:which|what)\s+(?:code|functions?|methods?|class(?:es)?|modules?|files?|parts?|lines?|decorators?)\b",
        re.I,
    ),
    re.compile(r"\bhow (?:long|many|much|often|far|big|fast)\b", re.I),
)
_CODE_SPAN = re.compile(r"`([^`\n]{1,80})`")
_QUOTED = re.compile(r"[\"“]([^\"”\n]{4,80})[\"”]")
_PATH = re.compile(r"(?<![\w/.])(?:[\w.-]+/)*[\w-]+\.[a-z]{1,5}\b(?!\()|(?<![\w/.])(?:[\w.-]+/)+[\w.-]+")
_DOTTED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\b")
_IDENTIFIER = re.compile(
    r"\b(?:[A-Za-z]\w*_\w+|_+[A-Za-z]\w*|[a-z]+[A-Z]\w*|[A-Z]+[a-z]+[A-Z]\w*)\b(?:\(\))?"
)
_WORD = re.compile(r"[^\W\d_][^\W_]*|\d{2,}")
_FILE_ENDING = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|go|rs|java|kt|c|h|cc|cpp|hpp|cs|rb|php|swift|scala|sh|md|rst|txt|toml|yaml|yml|json"
    r"|cfg|ini|html|css|sql|lua|ex|exs|vue|proto)$"
)


@dataclass(frozen=True)
class Question:
    """`text` is what was asked; `paths` are files it names; `terms` what to look for, as they appear in it."""

    text: str
    terms: tuple[Term, ...]
    paths: tuple[str, ...] = ()

    @cached_property
    def words(self) -> tuple[Term, ...]:
        """The terms that are no compound of two others."""
        return tuple(term for term in self.terms if term.kind is not TermKind.COMPOUND)

    def search_for(self, term: Term) -> str:
        """The pattern that finds `term`: its own, or one for all compounds, which are few and rare."""
        if term.kind is not TermKind.COMPOUND:
            return term.search
        return "|".join(other.search for other in self.terms if other.kind is TermKind.COMPOUND)

    def __bool__(self) -> bool:
        return bool(self.terms or self.paths)


def read_question(prompt: str, *additions: str) -> Question:
    """The question in a prompt; each of `additions` was said later and counts as well."""
    texts = [text[:LONGEST_PROMPT] for text in (prompt, *additions)]
    whole = "\n".join(sentence for text in texts for sentence in _about_code(text))
    asking = "\n".join(map(_asking, texts))
    identifiers, phrases = _identifiers(whole), _phrases(whole)
    plain = _plain(asking, [*identifiers, *phrases])
    terms = (
        *(Term(name, TermKind.IDENTIFIER, (name,)) for name in identifiers),
        *(Term(phrase, TermKind.PHRASE, (phrase.lower(),)) for phrase in phrases),
        *_compounds(plain),
        *_words(plain),
    )
    return Question("\n".join((prompt, *additions)).strip(), terms, _paths(whole))


def _asking(text: str) -> str:
    """The sentences of `text` that ask; all of them when none does."""
    sentences = _about_code(text)
    return "\n".join([sentence for sentence in sentences if _ASKS.search(sentence)] or sentences)


def _about_code(text: str) -> list[str]:
    """The sentences of `text` that are not about the answer; all of them when each is."""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
    return [sentence for sentence in sentences if not _ABOUT_ANSWER.match(sentence)] or sentences


def _plain(text: str, taken: Sequence[str]) -> str:
    """`text` without what is looked for as it stands, and without what is not looked for."""
    text = _CODE_SPAN.sub(" ", text)
    for exact in taken:
        text = text.replace(exact, " ")
    for pattern in _NOT_LOOKED_FOR:
        text = pattern.sub(", ", text)
    return text


def _paths(text: str) -> tuple[str, ...]:
    found = (path.strip("./`") for path in _PATH.findall(text))
    return tuple(dict.fromkeys(path for path in found if "/" in path or _FILE_ENDING.search(path)))


def _identifiers(text: str) -> list[str]:
    """Names as they stand in code; of a dotted one the last part, which is what is defined."""
    spans = (span.strip().removesuffix("()") for span in _CODE_SPAN.findall(text))
    found = [name for name in spans if re.fullmatch(r"[\w.]+", name)]
    found += _DOTTED.findall(text)
    found += [name.removesuffix("()") for name in _IDENTIFIER.findall(text)]
    last_parts = (name.rpartition(".")[2] for name in found if not _FILE_ENDING.search(name))
    return list(dict.fromkeys(name for name in last_parts if len(name) > 1))


def _phrases(text: str) -> list[str]:
    """What is quoted, such as the text of an error, and code that is no name."""
    spans = [
        span.strip()
        for span in _CODE_SPAN.findall(text)
        if not re.fullmatch(r"[\w.]+(?:\(\))?", span.strip())
    ]
    quoted = [quote.strip() for quote in _QUOTED.findall(_CODE_SPAN.sub(" ", text)) if " " in quote.strip()]
    return list(
        dict.fromkeys(
            phrase for phrase in (*spans, *quoted) if len(phrase) > 3 and not _PATH.fullmatch(phrase)
        )
    )


def _words(text: str) -> list[Term]:
    """The words that tell something, the first form of each, in their order; weak ones only where there is room."""
    said = [word for word in _WORD.findall(one_word(text.lower())) if word not in STOP and len(word) > 1]
    by_stem = {stem(word): word for word in reversed(said)}
    roots = list(dict.fromkeys(map(stem, said)))
    strong = [root for root in roots if root not in WEAK][:MOST_WORDS]
    weak = [root for root in roots if root in WEAK][: MOST_WORDS - len(strong)]
    return [_word(by_stem[root]) for root in roots if root in strong or root in weak]


def _word(word: str) -> Term:
    own = forms(word)
    telling = [other for other in synonyms(word) if stem(other) not in NO_SYNONYMS][:MOST_SYNONYMS]
    others = dict.fromkeys(form for other in telling for form in forms(other))
    distinct = tuple(other for other in others if other not in own)
    return Term(word, TermKind.WORD, tuple(own), distinct, weak=stem(word) in WEAK)


def _compounds(text: str) -> list[Term]:
    """Neighbours in the text, which code may write as one: `time zone` → `timezone`, `TimeZone`, `time_zone`."""
    found: dict[str, Term] = {}
    for run in re.split(r"[^A-Za-z0-9 -]+", text.lower()):
        for first, second in pairwise(re.split(r"[ -]+", run)):
            if first and second and not {first, second} & STOP and not {stem(first), stem(second)} <= WEAK:
                form = rf"{stem(first)}\w{{0,3}}[ _-]?{stem(second)}"
                found.setdefault(form, Term(f"{first} {second}", TermKind.COMPOUND, (form,)))
    return list(found.values())[:MOST_COMPOUNDS]
