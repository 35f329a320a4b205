"""Where a run's files are to live: in the folder itself or in a worktree, and who decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from subagents.definitions.model import AgentDefinition, Isolation
from subagents.errors import SpawnRefused
from subagents.settings.model import BASES, Settings
from subagents.spec import SpawnRequest


@dataclass(frozen=True, slots=True)
class Where:
    """`base` is what a worktree begins with, "" without one; `decided` and `notes` are for the `RunSpec`."""

    isolation: Isolation
    base: str = ""
    decided: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def isolation_of(
    request: SpawnRequest, definition: AgentDefinition, settings: Settings, *, overrules: bool
) -> Where:
    """`overrules` tells whether the caller beats the definition's file. Raises `SpawnRefused` for unknown words.

    Where worktrees are switched off nobody has one, and whoever asked for one is told.
    """
    _refuse_unknown("isolation", request.isolation, tuple(Isolation))
    _refuse_unknown("base", request.base, BASES)

    def decided(asked: str, written: str | None, setting: str) -> tuple[str, str]:
        both = ((asked, "caller"), (written or "", "definition"))
        ranked = both if overrules else both[::-1]
        return next((each for each in ranked if each[0]), (setting, "settings"))

    isolation, by = decided(request.isolation, definition.isolation, settings.default_isolation)
    if isolation != Isolation.WORKTREE:
        return Where(Isolation.OFF, decided={"isolation": by})
    if not settings.worktree_isolation:
        note = "It works in the folder itself: worktrees are switched off (the setting worktree_isolation)."
        return Where(Isolation.OFF, decided={"isolation": "settings"}, notes=(note,))
    base, base_by = decided(request.base, definition.base, settings.worktree_base)
    return Where(Isolation.WORKTREE, base, {"isolation": by, "base": base_by})


def _refuse_unknown(name: str, value: str, known: tuple[str, ...]) -> None:
    if value and value not in known:
        raise SpawnRefused(f"{name} is {value!r}; give one of {', '.join(known)}.")
