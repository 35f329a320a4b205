"""From what a file says about tools and agents to what its agent may use and start. Nothing here widens it.

How a file is written is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subagents.definitions import providers
from subagents.definitions.model import SHOWN
from subagents.definitions.restrictions import withheld
from subagents.definitions.tool_lists import Listed
from subagents.definitions.tool_names import (
    DELEGATING,
    FETCH,
    OWN_TOOLS,
    START,
    nearest_tool,
    tools_meant,
)
from subagents.definitions.values import MAX_SHOWN, both, few
from subagents.language import _
from subagents.spec import ToolSelection

#: Tools that do what another does.
_ALIKE = {"read": ("read", "grep"), "write": ("write", "edit"), "edit": ("edit", "write")}

MAX_LOOKED_AT = 20  # forbidden names of one list that are told one by one

Types = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is not as a key says. The sentence goes on after the key, as the file spells it."""

    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What an agent may use and start. `subagents` None is any, where the tools let it start some."""

    tools: ToolSelection
    subagents: Types
    told: tuple[Told, ...]


def reach(found: Mapping[str, Any], *, exact: bool) -> Reach:
    """What the values that were read amount to. `exact`: a list of tools is about those of providers too."""
    tools: Listed = found.get("tools") or Listed(everything="tools" not in found)
    denied: Listed = found.get("disallowed_tools") or Listed()
    allowed: bool | tuple[str, ...] | None = found.get("allowed_subagents")
    types = _types(tools, allowed)
    names = _names(tools, allowed, types)
    without = dict.fromkeys((*denied.names, *_alike(denied), *tools.partly, *providers.denied(denied)))
    rules = providers.rules(found, tools, denied, exact=exact)
    written = ToolSelection(names, tuple(without), rules)
    selection, goes_without = _kept_to(written, found)
    told = (*_about_tools(tools), *_about_denied(denied), *_about_types(tools, allowed, types))
    mismatches = (Told(key, message) for key, message in providers.told(found, tools, denied))
    return Reach(selection, types, (*told, *goes_without, *mismatches))


def restricting_keys(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys whose values restrict which tools may be used, which only we ourselves can see to."""
    tools: Listed = found.get("tools") or Listed(everything="tools" not in found)
    denied: Listed = found.get("disallowed_tools") or Listed()
    keys = [key for key, _ in withheld(found)]
    if not tools.everything or tools.partly or tools.types is not None:
        keys.append("tools")
    if denied != Listed():
        keys.append("disallowed_tools")
    return tuple(sorted(keys))


# --- what it may use


def _types(tools: Listed, allowed: bool | tuple[str, ...] | None) -> Types:
    """The agents it may start: those that both `allowed_subagents` and `Agent(type)` allow."""
    if not isinstance(allowed, tuple):
        return tools.types
    return allowed if tools.types is None else tuple(name for name in allowed if name in tools.types)


def _names(tools: Listed, allowed: bool | tuple[str, ...] | None, types: Types) -> tuple[str, ...] | None:
    """Our tools it may use, None for all of them; which says nothing about starting agents."""
    names = tuple(dict.fromkeys((*OWN_TOOLS, *tools.names) if tools.everything else tools.names))
    if types == ():
        ours = tuple(name for name in names if name not in DELEGATING)
        return None if tools.everything and FETCH not in ours else ours
    if allowed is not None or [name for name in tools.names if name in DELEGATING] == [START]:
        # Who may start agents may follow them; a file that names several of these tools has chosen.
        return tuple(dict.fromkeys((*names, *DELEGATING)))
    if tools.everything:
        return names if tools.starts or FETCH in names else None
    return names


def _alike(denied: Listed) -> tuple[str, ...]:
    """What goes when some uses of a tool are forbidden: a file that may not be read may not be searched either."""
    return tuple(name for partly in denied.partly for name in _ALIKE.get(partly, (partly,)))


def _kept_to(written: ToolSelection, found: Mapping[str, Any]) -> tuple[ToolSelection, list[Told]]:
    """What is left by the restrictions that nothing enforces yet, and what is said of each that takes something."""
    left, told = written, list[Told]()
    for key, about in withheld(found):
        lost = _had(left, about.tools)
        rules = providers.without_any(left.providers) if about.providers else left.providers
        shown = [*lost, *([_("providers' tools")] if rules != left.providers else [])]
        left = ToolSelection(left.names, (*left.denied, *lost), rules)
        if shown:
            message = _("is not enforced yet, so it goes without {names}")
            told.append(Told(key, message.format(names=both(shown))))
    return left, told


def _had(has: ToolSelection, tools: Sequence[str]) -> list[str]:
    offered = OWN_TOOLS if has.names is None else has.names
    return [name for name in tools if name in offered and has.allows(name)]


# --- what is told


def _about_tools(tools: Listed) -> Iterator[Told]:
    if tools.foreign:
        one = _("names {names}, which has no equivalent here")
        many = _("names {names}, which have no equivalent here")
        yield Told("tools", (one if len(tools.foreign) == 1 else many).format(names=few(tools.foreign)))
    if tools.unenforced:
        message = _("names {names}, which nothing enforces yet, so it goes without {tools}")
        yield Told("tools", message.format(names=few(tools.unenforced), tools=both(tools.partly)))
    if tools.negated:
        yield Told("tools", _("has {names}; that is for `disallowed_tools`").format(names=few(tools.negated)))
    for name in tools.unknown[:MAX_SHOWN]:
        yield Told("tools", _no_such(name))
    if (more := len(tools.unknown) - MAX_SHOWN) > 0:
        yield Told("tools", _("names {n} more tools that there are not").format(n=more))


def _about_denied(denied: Listed) -> Iterator[Told]:
    if denied.unenforced:
        message = _("forbids {names}, which nothing enforces yet, so it goes without {tools}")
        yield Told(
            "disallowed_tools",
            message.format(names=few(denied.unenforced), tools=both(dict.fromkeys(_alike(denied)))),
        )
    if denied.types:
        message = _("forbids some agents ({names}), which nothing enforces yet, so it can start none")
        yield Told("disallowed_tools", message.format(names=few(denied.types)))
    for name in denied.unknown[:MAX_LOOKED_AT]:
        yield Told("disallowed_tools", _forbidden(name))
    if (more := len(denied.unknown) - MAX_LOOKED_AT) > 0:
        yield Told("disallowed_tools", _("names {n} more tools that there are not").format(n=more))


def _about_types(tools: Listed, allowed: bool | tuple[str, ...] | None, types: Types) -> Iterator[Told]:
    if types != () or not tools.starts:
        return
    if tools.types == ():
        yield Told("tools", _("names {tool}() without an agent, so it can start none").format(tool=START))
    elif allowed == ():
        yield Told("tools", _("names {tool}, but `allowed_subagents` allows no agent").format(tool=START))
    else:
        message = _("and `allowed_subagents` have no agent in common, so it can start none")
        yield Told("tools", message)


def _forbidden(name: str) -> str:
    """What becomes of a forbidden tool that nobody knows: it may be one of a provider, or meant for one of ours."""
    message = _("names {name!r}, which is no tool here").format(name=name[:SHOWN])
    if meant := tools_meant(name):
        return message + _(", so it goes without {tools}").format(tools=both(meant))
    return message + _("; only a provider's tool of that name goes")


def _no_such(name: str) -> str:
    message = _("names {name!r}, and there is no such tool").format(name=name[:SHOWN])
    if " " in name:
        return message + _("; separate names by commas")
    meant = nearest_tool(name)
    return message if meant is None else message + _("; did you mean `{name}`?").format(name=meant)
