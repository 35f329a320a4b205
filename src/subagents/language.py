"""The language of texts for people: every such text goes through `_`.

Catalogues come later; until one is found, the text itself is the answer. `gettext` is loaded at the
first text, because commands that print none must not pay for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations


def _(text: str) -> str:
    """The text in the user's language."""
    return _translations().gettext(text)


def counted(one: str, many: str, count: int) -> str:
    """`one` or `many`, whichever the user's language takes for `count`, with `{n}` filled in."""
    return _translations().ngettext(one, many, count).format(n=count)


@cache
def _translations() -> NullTranslations:
    import gettext

    return gettext.translation("subagents", fallback=True)
