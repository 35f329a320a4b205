"""Glyphs and styles. Each glyph is one cell wide and says its meaning without colour.

Everything is drawn in Unicode; where a stream cannot show that, `ascii_of` puts one plain character for each
glyph at the very end, so that nothing changes its width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subagents.runs.state import RunState, RunStatus

if TYPE_CHECKING:
    from rich.text import Text

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_A_SECOND = 8
RESTING = "‖"
BETWEEN = " · "
BELOW = "└ "

GLYPHS = {
    RunStatus.QUEUED: "◦",
    RunStatus.RUNNING: FRAMES[0],
    RunStatus.COMPLETED: "✓",
    RunStatus.FAILED: "✗",
    RunStatus.STOPPED: "■",
    RunStatus.INTERRUPTED: "!",
}

#: How a status is coloured, in Rich's words; what is said never depends on it.
STYLES = {
    RunStatus.QUEUED: "dim",
    RunStatus.RUNNING: "cyan",
    RunStatus.COMPLETED: "green",
    RunStatus.FAILED: "red",
    RunStatus.STOPPED: "yellow",
    RunStatus.INTERRUPTED: "magenta",
}

_PLAIN = str.maketrans(
    dict(zip(FRAMES, "|/-\\|/-\\|/", strict=True))
    | {
        "◦": "o",
        "‖": "=",
        "✓": "+",
        "✗": "x",
        "■": "#",
        "└": "`",
        "├": "|",
        "│": "|",
        "─": "-",
        "⎿": "`",
        "●": "*",
        "○": "o",
        "⚠": "!",
        "▸": ">",
        "·": "-",
    }
    | {"…": "~", "↻": "@", "≤": "/", "⇊": "v", "×": "x", "–": "-", "—": "-"}
)


def glyph(run: RunState, now: float) -> str:
    """The run's mark; a running one's turns with the time."""
    if run.parked:
        return RESTING
    if run.status is RunStatus.RUNNING:
        return FRAMES[int(now * FRAMES_A_SECOND) % len(FRAMES)]
    return GLYPHS[run.status]


def shows_glyphs(encoding: str | None) -> bool:
    """Whether a stream of this encoding can show what is drawn."""
    try:
        "".join((FRAMES, *GLYPHS.values(), BELOW, "↻≤…")).encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def in_ascii(text: str) -> str:
    """The same in plain characters; what has none becomes a question mark."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


def ascii_of(text: Text) -> Text:
    """The same in plain characters, styles and all."""
    from rich.text import Text

    return Text(in_ascii(text.plain), style=text.style, spans=list(text.spans), end=text.end)
