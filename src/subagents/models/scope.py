"""Which models a model may choose for the agents it starts. A person's own choice is not held to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from subagents.settings.possible import SCRIPT


def allowed(enabled: Iterable[str], available: Collection[str]) -> frozenset[str]:
    """The `provider/id` of `available` that `enabled` names, in lower case; none of them is no restriction.

    An entry counts only where it is the exact name of an available model, whatever its case: a blank one, a bare id,
    a part of a name or a pattern does not.
    """
    known = {slashed(name) for name in available}
    return frozenset(name for entry in enabled if (name := slashed(entry)) in known)


def in_scope(name: str, allowed: frozenset[str]) -> bool:
    """Whether the model of this exact name may be chosen. What is no language model always may."""
    return not allowed or ":" not in name or name.startswith(SCRIPT) or slashed(name) in allowed


def slashed(name: str) -> str:
    """`provider/id` in lower case, of this or of `provider:id`. The latest of a local model needs no tag."""
    name = name.strip().casefold().removesuffix(":latest")
    provider, colon, id = name.partition(":")
    return f"{provider}/{id}" if colon and "/" not in provider else name
