"""pi: `.pi/agents/*.md` with YAML front matter; the body is the role.

Sources: the READMEs of the two extensions that are called pi-subagents. The keys of the one are ours, and a list of
tools is about the built-in ones; those of the other are read where they mean something here.
"""

from __future__ import annotations

from subagents.definitions.dialects.base import Translated, Translation
from subagents.definitions.dialects.markdown import Opened
from subagents.definitions.dialects.tools import listed_names
from subagents.definitions.tool_names import START
from subagents.definitions.values import number

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


#: Keys that only the other extension has; its lists of tools are all there is.
_ITS_OWN = frozenset((*_LOST, "systemPromptMode", "inheritSkills", "defaultContext", "skill"))


def translated(text: str) -> Translated:
    opened = Opened(text)
    translation = opened.translation
    for key, why in _LOST.items():
        if key in translation.theirs.values:
            translation.lose(key, why)
    if number(translation.value("maxSubagentDepth")) == 0:
        translation.put("allowed_subagents", "none", "maxSubagentDepth")
    _forked(translation)
    _tools(translation)
    translation.keep("systemPromptMode", "prompt_mode")
    skills = _skills(translation)
    translation.pass_on(but=(*_LOST, "systemPromptMode", "defaultContext", *skills))
    return opened.done()


def _forked(translation: Translation) -> None:
    """Whether the agent begins with its parent's conversation."""
    if translation.text("defaultContext") in ("fork", "fresh"):
        translation.put("inherit_context", translation.text("defaultContext") == "fork", "defaultContext")
    elif "defaultContext" in translation.theirs.values:
        translation.lose("defaultContext", "an agent begins with its parent's conversation, or with none")


def _tools(translation: Translation) -> None:
    """`subagent` starts agents, and `mcp:server/tool` is a server's tool."""
    names = listed_names(translation, "tools")
    if names is None:
        return
    ours = [_our_tool(name) for name in names]
    if ours != names:
        translation.put("tools", ours, "tools")
    named = any(name.lower().startswith(("ext:", "mcp__")) for name in ours)
    if _ITS_OWN & translation.theirs.values.keys() and not named:
        translation.put("extensions", False, "tools")


def _our_tool(name: str) -> str:
    if name == "subagent":
        return START
    return "__".join(("mcp", *name[4:].split("/", 1))) if name.startswith("mcp:") else name


def _skills(translation: Translation) -> tuple[str, ...]:
    """The keys about skills that were read: named ones are all that it has, whatever it would inherit."""
    if "skill" not in translation.theirs.values:
        return ()
    translation.keep("skill", "skills")
    if translation.value("inheritSkills") is True:
        translation.lose("inheritSkills", "an agent has the skills that are named, or all")
    return "skill", "inheritSkills"
