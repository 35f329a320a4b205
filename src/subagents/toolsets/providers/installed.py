"""The providers of tools that installed packages bring, by the entry points of the group `subagents.toolsets`.

Finding them reads only what packages say of themselves; a package is imported when its tools are first needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from subagents.errors import BadTools
from subagents.foreign import ForeignFailed, foreign
from subagents.language import _
from subagents.toolsets.providers.printing import printed_aside
from subagents.toolsets.providers.provider import ToolProvider, is_listed, provider_name

GROUP = "subagents.toolsets"


@dataclass(frozen=True)
class Installed:
    """A provider that an installed package brings, not imported yet."""

    name: str
    entry: EntryPoint

    @property
    def origin(self) -> str:
        """Where it comes from, for a sentence: `shop_tools:tools, of shop-tools 1.2`."""
        brings = self.entry.dist
        return f"{self.entry.value}, of {brings.name} {brings.version}" if brings else self.entry.value

    def load(self) -> ToolProvider:
        """Imports it. Raises `ForeignFailed` or `BadTools`."""
        with foreign(), printed_aside():
            found = self.entry.load()
        if isinstance(found, ToolProvider):
            return ToolProvider(self.name, found.tools)
        if not is_listed(found) and not callable(found) and not hasattr(found, "get_tools"):
            raise BadTools(
                f"it is {type(found).__name__}, and no list of functions, toolset, or function that returns one"
            )
        return ToolProvider(self.name, found)


def installed(
    given: Iterable[str] = (), found: Iterable[EntryPoint] | None = None
) -> tuple[tuple[Installed, ...], tuple[str, ...]]:
    """The providers of installed packages, by name, and a sentence for each that is left out.

    Left out are those whose name cannot be, and those whose name is `given` to another or was taken by an earlier one,
    in the order of their packages' names.
    """
    kept: dict[str, Installed] = {}
    told: list[str] = []
    taken = set(given)
    for entry in sorted(entry_points(group=GROUP) if found is None else found, key=_order):
        try:
            each = Installed(provider_name(entry.name), entry)
        except BadTools as error:
            told.append(_("{error} It stands in {origin}.").format(error=error, origin=_origin(entry)))
            continue
        if each.name in taken or each.name in kept:
            other = _("the program") if each.name in taken else kept[each.name].origin
            message = _("The tools {name!r} of {origin} are left out: {other} has a provider of that name.")
            told.append(message.format(name=each.name, origin=each.origin, other=other))
            continue
        kept[each.name] = each
    return tuple(kept.values()), tuple(told)


def broken(each: Installed) -> str | None:
    """Why a provider cannot be used, as a sentence; None when it can. Imports it."""
    try:
        each.load()
    except (ForeignFailed, BadTools) as error:
        return left_out(each, error)
    return None


def left_out(each: Installed, error: Exception) -> str:
    message = _("The tools {name!r} ({origin}) are left out, for they could not be loaded: {error}")
    return message.format(name=each.name, origin=each.origin, error=error)


def _order(entry: EntryPoint) -> tuple[str, str, str]:
    return (entry.dist.name if entry.dist else "", entry.name.lower(), entry.value)


def _origin(entry: EntryPoint) -> str:
    return Installed(entry.name, entry).origin
