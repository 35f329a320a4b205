"""The ways a key may be spelled, and which key was meant by one that there is not. What keys mean is not known here."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache

from subagents.definitions.fields import BY_KEY, KEYS
from subagents.definitions.model import SHOWN

#: Other names of our keys. How their words are joined does not matter: Claude Code writes camelCase.
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

#: Keys that others have, and what says the same here.
INSTEAD = {
    "disabled": "enabled: false",
    "disable": "enabled: false",
    "denied_tools": "disallowed_tools",
    "timeout": "max_seconds",
    "system_prompt": "the text below the front matter",
}

#: Words in the keys by which tools restrict their agents, such as `excludeTools` or `approvalPolicy`.
RESTRICTING_WORDS = frozenset(
    (
        *("tool", "tools", "permission", "permissions", "sandbox", "sandboxed", "approval", "approvals"),
        *("hook", "hooks", "gate", "gates", "policy", "policies"),
        *("deny", "denied", "disallow", "disallowed", "forbid", "forbidden", "exclude", "excluded"),
        *("allow", "allowed", "allowlist", "whitelist", "denylist", "blocklist", "blacklist", "blocked"),
        *("restrict", "restricted", "restrictions"),
    )
)

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINT = re.compile(r"[-_\s]")


def folded(key: str) -> str:
    """A key without what joins its words: `disallowedTools`, `disallowed-tools` and `disallowed_tools` are one."""
    return _JOINT.sub("", key).lower()


_KNOWN = {folded(key): key for key in KEYS} | {folded(alias): key for alias, key in ALIASES.items()}
_INSTEAD = {folded(key): text for key, text in INSTEAD.items()}
_MEANT = {key: text for key, text in _INSTEAD.items() if text in BY_KEY}
_WITHOUT = frozenset(map(folded, WITHOUT_EQUIVALENT))


def canonical(key: str) -> str | None:
    """The key of ours that is meant, by its own name or by an alias, however its words are joined."""
    return key if key in BY_KEY else _KNOWN.get(folded(key))


def has_no_equivalent(key: str) -> bool:
    return folded(key) in _WITHOUT


def to_write_instead(key: str) -> str | None:
    """What to write instead of a key that is not merely misspelled."""
    return _INSTEAD.get(folded(key))


def restricts_here(key: str) -> bool:
    """Whether it is, in whatever spelling, a key of ours that restricts an agent."""
    ours = canonical(key)
    return ours not in (None, "name") and BY_KEY[ours].restricts  # a name only says what to call it


def may_restrict(key: str) -> bool:
    """Whether a key that there is not was probably meant to restrict the agent, which would go on without that."""
    if has_no_equivalent(key):
        return False
    meant = _MEANT.get(folded(key)) or nearest_key(key)
    return has_restricting_word(key) or (meant is not None and restricts_here(meant))


def has_restricting_word(key: str) -> bool:
    words = _JOINT.split(_HUMP.sub("_", key.strip()).lower())
    return "readonly" in "".join(words) or not RESTRICTING_WORDS.isdisjoint(words)


@lru_cache(maxsize=1000)  # the same ones recur from file to file
def nearest_key(key: str) -> str | None:
    """The known key that was probably meant: `max_turn` means `max_turns`."""
    if len(key) > SHOWN:
        return None
    snake = _HUMP.sub("_", key.strip()).replace("-", "_").lower()
    found = get_close_matches(snake, (*KEYS, *ALIASES), n=1, cutoff=0.75)
    return ALIASES.get(found[0], found[0]) if found else None
