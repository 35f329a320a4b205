"""What a child may use: never more than its parent. Which tools exist is not known here, but for what they allow."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.definitions.tool_names import DELEGATING, FETCH, START
from subagents.spec import MemoryUse, RunSpec, ToolSelection

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


def rights_of(spec: RunSpec) -> ToolSelection:
    """What a run may use wherever it works: what was lent to it for its memory it cannot give on."""
    if spec.memory is None or spec.tools.names is None:
        return spec.tools
    own = tuple(name for name in spec.tools.names if name not in spec.memory.lent)
    return ToolSelection(own, spec.tools.denied, spec.tools.providers)


def with_memory(tools: ToolSelection, scope: str) -> tuple[ToolSelection, MemoryUse]:
    """The tools with those that a memory needs, and how it may be used. What is denied stays denied.

    Who may write or edit files may add to its memory; everybody else may only read it.
    """
    writes = any(tools.allows(name) for name in _WRITING)
    needed = ("read", *_WRITING) if writes else ("read",)
    lent = tuple(name for name in needed if not tools.allows(name) and not tools.denies(name))
    if tools.names is None or not lent:
        return tools, MemoryUse(scope, writes)
    return ToolSelection((*tools.names, *lent), tools.denied, tools.providers), MemoryUse(scope, writes, lent)


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
