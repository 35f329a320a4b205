"""A difference as a person reads it at a terminal: the colours of a patch, with nothing that a terminal acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

MOST = 1_000_000  # characters; a patch that is longer nobody reads for its colours
THEME = "ansi_dark"  # the terminal's own colours


def coloured(patch: str) -> Text:
    """The patch, whose lines are as long as they are."""
    from rich.syntax import Syntax
    from rich.text import Text

    if len(patch) > MOST:
        return Text(patch, end="")
    text = Syntax("", "diff", theme=THEME, background_color="default").highlight(patch)
    text.end = ""
    text.no_wrap = True
    return text
