"""A list of tools in another tool's names, said in ours. What each name means there is the dialect's to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from subagents.definitions.dialects.base import Translation
from subagents.definitions.model import SHOWN
from subagents.language import _

#: By a tool's name in lower case: the tools of ours that do no more than it, or why there is none.
Names = Mapping[str, tuple[str, ...] | str]

NONE = "there is no such tool here"
WEB = "an MCP server or a tool of your own can do it"
PLAN = "there is no list of things to do, and no plan mode, here"
ASK = "an agent asks its parent, in its answer"
SKILL = "skills are files that `read` reads here"
AGENTS = "its agents are not to start others"


def listed_names(translation: Translation, key: str) -> list[str] | None:
    """The names in a list of tools, none for a key without a value; None without the key, and for what is no list,
    which is then refused as it is."""
    if key not in translation.theirs.values:
        return None
    value = translation.value(key)
    if value is None or all(
        isinstance(item, str) for item in (value if isinstance(value, list) else [value])
    ):
        return translation.names(key)
    translation.keep(key, "tools")
    return None


def take_tools(
    translation: Translation,
    key: str,
    names: Sequence[str],
    known: Names,
    provider: Callable[[str], str | None],
) -> None:
    """Our `tools` for a list of theirs; `*` is everything.

    `provider` says what a name that is not `known` is called here where it is a tool provider, or a tool of one; None
    where it is neither.
    """
    ours: dict[str, None] = {}
    for name in names:
        match known.get(name.lower()):
            case None if name == "*":
                ours["*"] = None
            case None if (entry := provider(name)) is not None:
                ours[entry] = None
            case None:
                translation.tell(
                    key, _("{name!r} in `{key}` is no tool that is known").format(name=name[:SHOWN], key=key)
                )
            case str(why):
                translation.lose_part(key, name, why)
            case found:
                ours |= dict.fromkeys(found)
    translation.put("tools", list(ours), key)
