"""What every fact has, how one stands in the log, and what a fact of a run says besides."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from subagents.ids import RunId

MAX_ARGUMENTS = 4096  # characters of a tool call's arguments kept in its fact; the messages have all of them
MAX_PREVIEW = 500  # characters of a text kept where only a glance is needed


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that happened in a session."""

    version: ClassVar[int] = 1

    @property
    def synced(self) -> bool:
        """Whether it is forced to the disk before anybody hears of it."""
        return False


class Entry(msgspec.Struct, frozen=True):
    """A fact as it stands in the log. `seq` counts from 1 without gaps; `at` is seconds since the epoch."""

    seq: int
    id: str
    at: float
    event: Event


class RunEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a run, in its `episode` (1 for the start, one more with each resume)."""

    run: RunId
    episode: int
