"""What a prompt asks for: the terms to look for, each with the forms it may take in code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from subagents.models.offline.intent import CHANGES
from subagents.models.offline.synonyms import one_word, synonyms
from subagents.models.offline.words import forms, listed, stem, subwords

MOST_WORDS = 8
"""Words of a question that are looked for; of a longer prompt the first ones that say most."""
MOST_SYNONYMS = 6
LONGEST_PROMPT = 20_000  # characters that are read

_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:and\s+)?(?:where|which|what|who|how|why|when|does|do|is|are|can|find|locate|search|look|show)\b",
    re.I,
)
# Sentences about the answer and not about the code.
_ABOUT_ANSWER = re.compile(
    r"^\W*(?:please\s+)?(?:report|return|answer|reply|respond|include|give|list|quote|cite"
    r"|be (?:brief|thorough|concise)|keep|do not|don't|only|no need|your (?:final )?answer"
    r"|search breadth|thoroughness)\b",
    re.I,
)
# "Which function …" says what the answer is, not what is to be looked for.
_ANSWERS_KIND = re.compile(
    r"\b(?:which|what)\s+(?:code|functions?|methods?|class(?:es)?|modules?|files?|parts?|lines?|decorators?)\b",
    re.I,
)
# What is to be done with it is not what is looked for.
_TO_DO = re.compile(rf"^\W*(?:please\s+)?(?:{CHANGES}|plan|design|propose|outline|draft)\b", re.I | re.M)
_HOW_MUCH = re.compile(r"\bhow (?:long|many|much|often|far|big|fast)\b", re.I)
_CODE_SPAN = re.compile(r"`([^`\n]{1,80})`")
_QUOTED = re.compile(r"[\"“]([^\"”\n]{3,60})[\"”]")
_PATH = re.compile(r"(?<![\w/.])(?:[\w.-]+/)*[\w-]+\.[a-z]{1,5}\b(?!\()|(?<![\w/.])(?:[\w.-]+/)+[\w.-]+")
_DOTTED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\b")
_IDENTIFIER = re.compile(
    r"\b(?:[A-Za-z]\w*_\w+|_+[A-Za-z]\w*|[a-z]+[A-Z]\w*|[A-Z]+[a-z]+[A-Z]\w*)\b(?:\(\))?"
)
_WORD = re.compile(r"[^\W\d_][^\W_]*|\d{2,}")
_FILE_ENDING = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|go|rs|java|kt|c|h|cc|cpp|hpp|cs|rb|php|swift|scala|sh|md|rst|txt|toml|yaml|yml|json|cfg"
    r"|ini|html|css|sql|lua|ex|exs|vue|proto)$"
)


@dataclass(frozen=True)
class Question:
    """`text` is what was asked; `paths` are files it names; `terms` what to look for, as they appear in it."""

    text: str
    terms: tuple[Term, ...]
    paths: tuple[str, ...] = ()
    literals: tuple[str, ...] = field(default=())

    @cached_property
    def words(self) -> tuple[Term, ...]:
        """The terms that are no compound of two."""
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
    texts = [_asking(text[:LONGEST_PROMPT]) for text in (prompt, *additions)]
    text = "\n".join(texts)
    identifiers = _identifiers(text)
    plain = _CODE_SPAN.sub(" ", text)
    for not_looked_for in (_TO_DO, _ANSWERS_KIND, _HOW_MUCH):
        plain = not_looked_for.sub(", ", plain)
    for name in identifiers:
        plain = plain.replace(name, " ")
    words = _words(plain)
    terms = (
        *(Term(name, TermKind.IDENTIFIER, (name,)) for name in identifiers),
        *_compounds(plain),
        *words,
    )
    return Question("\n".join((prompt, *additions)).strip(), terms, _paths(text))


def _asking(text: str) -> str:
    """The sentences of `text` that ask; all of them when none does."""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()]
    sentences = [sentence for sentence in sentences if not _ABOUT_ANSWER.match(sentence)] or sentences
    return "\n".join([sentence for sentence in sentences if _ASKS.search(sentence)] or sentences)


def _paths(text: str) -> tuple[str, ...]:
    found = (path.strip("./`") for path in _PATH.findall(text))
    return tuple(dict.fromkeys(path for path in found if "/" in path or _FILE_ENDING.search(path)))


def _identifiers(text: str) -> list[str]:
    """Names as they stand in code; of a dotted one the last part, which is what is defined."""
    found: list[str] = []
    for span in _CODE_SPAN.findall(text):
        name = span.strip().removesuffix("()")
        if re.fullmatch(r"[\w.]+", name) and not _FILE_ENDING.search(name):
            found.append(name.rpartition(".")[2])
    found += [name.rpartition(".")[2] for name in _DOTTED.findall(text) if not _FILE_ENDING.search(name)]
    found += [name.removesuffix("()") for name in _IDENTIFIER.findall(text)]
    return list(dict.fromkeys(name for name in found if len(name) > 1))


def _words(text: str) -> list[Term]:
    said = [word for word in _WORD.findall(one_word(text.lower())) if word not in STOP]
    by_stem = {stem(word): word for word in reversed(said) if len(word) > 1}
    kept = _most_telling(by_stem[root] for root in dict.fromkeys(map(stem, said)) if root in by_stem)
    return [_word(word) for word in kept]


def _most_telling(words: Iterable[str]) -> list[str]:
    """The first `MOST_WORDS`, weak ones only where there is room."""
    all_words = list(words)
    strong = [word for word in all_words if stem(word) not in WEAK][:MOST_WORDS]
    weak = [word for word in all_words if stem(word) in WEAK][: MOST_WORDS - len(strong)]
    return [word for word in all_words if word in strong or word in weak]


def _word(word: str) -> Term:
    own = forms(word)
    others = dict.fromkeys(form for other in synonyms(word)[:MOST_SYNONYMS] for form in forms(other))
    return Term(
        word,
        TermKind.WORD,
        tuple(own),
        tuple(other for other in others if other not in own),
        weak=stem(word) in WEAK,
    )


def _compounds(text: str) -> list[Term]:
    """Neighbours in the text, which code may write as one: `time zone` → `timezone`, `TimeZone`, `time_zone`."""
    found: dict[str, Term] = {}
    for run in re.split(r"[^A-Za-z0-9 -]+", text.lower()):
        words = re.split(r"[ -]+", run)
        for first, second in pairwise(words):
            stems = {stem(first), stem(second)}
            if {first, second} & STOP or "" in (first, second) or stems <= WEAK:
                continue
            form = rf"{stem(first)}\w{{0,3}}[ _-]?{stem(second)}"
            found.setdefault(form, Term(f"{first} {second}", TermKind.COMPOUND, (form,)))
    return list(found.values())[:4]


def words_of(identifier: str) -> list[str]:
    """The stems of an identifier's or a file name's parts."""
    return [stem(word) for word in subwords(identifier)]
