"""Lines that repeat a question, as a list of questions or a report on them does: they answer nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

_SHARE = 0.6  # so many of the question's words in a row are a copy of it
_LEAST = 5  # words; fewer stand together by chance
_WORD = re.compile(r"[a-z0-9']+")


class Echoes:
    """Finds the copies of one question."""

    def __init__(self, question: str) -> None:
        words = _WORD.findall(question.lower())
        self._size = max(_LEAST, math.ceil(len(words) * _SHARE))
        self._runs = frozenset(self._runs_of(words))

    def __contains__(self, line: str) -> bool:
        return any(run in self._runs for run in self._runs_of(_WORD.findall(line.lower())))

    def _runs_of(self, words: Sequence[str]) -> Iterable[str]:
        return (" ".join(words[at : at + self._size]) for at in range(len(words) - self._size + 1))
