"""A mapping that is never changed: what is put into it makes another one, which shares most of itself with it.

For what is remembered of each message: a copy of the whole would cost the more, the more there is. Standard library
only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

V = TypeVar("V")

_PARTS = 256  # each holds what falls to it; a change copies one of them, and the row of all


class Persistent(Mapping[str, V], Generic[V]):
    """In the order in which the keys were first put in."""

    __slots__ = ("_length", "_next", "_parts")

    def __init__(
        self, parts: tuple[dict[str, tuple[int, V]], ...] = ({},) * _PARTS, length: int = 0, next_: int = 0
    ):
        self._parts = parts
        self._length = length
        self._next = next_

    def put(self, key: str, value: V) -> Persistent[V]:
        """With this value at the key."""
        at = hash(key) % _PARTS
        known = self._parts[at].get(key)
        number = self._next if known is None else known[0]
        part = {**self._parts[at], key: (number, value)}
        return Persistent(self._with(at, part), self._length + (known is None), self._next + 1)

    def without(self, key: str) -> Persistent[V]:
        """Without the key; the same where it is not there."""
        if key not in self:
            return self
        at = hash(key) % _PARTS
        part = {each: value for each, value in self._parts[at].items() if each != key}
        return Persistent(self._with(at, part), self._length - 1, self._next)

    def _with(self, at: int, part: dict[str, tuple[int, V]]) -> tuple[dict[str, tuple[int, V]], ...]:
        return (*self._parts[:at], part, *self._parts[at + 1 :])

    def __getitem__(self, key: str) -> V:
        return self._parts[hash(key) % _PARTS][key][1]

    def __contains__(self, key: object) -> bool:
        return key in self._parts[hash(key) % _PARTS]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        numbered = [(number, key) for part in self._parts for key, (number, _value) in part.items()]
        return (key for _number, key in sorted(numbered))

    def __repr__(self) -> str:
        return f"Persistent({dict(self)!r})"
