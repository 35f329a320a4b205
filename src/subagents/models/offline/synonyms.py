"""Which words programmers use for the same thing; `synonyms.txt` holds them, one family a line."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from subagents.models.offline.words import stem

# Said in several words, found as one.
_PHRASES = {
    "give up": "abort",
    "gives up": "abort",
    "throw away": "discard",
    "thrown away": "discard",
    "throw out": "discard",
    "thrown out": "discard",
    "work out": "compute",
    "works out": "compute",
    "worked out": "compute",
    "look up": "lookup",
    "looks up": "lookup",
    "looked up": "lookup",
    "roll over": "rollover",
    "rolled over": "rollover",
    "rolls over": "rollover",
    "time out": "timeout",
    "times out": "timeout",
    "log in": "login",
    "logs in": "login",
    "log out": "logout",
    "set up": "setup",
    "sets up": "setup",
    "shut down": "shutdown",
    "shuts down": "shutdown",
    "clean up": "cleanup",
    "cleans up": "cleanup",
    "cleaned up": "cleanup",
    "back off": "backoff",
    "file name": "filename",
    "command line": "command line argv",
    "regular expression": "regex",
    "regular expressions": "regex",
    "read only": "readonly",
    "read-only": "readonly",
    "least recently used": "lru",
    "garbage collect": "gc",
    "garbage collected": "gc",
    "operating system": "os",
    "side effect": "side effect",
}
_PHRASE = re.compile(r"\b(" + "|".join(map(re.escape, sorted(_PHRASES, key=len, reverse=True))) + r")\b")


def one_word(text: str) -> str:
    """Lower-case `text` with sayings of several words said in one: `rolled over` → `rollover`."""
    return _PHRASE.sub(lambda found: _PHRASES[found[0]], text)


def synonyms(word: str) -> list[str]:
    """Other words for `word`, nearest family first, none of them an inflection of it."""
    own = stem(word)
    return [other for other in _by_stem().get(own, ()) if stem(other) != own]


@cache
def _by_stem() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    families = (files("subagents.models.offline") / "synonyms.txt").read_text(encoding="utf-8")
    for family in families.splitlines():
        words = family.split()
        # The first word of a line is the entry; the others are found from it and not from each other.
        found.setdefault(stem(words[0]), {}).update(dict.fromkeys(words[1:]))
    return {word: tuple(others) for word, others in found.items()}
