"""What a conflict is made of: its kind, its places, and how it went away. How one is found is not known here."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ConflictKind(StrEnum):
    """What two sides have in common. The first four stop a merge; `lines` were edited by two runs in one tree. Of
    `unmerged` files nobody could tell whether they merge."""

    TEXT = "text"
    DELETED = "delete/modify"
    RENAMED = "rename"
    OTHER = "other"
    LINES = "lines"
    UNMERGED = "unmerged"
    SAME_FUNCTION = "same function"
    SAME_FILE = "same file"

    @property
    def stops_merge(self) -> bool:
        return self in (ConflictKind.TEXT, ConflictKind.DELETED, ConflictKind.RENAMED, ConflictKind.OTHER)

    @property
    def alarms(self) -> bool:
        """Whether somebody should look: not at a file whose lines were put together."""
        return self is not ConflictKind.SAME_FILE


class LineRange(msgspec.Struct, frozen=True):
    """Lines of a file, the first and the last, counted from 1."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"

    def meets(self, other: LineRange) -> bool:
        return self.first <= other.last and other.first <= self.last


class ConflictPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A file where two sides meet. `ours` and `theirs` are the lines of the first and the second, none where the whole
    file is meant. `functions` are those that both edited."""

    path: str
    ours: tuple[LineRange, ...] = ()
    theirs: tuple[LineRange, ...] = ()
    functions: tuple[str, ...] = ()


class ResolvedBy(StrEnum):
    """How a conflict went away."""

    MERGE = "merge"
    UNDONE = "undone"
    PERSON = "person"
