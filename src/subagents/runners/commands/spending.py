"""What a program used, each token once, though it says so in pieces, in totals, or in totals of all its session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from subagents.definitions.output_table import Counts
from subagents.runners.commands.mapping import UsageSaid
from subagents.usage import ModelUsage

#: What these tokens of a model cost in US dollars, None where that is not known.
PriceOf = Callable[[str, ModelUsage], float | None]


def unknown(model: str, used: ModelUsage) -> None:
    """Knows no price."""


@dataclass(slots=True)
class Spending:
    """Counts what is not counted yet. `before` are the totals of the program's session when it began.

    What has no price from the program is priced by `price`. A total of the program's that comes later with its own
    replaces that: its difference may be below 0, of the cost and of what was unpriced, and the sums never are.
    """

    before: Mapping[str, ModelUsage]
    price: PriceOf = unknown
    totals: dict[str, ModelUsage] = field(default_factory=dict)
    _counted: dict[str, ModelUsage] = field(default_factory=dict)
    _due: dict[str, ModelUsage] = field(default_factory=dict)
    _replies: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.totals = dict(self.before)

    def is_known(self, said: UsageSaid) -> bool:
        """Whether it is that of a reply which was counted before: every block of a reply repeats it."""
        return said.counts is Counts.REPLY and bool(said.of) and said.of in self._replies

    def count(self, said: UsageSaid, model: str, replies: int) -> None:
        """Takes in what was said of `model`; the program has given so many `replies` by now."""
        match said.counts:
            case Counts.REPLY | Counts.STEP:
                if not self.is_known(said):
                    self._replies.add(said.of)
                    used = msgspec.structs.replace(said.usage, requests=1)
                    self._add(model, used if said.priced else self._priced(model, used))
            case Counts.RUN | Counts.SESSION:
                self._add_total(model, said, replies)

    def due(self) -> list[tuple[str, ModelUsage]]:
        """What was counted since the last time, by model, the most used first."""
        found = sorted(self._due.items(), key=lambda item: -item[1].tokens)
        self._due = {}
        return found

    def _add_total(self, model: str, said: UsageSaid, replies: int) -> None:
        base = self.before.get(model) if said.counts is Counts.SESSION else None
        so_far = self._counted.get(model, ModelUsage())
        total = _less(said.usage, base) if base is not None else said.usage
        new = _less(total, so_far)
        # How many requests it took is not said; a reply is one, and each model had at least one.
        requests = 0 if so_far.requests else max(1, replies - sum(u.requests for u in self._counted.values()))
        new = msgspec.structs.replace(new, requests=requests)
        if not said.priced:
            new = self._priced(model, new, so_far)
        elif new.input + new.output < total.input + total.output or not so_far.tokens:
            new = msgspec.structs.replace(new, cost=total.cost - so_far.cost, unpriced=-so_far.unpriced)
        self._add(model, new)
        if said.counts is Counts.SESSION:
            self.totals[model] = said.usage

    def _priced(self, model: str, used: ModelUsage, so_far: ModelUsage | None = None) -> ModelUsage:
        if not used.tokens and not used.cache_read and not used.uncounted:
            return used
        price = None if used.uncounted else self.price(model, used)
        if price is not None:
            return msgspec.structs.replace(used, cost=price)
        # A request is told of at least once, and not again by each total that has it.
        unpriced = used.requests or int(so_far is None or not so_far.unpriced)
        return msgspec.structs.replace(used, cost=0.0, unpriced=unpriced)

    def _add(self, model: str, usage: ModelUsage) -> None:
        self._counted[model] = self._counted.get(model, ModelUsage()) + usage
        if usage != ModelUsage():
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
        uncounted=total.uncounted,
    )
