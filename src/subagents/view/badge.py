"""An agent's name on its colour. Where it stands, and which agent has which colour, is not known here.

The text is black or white, whichever can be read: a background whose relative luminance, as WCAG 2.2 defines it, is
above 0.179 has the higher contrast with black. On a terminal with few colours the one that it shows is judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subagents.view.cells import printable

if TYPE_CHECKING:
    from rich.color import Color, ColorSystem
    from rich.text import Text

LIGHT = 0.179  # relative luminance
_BLACK, _WHITE = 16, 231  # of the 256 colours; the first sixteen are whatever the terminal's owner made them


def badge(label: str, colour: str, system: ColorSystem | None = None) -> Text:
    """The label with a blank on either side, on `colour` (`#RRGGBB`), two cells wider than it is.

    `system` are the colours that the terminal has; None is all of them. Without a colour it is the label in bold.
    Nothing behind the badge is changed by it.
    """
    from rich.style import Style
    from rich.text import Text

    if not colour:
        return Text(printable(label), style="bold", end="")
    return Text(
        f" {printable(label)} ",
        style=Style(color=text_on(colour, system), bgcolor=shown(colour, system)),
        end="",
    )


def shown(colour: str, system: ColorSystem | None = None) -> Color:
    """The colour as a terminal with these colours shows it."""
    from rich.color import Color

    parsed = Color.parse(colour)
    return parsed if system is None else parsed.downgrade(system)


def text_on(colour: str, system: ColorSystem | None = None) -> Color:
    """Black or white, whichever can be read on the colour as it is shown."""
    from rich.color import Color
    from rich.color import ColorSystem as Systems

    dark = luminance(shown(colour, system)) > LIGHT
    if system is Systems.EIGHT_BIT:
        return Color.from_ansi(_BLACK if dark else _WHITE)
    plain = Color.from_rgb(0, 0, 0) if dark else Color.from_rgb(255, 255, 255)
    return plain if system is None else plain.downgrade(system)


def luminance(colour: Color) -> float:
    """The relative luminance, from 0 for black to 1 for white: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (_linear(channel / 255) for channel in colour.get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
