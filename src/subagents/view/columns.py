"""A table as lines of plain text: columns as wide as what stands in them, the last one with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len

from subagents.view.cells import fit, pad

GAP = "  "
LEAST_LAST = 20  # cells; before the last column gets less, others are left out


@dataclass(frozen=True)
class Column:
    """A heading and its cells. Where there is no room, columns with the highest `spare` are left out first; 0 never.

    `narrow` are shorter cells, to be taken before anything else is left out.
    """

    title: str
    cells: Sequence[str]
    spare: int = 0
    right: bool = False
    narrow: Sequence[str] | None = None

    @cached_property
    def width(self) -> int:
        return max(map(cell_len, (self.title, *self.cells)))


def table(columns: Sequence[Column], width: int | None = None) -> list[str]:
    """The heading and a line for each row, none wider than `width` cells (None: as wide as it takes)."""
    shown = list(columns) if width is None else _that_fit(columns, width)
    lines = [_line(shown, [column.title for column in shown], width)]
    return [*lines, *(_line(shown, cells, width) for cells in zip(*(c.cells for c in shown), strict=True))]


def _that_fit(columns: Sequence[Column], width: int) -> list[Column]:
    kept = list(columns)
    least = min(LEAST_LAST, columns[-1].width)
    if _taken(kept) + least > width:
        kept = [Column(c.title, c.narrow or c.cells, c.spare, c.right) for c in kept]
    while _taken(kept) + least > width and any(column.spare for column in kept):
        kept.remove(max(kept, key=lambda column: column.spare))
    return kept


def _taken(columns: Sequence[Column]) -> int:
    """The cells that all but the last column need, gaps included."""
    return sum(column.width + len(GAP) for column in columns[:-1])


def _line(columns: Sequence[Column], cells: Sequence[str], width: int | None) -> str:
    *padded, last = [
        pad(cell, column.width, right=column.right) for column, cell in zip(columns, cells, strict=True)
    ]
    whole = GAP.join((*padded, last)).rstrip()
    return whole if width is None else fit(whole, width)
