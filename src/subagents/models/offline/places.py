"""The places in a file where most of a question meets: the closer together, the better."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Values: TypeAlias = Mapping[int, float]
"""What each term of the question is worth somewhere, by its index."""

# Lines a place reaches below the line it begins at, and what a meeting within them is worth.
_REACHES = ((30, 0.5), (6, 0.3), (0, 0.2))
_WHOLE, _CLOSE = _REACHES[0][0], _REACHES[1][0]
_FROM_PATH = 0.6  # what the path says counts for each of its places, but less
_MOST = 5


@dataclass(frozen=True)
class Place:
    """A stretch of lines; `line` is its best one; `terms` the indexes of the terms that meet there."""

    line: int
    score: float
    terms: frozenset[int]


def best_places(lines: Mapping[int, Values], in_path: Values) -> tuple[Place, ...]:
    """The best of a file, best first and apart from each other. `lines` are those that speak of any term."""
    numbers = sorted(number for number, values in lines.items() if values)
    places = [_place(start, numbers, lines, in_path) for start in range(len(numbers))]
    chosen: list[Place] = []
    for place in sorted(places, key=lambda place: (-place.score, place.line)):
        if all(abs(place.line - other.line) > _WHOLE for other in chosen):
            chosen.append(place)
        if len(chosen) == _MOST:
            break
    return tuple(chosen)


def _place(start: int, numbers: Sequence[int], lines: Mapping[int, Values], in_path: Values) -> Place:
    first = numbers[start]
    score = 0.0
    for reach, worth in _REACHES:
        score += worth * sum(
            _meeting(numbers[start : bisect_right(numbers, first + reach)], lines, in_path).values()
        )
    close = numbers[start : bisect_right(numbers, first + _CLOSE)]
    best = max(close, key=lambda number: (sum(lines[number].values()), -number))
    whole = _meeting(numbers[start : bisect_right(numbers, first + _WHOLE)], lines, in_path)
    return Place(best, score, frozenset(whole))


def _meeting(numbers: Sequence[int], lines: Mapping[int, Values], in_path: Values) -> dict[int, float]:
    """The most that each term is worth in any of the lines, or in the path."""
    best = {index: _FROM_PATH * value for index, value in in_path.items()}
    for number in numbers:
        for index, value in lines[number].items():
            if value > best.get(index, 0.0):
                best[index] = value
    return best
