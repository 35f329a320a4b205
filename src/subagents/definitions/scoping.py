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
from subagents.definitions.tool_names import DELEGATING, OWN_TOOLS, START, nearest_tool
from subagents.definitions.values import both
from subagents.language import _
from subagents.spec import ToolSelection

MAX_TOLD = 10  # names that are told of one list

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
    without = dict.fromkeys((*denied.names, *denied.partly, *tools.partly, *providers.denied(denied)))
    told = [*_about_tools(tools), *_about_denied(denied), *_about_types(tools, allowed, types)]
    for key, gone in _withheld(found, ToolSelection(names, tuple(without))):
        without |= dict.fromkeys(gone)
        told.append(
            Told(key, _("is not enforced yet, so the agent goes without {names}").format(names=both(gone)))
        )
    rules = providers.rules(found, tools, denied, exact=exact)
    told += [Told(key, message) for key, message in providers.told(found, tools, denied)]
    return Reach(ToolSelection(names, tuple(without), rules), types, tuple(told))


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
    if types == ():
        return None if tools.everything else tuple(name for name in tools.names if name not in DELEGATING)
    names = (*OWN_TOOLS, *tools.names) if tools.everything else tools.names
    if allowed is not None or [name for name in tools.names if name in DELEGATING] == [START]:
        # Who may start agents may follow them; a file that names several of these tools has chosen.
        return tuple(dict.fromkeys((*names, *DELEGATING)))
    if tools.everything:
        return tuple(dict.fromkeys(names)) if tools.starts else None
    return names


def _withheld(found: Mapping[str, Any], has: ToolSelection) -> Iterator[tuple[str, list[str]]]:
    """Each restriction that nothing enforces yet, with what the agent loses by it."""
    gone: set[str] = set()
    for key, tools in withheld(found):
        lost = [name for name in _had(has, tools) if name not in gone]
        gone |= set(lost)
        if lost:
            yield key, lost


def _had(has: ToolSelection, tools: Sequence[str]) -> list[str]:
    offered = OWN_TOOLS if has.names is None else has.names
    return [name for name in tools if name in offered and has.allows(name)]


# --- what is told


def _about_tools(tools: Listed) -> Iterator[Told]:
    if tools.foreign:
        few = _("names {names}, which has no equivalent here")
        many = _("names {names}, which have no equivalent here")
        yield Told("tools", (few if len(tools.foreign) == 1 else many).format(names=_some(tools.foreign)))
    if tools.unenforced:
        message = _("names {names}; until such rules are enforced, the agent goes without {tools}")
        yield Told("tools", message.format(names=_some(tools.unenforced), tools=both(tools.partly)))
    for name in tools.unknown[:MAX_TOLD]:
        yield Told("tools", _no_such(name))
    if (more := len(tools.unknown) - MAX_TOLD) > 0:
        yield Told("tools", _("names {n} more tools that there are not").format(n=more))


def _about_denied(denied: Listed) -> Iterator[Told]:
    if denied.unenforced:
        message = _("forbids {names}; until such rules are enforced, the agent goes without {tools}")
        yield Told(
            "disallowed_tools", message.format(names=_some(denied.unenforced), tools=both(denied.partly))
        )
    if denied.types:
        message = _("forbids some agents ({names}); until that is enforced, it can start none")
        yield Told("disallowed_tools", message.format(names=_some(denied.types)))
    # A name that is like none of ours may be a provider's tool, so only what looks misspelled is told.
    for name in [name for name in denied.unknown if nearest_tool(name)][:MAX_TOLD]:
        yield Told("disallowed_tools", _no_such(name))


def _about_types(tools: Listed, allowed: bool | tuple[str, ...] | None, types: Types) -> Iterator[Told]:
    if types != () or not tools.starts:
        return
    if allowed == ():
        yield Told("tools", _("names {tool}, but `allowed_subagents` allows no agent").format(tool=START))
    else:
        message = _("and `allowed_subagents` have no agent in common, so it can start none")
        yield Told("tools", message)


def _no_such(name: str) -> str:
    message = _("names {name!r}, and there is no such tool").format(name=name[:SHOWN])
    meant = nearest_tool(name)
    return message if meant is None else message + _("; did you mean `{name}`?").format(name=meant)


def _some(names: Sequence[str]) -> str:
    shown = [name[:SHOWN] for name in names[:MAX_TOLD]]
    more = len(names) - len(shown)
    return both([*shown, _("{n} more").format(n=more)] if more else shown)
