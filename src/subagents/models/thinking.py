"""How much a model is asked to think: the levels that people write, as the model library's setting.

What a provider does not have becomes the nearest that it has, which is the library's doing: a model that cannot stop
thinking thinks as little as it can, one that knows three levels gets the nearest of them, one that does not think is
not asked to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_ai.settings import ModelSettings, ThinkingEffort, ThinkingLevel

#: From least to most.
LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh", "max")

# How others say it.
_ALIASES = {
    "none": "off",
    "false": "off",
    "no": "off",
    "extra-high": "xhigh",
    "x-high": "xhigh",
    "maximum": "max",
}
_ON = ("on", "true", "yes")


def is_known(level: str) -> bool:
    """Whether a level means something; "" does not ask for any, and is one."""
    return level == "" or _setting(level) is not None


def settings_of(level: str) -> ModelSettings | None:
    """What a request with this level is made with; None leaves the model to its default, as an unknown level does."""
    from pydantic_ai.settings import ModelSettings

    setting = _setting(level)
    return None if setting is None else ModelSettings(thinking=setting)


def _setting(level: str) -> ThinkingLevel | None:
    word = level.strip().lower()
    word = _ALIASES.get(word, word)
    if word in _ON:
        return True
    if word == "off":
        return False
    return next((known for known in _EFFORTS if known == word), None)


_EFFORTS: tuple[ThinkingEffort, ...] = ("minimal", "low", "medium", "high", "xhigh", "max")
