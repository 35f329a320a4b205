"""The colours that an agent may be given: names and `#RRGGBB`. How they are shown is not known here."""

from __future__ import annotations

import re

from subagents.definitions.values import BadValue, Written, words
from subagents.language import _

#: By name; upstream's palette, which holds Claude Code's eight colours too.
COLOURS = {
    "red": "#DC2626",
    "blue": "#6A9BCC",
    "green": "#16A34A",
    "yellow": "#CA8A04",
    "purple": "#827DBD",
    "orange": "#D97757",
    "pink": "#C46686",
    "cyan": "#0891B2",
    "amber": "#F59E0B",
    "teal": "#008080",
    "indigo": "#6366F1",
    "gold": "#EAB308",
    "neon-green": "#10B981",
    "neon-cyan": "#06B6D4",
    "slate": "#64748B",
    "metallic-blue": "#3B82F6",
    "violet": "#8B5CF6",
    "rose": "#F43F5E",
    "lime": "#84CC16",
    "gray": "#6B7280",
    "grey": "#6B7280",
    "fuchsia": "#D946EF",
    "navy": "#1E3A8A",
}

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


def a_colour(written: Written) -> str | None:
    """`#RRGGBB`, in upper case, of a name or of exactly six hexadecimal digits."""
    text = words(written)
    if text is None:
        return None
    if _HEX.fullmatch(text):
        return text.upper()
    if (named := COLOURS.get(text.lower())) is None:
        message = _("must be {names}, or six digits such as {example}, not {value}")
        raise BadValue(
            message.format(names=", ".join(COLOURS), example='"#8B5CF6" (in quotes)', value=written)
        )
    return named
