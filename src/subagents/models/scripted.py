"""`script:FILE.yaml`: a model that plays turns. This file knows which turn comes next, not who plays it.

A run has its own place in the script: the first unplayed turn whose `match` finds the last message is played,
else the first unplayed one without a `match`.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from subagents.errors import ScriptEnded
from subagents.language import _


class Pattern(Protocol):
    """A compiled RE2 expression."""

    pattern: str

    def search(self, text: str, /) -> object | None: ...


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScriptedError:
    """An answer of a provider that is an error; `retry_after` in seconds."""

    status: int
    message: str
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class ScriptedUsage:
    """`cost` in US dollars; None means unknown."""

    input_tokens: int
    output_tokens: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """Either `error`, or `text` and `tool_calls`; `delay` in seconds; no `usage` means it is unknown."""

    text: str | None
    tool_calls: tuple[ScriptedCall, ...]
    delay: float
    error: ScriptedError | None
    match: Pattern | None
    usage: ScriptedUsage | None


@dataclass(frozen=True)
class Script:
    """`name` is the file as it was asked for; it marks the replies, so that a resumed run finds its place."""

    name: str
    turns: tuple[ScriptedTurn, ...]
    repeat: bool

    @cached_property
    def reads_messages(self) -> bool:
        """Whether any turn depends on the last message."""
        return any(turn.match is not None for turn in self.turns)


def next_turn(script: Script, played: Set[int], last_message: str) -> int | None:
    """The index of the turn that follows those in `played`; None when none is left that fits."""
    plain = None
    for index, turn in enumerate(script.turns):
        if index in played:
            continue
        if turn.match is None:
            if not script.reads_messages:
                return index
            plain = index if plain is None else plain
        elif turn.match.search(last_message):
            return index
    return plain


def ended(script: Script, played: Set[int]) -> ScriptEnded:
    """What to raise when no turn is left: says how many were played, and what the others wait for."""
    left = [turn for index, turn in enumerate(script.turns) if index not in played]
    waiting = ", ".join(repr(turn.match.pattern) for turn in left if turn.match is not None)
    text = _("the script {name} has ended after {played} of its {all} turns")
    if waiting:
        text = _("the script {name} stopped after {played} of its {all} turns: the others wait for {waiting}")
    advice = _("Add a turn, or `repeat: true`.")
    said = text.format(name=script.name, played=len(played), all=len(script.turns), waiting=waiting)
    return ScriptEnded(f"{said}. {advice}")
