"""The ways a key may be spelled, and which key was meant by one that there is not. What keys mean is not known here."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache

from subagents.definitions.fields import KEYS
from subagents.definitions.model import SHOWN

#: Other names of our keys, in snake_case. Claude Code's camelCase, and kebab-case, are read as snake_case.
ALIASES = {
    "inherit_extensions": "extensions",
    "inherit_skills": "skills",
    "sandbox_mode": "sandbox",
    "effort": "thinking",
    "background": "run_in_background",
    "colour": "color",
    "allowed_tools": "tools",
}

#: Claude Code's keys that mean nothing here.
WITHOUT_EQUIVALENT = frozenset(("initial_prompt",))

#: What to write instead of a key that is not merely misspelled.
INSTEAD = {
    "disabled": "enabled: false",
    "disable": "enabled: false",
    "denied_tools": "disallowed_tools",
    "timeout": "max_seconds",
    "system_prompt": "the text below the front matter",
}

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def canonical(key: str) -> str | None:
    """The key of ours that is meant, by its own name, by an alias, or by either in camelCase or kebab-case."""
    if key in KEYS:
        return key
    snake = snake_case(key)
    snake = ALIASES.get(snake, snake)
    return snake if snake in KEYS else None


def snake_case(key: str) -> str:
    """`disallowedTools` and `disallowed-tools` are `disallowed_tools`."""
    return _HUMP.sub("_", key.strip()).replace("-", "_").lower()


@lru_cache(maxsize=1000)  # the same ones recur from file to file
def nearest_key(key: str) -> str | None:
    """The known key that was probably meant: `max_turn` means `max_turns`."""
    if len(key) > SHOWN:
        return None
    found = get_close_matches(snake_case(key), (*KEYS, *ALIASES), n=1, cutoff=0.75)
    return ALIASES.get(found[0], found[0]) if found else None
