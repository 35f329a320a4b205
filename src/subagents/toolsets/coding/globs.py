"""File patterns: `*.py`, `src/**/*.ts`, `{a,b}/*.md`.

ripgrep's own `--glob` cannot be used for them: what it names is shown although it is hidden or ignored,
so that `**/*` would list `.git` and everything ever built.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from subagents.toolsets.coding.failures import ToolFailed

ALTERNATIVES = 100
INNERMOST_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
PLAIN_NAME = re.compile(r"[\w.*?+@-]+", re.ASCII)


@dataclass(frozen=True)
class FileGlob:
    """A pattern, its braces written out: each alternative is its parts between slashes.

    One without a slash is about a file's name, in whatever folder. `**` stands for any number of folders,
    `*` and `?` never for a slash. With `!` before it, it is about all other files.
    """

    alternatives: tuple[tuple[str, ...], ...]
    negated: bool = False

    def matches(self, *forms: str) -> bool:
        """Whether it is about the file that these paths are forms of."""
        found = any(_match(one, form.split("/")) for one in self.alternatives for form in forms)
        return found != self.negated

    @property
    def names_hidden(self) -> bool:
        """Whether it asks for something whose name begins with a dot."""
        parts = (part for alternative in self.alternatives for part in alternative)
        return not self.negated and any(part.startswith(".") for part in parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Patterns for the names alone that ripgrep reads the same way; none if it might not."""
        names = tuple(alternative[-1] for alternative in self.alternatives)
        plain = all(PLAIN_NAME.fullmatch(name) and "**" not in name for name in names)
        return names if plain and not self.negated else ()


def parse_glob(pattern: str) -> FileGlob:
    """Raises ToolFailed for a pattern that names nothing or stands for too many."""
    text = pattern.strip()
    alternatives = tuple(_parts(one) for one in _written_out(text.removeprefix("!")))
    if () in alternatives:
        raise ToolFailed(
            f"{pattern!r} is no file pattern. Examples: `*.py`, `src/**/*.ts`, `docs/*.{{md,rst}}`."
        )
    return FileGlob(alternatives, negated=text.startswith("!"))


def _parts(pattern: str) -> tuple[str, ...]:
    whole = f"{pattern}**" if pattern.endswith("/") else pattern
    return tuple(part for part in whole.split("/") if part not in ("", "."))


def _written_out(pattern: str) -> list[str]:
    """`a{b,c}` as `ab` and `ac`; braces that do not close or hold no comma stand for themselves."""
    done, waiting = list[str](), [pattern]
    while waiting:
        one = waiting.pop()
        braces = INNERMOST_BRACES.search(one)
        if braces is None:
            done.append(one)
        else:
            before, after = one[: braces.start()], one[braces.end() :]
            waiting += [f"{before}{choice}{after}" for choice in braces[1].split(",")]
        if len(done) + len(waiting) > ALTERNATIVES:
            raise ToolFailed(f"{pattern!r} stands for more than {ALTERNATIVES} patterns. Use fewer braces.")
    return done


def _match(pattern: tuple[str, ...], parts: list[str]) -> bool:
    if len(pattern) == 1 and pattern != ("**",):
        return bool(_part(pattern[0])(parts[-1]))
    # The usual walk: on a mismatch the last `**` takes one folder more. It never goes back further, so the
    # time is at most the product of both lengths.
    at = position = 0
    star: int | None = None
    taken = 0
    while position < len(parts):
        if at < len(pattern) and pattern[at] == "**":
            star, taken = at, position
            at += 1
        elif at < len(pattern) and _part(pattern[at])(parts[position]):
            at, position = at + 1, position + 1
        elif star is not None:
            taken += 1
            at, position = star + 1, taken
        else:
            return False
    return all(part == "**" for part in pattern[at:])


@lru_cache(maxsize=512)
def _part(pattern: str) -> Callable[[str], object]:
    # `translate` makes an expression without backtracking over its stars; `[^a]` is what people write.
    return re.compile(translate(pattern.replace("[^", "[!"))).match
