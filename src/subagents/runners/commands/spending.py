"""What a program used, each token once, though it says so in pieces, in totals, or in totals of all its session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from subagents.definitions.output_table import Counts
from subagents.runners.commands.mapping import UsageSaid
from subagents.usage import ModelUsage


@dataclass(slots=True)
class Spending:
    """Counts what is not counted yet. `before` are the totals of the program's session when it began."""

    before: Mapping[str, ModelUsage]
    totals: dict[str, ModelUsage] = field(default_factory=dict)
    _counted: dict[str, ModelUsage] = field(default_factory=dict)
    _due: dict[str, ModelUsage] = field(default_factory=dict)
    _replies: set[str] = field(default_factory=set)
    _unpriced: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.totals = dict(self.before)

    def count(self, said: UsageSaid, model: str, replies: int) -> None:
        """Takes in what was said of `model`; the program has given so many `replies` by now."""
        match said.counts:
            case Counts.REPLY if said.of and said.of in self._replies:
                return
            case Counts.REPLY:
                # Its price, and what it wrote to the end, come with the totals.
                self._replies.add(said.of)
                self._add(model, msgspec.structs.replace(said.usage, requests=1))
                self._unpriced[model] = self._unpriced.get(model, 0) + 1
            case Counts.STEP:
                self._add(
                    model, msgspec.structs.replace(said.usage, requests=1, unpriced=int(not said.priced))
                )
            case Counts.RUN | Counts.SESSION:
                self._add_total(model, said, replies)

    def due(self) -> list[tuple[str, ModelUsage]]:
        """What was counted since the last time, by model, the most used first."""
        found = sorted(self._due.items(), key=lambda item: -item[1].tokens)
        self._due = {}
        return found

    def close(self) -> None:
        """The totals never came: the price of what was counted is not known."""
        for model, requests in self._unpriced.items():
            self._add(model, ModelUsage(unpriced=requests))
        self._unpriced = {}

    def _add_total(self, model: str, said: UsageSaid, replies: int) -> None:
        base = self.before.get(model) if said.counts is Counts.SESSION else None
        so_far = self._counted.get(model, ModelUsage())
        new = _less(_less(said.usage, base) if base is not None else said.usage, so_far)
        # How many requests it took is not said; a reply is one, and each model had at least one.
        requests = 0 if so_far.requests else max(1, replies - sum(u.requests for u in self._counted.values()))
        unpriced = 0 if said.priced else self._unpriced.get(model, 0) + requests
        self._unpriced.pop(model, None)
        self._add(model, msgspec.structs.replace(new, requests=requests, unpriced=unpriced))
        if said.counts is Counts.SESSION:
            self.totals[model] = said.usage

    def _add(self, model: str, usage: ModelUsage) -> None:
        self._counted[model] = self._counted.get(model, ModelUsage()) + usage
        self._due[model] = self._due.get(model, ModelUsage()) + usage


def _less(total: ModelUsage, part: ModelUsage) -> ModelUsage:
    """What of the total is not in the part. A total below it began anew, in a program that forgot the rest."""
    if total.input + total.output < part.input + part.output:
        return total
    return ModelUsage(
        input=max(0, total.input - part.input),
        output=max(0, total.output - part.output),
        cache_read=max(0, total.cache_read - part.cache_read),
        cache_write=max(0, total.cache_write - part.cache_write),
        cost=max(0.0, total.cost - part.cost),
    )
