"""What a child may use: never more than its parent. Which tools exist is not known here, but for what they allow."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.definitions.tool_names import DELEGATING, FETCH, START
from subagents.spec import ToolSelection

_READING = ("read", "grep", "find", "ls")
_WRITING = ("write", "edit")

#: What a run that has a tool could do with it anyway, so that a child may have these too. Reading a file is
#: reading it, whether by `read` or by `grep`; a shell can do all of it.
_IMPLIED: dict[str, tuple[str, ...]] = {
    "read": _READING,
    "grep": _READING,
    "find": ("find", "ls"),
    "ls": ("find", "ls"),
    "write": _WRITING,
    "edit": _WRITING,
    "bash": (*_READING, *_WRITING, FETCH),
}


def narrowed(child: ToolSelection, parent: ToolSelection) -> ToolSelection:
    """The child's tools, without those whose rights its parent has not.

    A child that wants all tools is not one that asked to delegate, or for the web: that must be said by name.
    """
    denied = tuple(dict.fromkeys((*child.denied, *parent.denied)))
    providers = tuple(dict.fromkeys((*child.providers, *parent.providers)))
    return ToolSelection(_names(child, parent), denied, providers)


def narrowed_types(child: tuple[str, ...] | None, parent: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The agent types a child may start, which are among its parent's; None is any."""
    if child is None or parent is None:
        return parent if child is None else child
    return tuple(name for name in child if name in parent)


def _names(child: ToolSelection, parent: ToolSelection) -> tuple[str, ...] | None:
    if parent.names is None:
        return child.names
    allowed = _with_implied(parent.among(parent.names))
    if child.names is None:
        return tuple(name for name in allowed if name not in (FETCH, *DELEGATING))
    return tuple(name for name in child.names if name in allowed)


def _with_implied(names: Iterable[str]) -> tuple[str, ...]:
    implied = [other for name in names for other in (name, *_IMPLIED.get(name, ()))]
    if START in implied:  # who may start agents may give that on, with what follows them
        implied += DELEGATING
    return tuple(dict.fromkeys(implied))
