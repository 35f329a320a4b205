"""A setting found by its name, or by what was meant by it."""

from __future__ import annotations

import re
from functools import cache

from subagents.language import _
from subagents.settings.model import declared
from subagents.settings.possible import MOST_SHOWN, Declared


@cache
def by_name() -> dict[str, Declared]:
    """Every setting by its name."""
    return {each.name: each for each in declared()}


def unknown(name: str) -> str:
    """The sentence about a setting that there is not, with the one that was probably meant."""
    said = _("there is no setting {name!r}").format(name=name[:MOST_SHOWN])
    near = nearest_name(name[:MOST_SHOWN])
    return _("{said}; did you mean {near}?").format(said=said, near=near) if near else said


def nearest_name(name: str) -> str:
    """The setting that looks most like it, "" when none does. Spellings of other tools are understood."""
    from difflib import get_close_matches

    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s.-]+", "_", name.strip()).lower()
    return snake if snake in by_name() else next(iter(get_close_matches(snake, by_name(), 1, 0.6)), "")
