"""Calls that were refused for something that can be put right, kept so that nobody types a prompt twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from subagents.errors import NotNow
from subagents.ids import RunId

KEPT_SECONDS = 600.0
MOST_KEPT = 100
PREFIX = "retry-"


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: RunId | None
    arguments: Mapping[str, Any]
    until: float


class Stash:
    """The refused calls of a session's parents, in memory; each finds its own only. `now` is a clock that does not go
    back, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[str, _Kept] = {}

    def keep(self, owner: RunId | None, arguments: Mapping[str, Any], handle: str = "") -> str:
        """The handle to try again with: the one the call came with, so that one serves any number of attempts."""
        self._sweep()
        handle = handle or f"{PREFIX}{token_hex(4)}"
        self._kept.pop(handle, None)
        while len(self._kept) >= MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[handle] = _Kept(owner, dict(arguments), self._now() + KEPT_SECONDS)
        return handle

    def merged(self, owner: RunId | None, handle: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The kept call with what is given now laid over it. Raises `NotNow` for a handle that is not kept."""
        self._sweep()
        kept = self._kept.get(handle)
        if kept is None or kept.owner != owner:
            minutes = int(KEPT_SECONDS // 60)
            raise NotNow(
                f"There is nothing to retry as {handle!r}: it is kept for {minutes} minutes. Make the whole call again."
            )
        return {**kept.arguments, **arguments}

    def forget(self, handle: str) -> None:
        """It was carried out."""
        self._kept.pop(handle, None)

    def _sweep(self) -> None:
        now = self._now()
        for handle in [handle for handle, kept in self._kept.items() if kept.until <= now]:
            del self._kept[handle]
