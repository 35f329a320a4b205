"""What a file forbids in ways that nothing enforces yet, and the tools an agent goes without until it is enforced.

A restriction that cannot be kept takes the tool away, so that an agent never has more than its file allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from subagents.definitions.fields import PermissionMode
from subagents.definitions.model import Sandbox
from subagents.definitions.tool_names import CHANGING, DELEGATING, OWN_TOOLS, our_name, provider_entry

EVERY_TOOL = (*OWN_TOOLS, *DELEGATING)


@dataclass(frozen=True, slots=True)
class Restriction:
    """`withholds` answers for a key's value which tools it is about, () for none."""

    key: str
    withholds: Callable[[Any], tuple[str, ...]]


def _by_mode(mode: PermissionMode) -> tuple[str, ...]:
    """`plan` only looks, and `dontAsk` refuses whatever would be asked about."""
    return CHANGING if mode in (PermissionMode.PLAN, PermissionMode.DONT_ASK) else ()


def _by_sandbox(sandbox: Sandbox) -> tuple[str, ...]:
    """The file tools stay inside the workspace by themselves; only commands can leave it."""
    match sandbox:
        case Sandbox.READ_ONLY:
            return CHANGING
        case Sandbox.WORKSPACE_WRITE:
            return ("bash",)
        case Sandbox.OFF:
            return ()


def _by_gate(gate: object) -> tuple[str, ...]:
    """A gate holds work back until somebody agreed; who changes nothing has none that could be held back."""
    return CHANGING if gate else ()


def _by_hooks(hooks: Mapping[str, Any]) -> tuple[str, ...]:
    """A hook before tool calls may refuse each of those it is for; the other hooks refuse nothing."""
    before = [value for event, value in hooks.items() if _comes_before(event)]
    found = {name for groups in before for group in _listed(groups) for name in _matched(group)}
    return tuple(name for name in EVERY_TOOL if name in found)


#: The one table of restrictions that later versions enforce, and what is withheld meanwhile.
RESTRICTIONS = (
    Restriction("permission_mode", _by_mode),
    Restriction("sandbox", _by_sandbox),
    Restriction("gate", _by_gate),
    Restriction("hooks", _by_hooks),
)


def withheld(found: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each key that restricts in a way nothing enforces yet, with the tools it is about."""
    for one in RESTRICTIONS:
        value = found.get(one.key)
        if value is not None and (tools := one.withholds(value)):
            yield one.key, tools


# --- hooks before tool calls


def _comes_before(event: str) -> bool:
    """`PreToolUse`, `PermissionRequest`, and what other tools call these."""
    folded = event.replace("_", "").replace("-", "").lower()
    return folded.startswith(("pretool", "beforetool", "permission", "toolcall"))


def _listed(groups: object) -> list[object]:
    return groups if isinstance(groups, list) else [groups]


def _matched(group: object) -> tuple[str, ...]:
    """The tools that a hook is for. A pattern that is more than names is taken for every tool."""
    matcher = group.get("matcher") if isinstance(group, dict) else None
    if not isinstance(matcher, str) or not matcher.strip():
        return EVERY_TOOL
    names = [name.strip() for name in matcher.replace(",", "|").split("|")]
    ours = [_ours(name) for name in names]
    return EVERY_TOOL if None in ours else tuple(name for name in ours if name)


def _ours(name: str) -> str | None:
    """Our name of a hook's tool; "" where it is none of ours, None where that cannot be told."""
    if provider_entry(name) is not None:
        return ""
    return (our_name(name) or "") if name.isidentifier() else None
