"""Names for runs, sessions and what else outlives a process.

A run's id is eight random lowercase base32 characters (40 bits); who hands it out checks that it is new
in the project. A session's id begins with the time it was made, so that sorting by id sorts by age.
Ids are addressed by any prefix that fits only one of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import NewType

RunId = NewType("RunId", str)
SessionId = NewType("SessionId", str)

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 base32, in lowercase
RUN_ID_LENGTH = 8
MAX_SLUG = 40  # characters

# Ids need to differ, not to be secret; the system's generator also differs after a fork.
_random = random.SystemRandom()


def new_run_id() -> RunId:
    """Eight random characters; the caller makes sure that the project has no such run yet."""
    return RunId(_letters(_random.getrandbits(40), RUN_ID_LENGTH))


def is_run_id(text: str) -> bool:
    """Whether it looks like one."""
    return len(text) == RUN_ID_LENGTH and set(text) <= set(ALPHABET)


def new_session_id(now: float) -> SessionId:
    """Nine characters of time (milliseconds since the epoch) and four random ones.

    The alphabet of `ALPHABET` does not sort by value ("2" stands before "a"), so digits are written
    in sorted order here.
    """
    ordered = "".join(sorted(ALPHABET))
    return SessionId(_letters(int(now * 1000), 9, ordered) + _letters(_random.getrandbits(20), 4, ordered))


def new_fact_id() -> str:
    """Sixteen hexadecimal characters."""
    return f"{_random.getrandbits(64):016x}"


def with_prefix(prefix: str, ids: Iterable[str]) -> list[str]:
    """The ids that begin with `prefix`; an exact match alone when there is one."""
    found = [known for known in ids if known.startswith(prefix)]
    return [prefix] if prefix in found else sorted(found)


def slug(text: str) -> str:
    """Lowercase letters, digits and single dashes, at most 40; `agent` when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text[:MAX_SLUG].lower()).strip("-") or "agent"


def next_handle(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` as a handle nobody has yet: `explore`, then `explore-2`, `explore-3`, the first one free."""
    base = slug(wanted)
    used = set(taken)
    if base not in used:
        return base
    number = 2
    while f"{base}-{number}" in used:
        number += 1
    return f"{base}-{number}"


def _letters(number: int, length: int, alphabet: str = ALPHABET) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
