"""The first lines of an answer that may be long, and how many more there were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ANSWER_LIMIT = 50_000


@dataclass(frozen=True)
class Bounded:
    """The lines that are shown, and the number of those `left_out`.

    `full` tells that the answer could not hold them, so that a higher limit would not help.
    """

    lines: list[str]
    left_out: int
    full: bool = False

    @classmethod
    def of(cls, lines: Iterable[str], limit: int) -> Bounded:
        """At most `limit` lines and `ANSWER_LIMIT` characters, but at least one line; the rest is counted."""
        shown: list[str] = []
        size = left_out = 0
        full = False
        for line in lines:
            size += len(line) + 1
            full = full or (size > ANSWER_LIMIT and 0 < len(shown) < limit)
            if full or len(shown) >= limit:
                left_out += 1
            else:
                shown.append(line)
        return cls(shown, left_out, full)

    def answer(self, what: str, how: str, *, complete: bool = True) -> str:
        """The text; if something is missing, its last line says how much of `what`, and `how` to see it.

        With `complete` false, what was counted was not all there is.
        """
        if self.left_out:
            number = f"{self.left_out:,}" if complete else f"at least {self.left_out:,}"
            note = [f"[{number} more {what} left out; {how}{'' if self.full else ' or raise limit'}]"]
        else:
            note = [] if complete else [f"[the search was ended early, there may be more; {how}]"]
        return "\n".join(self.lines + note)
