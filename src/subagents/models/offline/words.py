"""English words as they appear in code: split out of identifiers, cut to a stem, in their other spellings."""

from __future__ import annotations

import re
from functools import lru_cache


def listed(text: str) -> tuple[str, ...]:
    """The words of a text, for tables of words that are easier to read as one."""
    return tuple(text.split())


_SUBWORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([bdfgklmnprtvz])\1$")

# Each pair is one sound in two spellings; both directions are tried.
_SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("centre", "center"),
    ("metre", "meter"),
    ("ogue", "og"),
    ("ence", "ense"),
    ("elled", "eled"),
    ("elling", "eling"),
    ("grey", "gray"),
)

_OUR = frozenset(
    listed("""
    armour behaviour colour endeavour favour favourite flavour harbour honour humour labour neighbour rumour vapour
    """)
)

# Words of which the pairs above are part by chance.
_ONE_SPELLING = frozenset(
    listed("""
    size raise rise wise noise otherwise exercise precise promise likewise four hour your our source resource course
    court pour tour route for or nor door floor error author mirror major minor prior factor vector
    editor monitor operator iterator generator cursor sensor actor tutor doctor motor executor constructor
    descriptor indicator validator after filter enter counter pointer writer printer parameter character letter
    better water master matter later outer inter inner log dog sequence reference difference sentence
    evidence presence absence occurrence called filled pulled enabled disabled handled calling filling pulling
    enabling handling sampling scaling styling table available readable variable able unable barrier carrier
    earlier tier multiplier modifier identifier classifier
    """)
)

# Who does it → what is done. Other words in -er and -or (number, header, server, error) are no such pair.
_DOERS = frozenset(
    listed("""
    builder caller checker collector compiler compressor connector consumer converter crawler decoder decompressor
    deserializer dispatcher downloader encoder executor exporter extractor finder formatter generator getter importer
    initializer installer iterator launcher lexer linker listener loader locker logger matcher merger normalizer
    notifier observer optimizer parser planner poller printer processor producer reader receiver recorder reducer
    renderer resolver rewriter runner scanner scheduler sender serializer setter sniffer sorter spawner splitter
    tokenizer tracer tracker transformer translator updater uploader validator verifier visitor waiter walker
    watcher wrapper writer
    """)
)

# What they name is another thing than what their verbs do.
_NOUNS_IN_ING = frozenset(listed("setting heading string spring timing ceiling meaning being"))

# Neither the table nor the rules below would see that these are one word.
_IRREGULAR = dict(
    pair.split(":")
    for pair in listed("""
    written:write wrote:write rewritten:rewrite chosen:choose chose:choose sent:send built:build kept:keep
    found:find lost:lose thrown:throw threw:throw given:give gave:give taken:take took:take held:hold bound:bind
    caught:catch hidden:hide broken:break broke:break drawn:draw shown:show grown:grow spent:spend began:begin
    begun:begin overridden:override overrode:override understood:understand slept:sleep woken:wake ran:run
    children:child indices:index matrices:matrix vertices:vertex criteria:criterion
    cookies:cookie movies:movie
    """)
)


def subwords(identifier: str) -> list[str]:
    """`HTTPServer_v2` → `["http", "server", "v", "2"]`."""
    return [word.lower() for word in _SUBWORDS.findall(identifier)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The part of a lower-case word that its inflections share; never under three letters.

    It is looked for as a piece of text, so it errs on the short side: `expired` → `expir`, `verified` → `verif`.
    """
    if len(word) <= 3 or not word.isalpha():
        return word
    word = _singular(_IRREGULAR.get(word, word))
    if word in _DOERS:
        word = _undoubled(word[:-2])
    for cut in (_without_participle, _without_adverb, _without_noun):
        word = cut(word)
    if len(word) > 7 and word.endswith(("at", "ate")):
        word = word[: word.rindex("at")]
    if word.endswith("y"):
        return word[:-1] if len(word) > 5 else word
    return word[:-1] if len(word) > 4 and word.endswith("e") and not word.endswith("ee") else word


def _singular(word: str) -> str:
    if word in ("series", "species"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")) and len(word) > 4:
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return word[:-1]
    return word


def _without_participle(word: str) -> str:
    if word in _NOUNS_IN_ING:
        return word
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root) and not word.endswith("eed"):
            if root.endswith("i"):
                return root[:-1] + "y"
            return _undoubled(root)
    return word


def _undoubled(root: str) -> str:
    """`runn` → `run`, `cancell` → `cancel`, but `roll` stays."""
    long_enough = 5 if root.endswith("l") else 3
    return root[:-1] if _DOUBLED.search(root) and len(root) > long_enough else root


def _without_adverb(word: str) -> str:
    for ending in ("ally", "ly"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 5:
            return root
    return word


def _without_noun(word: str) -> str:
    for ending, least in (("ification", 3), ("ation", 4), ("ment", 6), ("ion", 5)):
        root = word.removesuffix(ending)
        if root != word and len(root) >= least:
            return root + "if" if ending == "ification" else root
    return word


def forms(word: str) -> list[str]:
    """What to look for to find `word` however it is written: its stem, and those of its other spellings."""
    found = []
    for spelling in (word, *spellings(word)):
        root = stem(spelling)
        found.append(root)
        if root.endswith("y"):
            found.append(root[:-1] + "ie")  # retry, retries
    return list(dict.fromkeys(found))


def spellings(word: str) -> list[str]:
    """The other ways the word is written: `behaviour` → `["behavior"]`."""
    if word in _ONE_SPELLING or len(word) < 4:
        return []
    singular = word.removesuffix("s")
    found = [
        other
        for other in (singular.replace("our", "or"), singular.replace("or", "our"))
        if {other, singular} & _OUR
    ]
    for one, other in _SPELLINGS:
        for this, that in ((one, other), (other, one)):
            # What is replaced stands at the end, or before the ending of a plural.
            if word.endswith((this, this + "s")) and len(word) > len(this) + 2:
                start = word.rindex(this)
                found.append(word[:start] + that + word[start + len(this) :])
    return [spelling for spelling in dict.fromkeys(found) if spelling != word][:2]
