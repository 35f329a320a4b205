"""OpenCode: `.opencode/agents/*.md` (and `.opencode/agent`) with YAML front matter; the body is the role.

Sources: OpenCode documentation, "Agents" and "Permissions" of versions 1 and 2, and its own schema of an agent. What
a file leaves out is allowed and inherited. Keys that it does not know are passed on to the model's provider.
"""

from __future__ import annotations

from functools import partial

from subagents.definitions.dialects.base import Translated, Translation, Vocabulary, thinking_level
from subagents.definitions.dialects.markdown import Opened
from subagents.definitions.dialects.opencode_rules import RULES, take_rules
from subagents.definitions.fields import THINKING
from subagents.definitions.values import unquoted
from subagents.language import _

_HOW_VARIED = "how varied answers are is the model's default"


def translated(text: str) -> Translated:
    opened = Opened(text)
    take_rules(opened.translation)
    return opened.by(OPENCODE)


def _mode(translation: Translation) -> None:
    """Every agent can be started, which is `all` and `subagent`."""
    mode = translation.text("mode")
    if mode not in ("all", "subagent"):
        translation.lose("mode", "every agent can be started here")


def _disabled(key: str, translation: Translation) -> None:
    if translation.value(key) in (True, False):
        translation.put("enabled", not translation.value(key), key)
    else:
        translation.keep(key, "enabled")


def _color(translation: Translation) -> None:
    color = translation.text("color")
    if color.startswith("#"):
        translation.keep("color", "color")
    else:
        translation.lose("color", "it is a colour of OpenCode's theme")


def _steps(key: str, translation: Translation) -> None:
    """`steps` beats its older name."""
    steps = unquoted(translation.value(key))
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        translation.tell(key, _("`{key}` must be a whole number above 0").format(key=key))
    elif not translation.has("max_turns"):
        translation.put("max_turns", steps, key)


def _level(key: str, translation: Translation) -> None:
    """How hard a model thinks, where a variant or the provider's option says that."""
    level = thinking_level(translation.text(key))
    if level in THINKING and not translation.has("thinking"):
        translation.put("thinking", level, key)
    else:
        translation.lose(key, "a variant here is a level of thinking")


OPENCODE = Vocabulary(
    tool="OpenCode",
    ours={"name": "name", "description": "description", "model": "model"},
    read={
        "mode": _mode,
        "disable": partial(_disabled, "disable"),
        "disabled": partial(_disabled, "disabled"),
        "color": _color,
        "steps": partial(_steps, "steps"),
        "maxSteps": partial(_steps, "maxSteps"),
        "variant": partial(_level, "variant"),
        "reasoningEffort": partial(_level, "reasoningEffort"),
    },
    lost={
        "temperature": _HOW_VARIED,
        "top_p": _HOW_VARIED,
        "options": "options of a provider are not passed on",
        "prompt": "the role is what stands below the front matter",
        "system": "the role is what stands below the front matter",
    },
    idle=("hidden", "hidden_from_cycle"),
    elsewhere=RULES,
    restricting=RULES,
    harmless=("max_tokens", "maxTokens", "parallelToolCalls", "parallel_tool_calls"),  # options of a provider
    others_lost="options of a provider are not passed on",
)
