"""Which model is wished for, and which one was chosen. How names are understood is not known here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from subagents.spec import AskedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelWish:
    """`asked` is what won, as it is written, and `decided` who said so (a word of `RunSpec.decided`).

    `asked_by` is who wants the run. `inherited` is the exact name of the parent's model, "" without a parent.
    """

    asked: str
    decided: str
    asked_by: AskedBy
    inherited: str = ""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """`model` is the exact name of one that can answer here. `notes` are sentences on what is not as asked."""

    model: str
    notes: tuple[str, ...] = ()


#: Raises `ModelUnavailable` with the names that would have worked, and `InvalidScript`.
ChooseModel = Callable[[ModelWish], Awaitable[ModelChoice]]
