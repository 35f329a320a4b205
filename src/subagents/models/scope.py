"""Which models a model may choose for the agents it starts. A person's own choice is not held to it."""

from __future__ import annotations

from collections.abc import Iterable

from subagents.models.providers import parted
from subagents.settings.possible import SCRIPT

_OF_PATTERNS = frozenset("*?[]{} ")


def allowed(enabled: Iterable[str]) -> frozenset[str]:
    """The `provider/id` that `enabled` names, in lower case; none of them is no restriction.

    An entry counts where it is a provider's name and an id, be that provider open or closed: a restriction must not
    end with a key, or with a server that is down. A blank one, a bare id, a part of a name or a pattern does not.
    """
    return frozenset(name for entry in enabled if (name := _well_formed(entry)))


def in_scope(name: str, allowed: frozenset[str]) -> bool:
    """Whether the model of this exact name may be chosen. What is no language model always may."""
    return not allowed or ":" not in name or name.startswith(SCRIPT) or slashed(name) in allowed


def slashed(name: str) -> str:
    """`provider/id` in lower case, of this or of `provider:id`. The latest of a local model needs no tag."""
    name = name.strip().casefold().removesuffix(":latest")
    provider, colon, id = name.partition(":")
    return f"{provider}/{id}" if colon and "/" not in provider else name


def _well_formed(entry: str) -> str:
    """The entry as `slashed` has it, "" for one that does not count."""
    prefix, provider, id = parted(slashed(entry))
    return f"{prefix}/{id}" if provider is not None and not set(id) & _OF_PATTERNS else ""
