"""What a child may use: never more than its parent. Which tools exist is not known here, but for what they allow."""

from __future__ import annotations

from collections.abc import Iterable

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
    "bash": (*_READING, *_WRITING),
}

#: The tools that drive other runs: who has the first may give them on.
DELEGATING = ("Agent", "get_subagent_result", "steer_subagent", "stop_subagent", "list_subagents")


def narrowed(child: ToolSelection, parent: ToolSelection) -> ToolSelection:
    """The child's tools, without those whose rights its parent has not.

    A child that wants all tools is not one that asked to delegate: that must be said by name.
    """
    denied = tuple(dict.fromkeys((*child.denied, *parent.denied)))
    if parent.names is None:
        return ToolSelection(child.names, denied)
    allowed = _with_implied(parent.among(parent.names))
    if child.names is None:
        return ToolSelection(tuple(name for name in allowed if name not in DELEGATING), denied)
    return ToolSelection(tuple(name for name in child.names if name in allowed), denied)


def _with_implied(names: Iterable[str]) -> tuple[str, ...]:
    implied = [other for name in names for other in (name, *_IMPLIED.get(name, ()))]
    if DELEGATING[0] in implied:
        implied += DELEGATING
    return tuple(dict.fromkeys(implied))
