"""pi: `.pi/agents/*.md` with YAML front matter; the body is the role.

Sources: the READMEs of the two extensions that are called pi-subagents. The keys of the one are ours, and a list of
tools is about the built-in ones; those of the other are read where they mean something here.
"""

from __future__ import annotations

from subagents.definitions.dialects.base import Translated, Translation
from subagents.definitions.dialects.markdown import Opened

#: By key: why it has no equivalent here.
_LOST = {
    "output": "the answer is the agent's result, not a file",
    "outputMode": "the answer is the agent's result, not a file",
    "defaultReads": "name the files in the prompt",
    "defaultProgress": "the transcript shows how far an agent is",
    "interactive": "an agent asks its parent, in its answer",
    "inheritProjectContext": "with `prompt_mode: append` it reads the project's instructions",
    "fallbackModels": "a model that is not available is replaced by the parent's",
    "maxSubagentDepth": "how deep agents may start agents is a setting here",
    "completionGuard": "an output schema can hold an answer to a form",
    "temperature": "how varied answers are is the model's default",
}


def translated(text: str) -> Translated:
    opened = Opened(text)
    translation = opened.translation
    for key, why in _LOST.items():
        if key in translation.theirs.values:
            translation.lose(key, why)
    _forked(translation)
    translation.keep("systemPromptMode", "prompt_mode")
    translation.keep("skill", "skills")
    translation.pass_on(but=(*_LOST, "systemPromptMode", "skill", "defaultContext"))
    return opened.done()


def _forked(translation: Translation) -> None:
    """Whether the agent begins with its parent's conversation."""
    if translation.text("defaultContext") in ("fork", "fresh"):
        translation.put("inherit_context", translation.text("defaultContext") == "fork", "defaultContext")
    elif "defaultContext" in translation.theirs.values:
        translation.lose("defaultContext", "an agent begins with its parent's conversation, or with none")
