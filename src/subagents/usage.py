"""Tokens and cost, by model, and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec


class ModelUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one model was used for. Tokens are counts; cost is in US dollars.

    `input` excludes what was read from or written to the provider's cache. `unpriced` counts the
    requests whose price is not known: while it is above zero, `cost` is a lower bound. `uncounted` counts
    those whose tokens the provider did not tell, so that the counts are lower bounds too.
    """

    requests: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: float = 0.0
    unpriced: int = 0
    uncounted: int = 0

    @property
    def tokens(self) -> int:
        """Input, output and cache writes. Cache reads are left out: they repeat what was counted before."""
        return self.input + self.output + self.cache_write

    def __add__(self, other: ModelUsage) -> ModelUsage:
        return ModelUsage(
            requests=self.requests + other.requests,
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            cost=self.cost + other.cost,
            unpriced=self.unpriced + other.unpriced,
            uncounted=self.uncounted + other.uncounted,
        )

    def __sub__(self, other: ModelUsage) -> ModelUsage:
        """What came after `other`, when this is what was used since then too."""
        return ModelUsage(
            requests=self.requests - other.requests,
            input=self.input - other.input,
            output=self.output - other.output,
            cache_read=self.cache_read - other.cache_read,
            cache_write=self.cache_write - other.cache_write,
            cost=max(0.0, self.cost - other.cost),  # fractions of a cent do not add up exactly
            unpriced=self.unpriced - other.unpriced,
            uncounted=self.uncounted - other.uncounted,
        )


class Usage(msgspec.Struct, frozen=True):
    """Usage by model id. Adding never loses a model and never counts a request twice."""

    models: Mapping[str, ModelUsage] = {}

    @property
    def total(self) -> ModelUsage:
        return sum(self.models.values(), start=ModelUsage())

    def plus(self, model: str, usage: ModelUsage) -> Usage:
        """This usage and one more request, or several, of `model`."""
        return Usage({**self.models, model: self.models.get(model, ModelUsage()) + usage})

    def __add__(self, other: Usage) -> Usage:
        added = self
        for model, usage in other.models.items():
            added = added.plus(model, usage)
        return added


def total(usages: Iterable[Usage]) -> Usage:
    """The sum of several, for a subtree or a session."""
    return sum(usages, start=Usage())
