"""Text that fits: measured in terminal cells, where a Chinese character or an emoji takes two."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"

# Invisible ones that a terminal acts upon or that turn a line's order round, by Unicode category: control,
# format (bidirectional overrides are among them), surrogate, private use, line and paragraph separator.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINER = "\u200d"  # inside one emoji of several


def printable(text: str) -> str:
    """The text as one line that does nothing to a terminal: blanks for line ends, nothing for what acts."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(_shown(character) for character in text).split())


def _shown(character: str, instead: str = " ") -> str:
    if character == _JOINER or unicodedata.category(character) not in _ACTING:
        return character
    return instead if unicodedata.category(character) in ("Cc", "Zl", "Zp") else ""


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text, or as much of its beginning as `width` cells hold, with an ellipsis for the rest."""
    if cell_len(text) <= width:
        return text
    if width <= cell_len(ellipsis):
        return ellipsis[: max(width, 0)]
    return set_cell_size(text, width - cell_len(ellipsis)).rstrip() + ellipsis


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks up to `width` cells, in front of it when it is to stand on the right."""
    blanks = " " * max(0, width - cell_len(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, width: int, *, indent: int = 0) -> list[str]:
    """The text in lines of at most `width` cells, broken between words where there are any; all but the first are
    indented."""
    from textwrap import TextWrapper

    # Of a character that takes two cells half as many fit; counting each as two is on the safe side.
    room = max(10, width if cell_len(text) == len(text) else width // 2)
    return TextWrapper(room, subsequent_indent=" " * indent, break_on_hyphens=False).wrap(text) or [text]
