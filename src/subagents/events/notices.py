"""What a parent is told of endings."""

from __future__ import annotations

import msgspec

from subagents.events.fact import Event
from subagents.ids import RunId


class Noticed(msgspec.Struct, frozen=True):
    """The ending that a notice tells of."""

    run: RunId
    episode: int


class NoticePosted(Event, frozen=True, kw_only=True):
    """Endings that somebody is to be told of, together. Each ending stands in one notice only.

    `owner` is the run that is told, None for whoever drives the session. `partial` tells that others of their group
    were still in progress.
    """

    notice: str
    owner: RunId | None
    endings: tuple[Noticed, ...]
    partial: bool = False

    @property
    def synced(self) -> bool:
        return True


class NoticeAcknowledged(Event, frozen=True, kw_only=True):
    """It arrived: it stands in the owner's conversation, or the owner has the results. `to` names the door."""

    notice: str
    to: str = ""

    @property
    def synced(self) -> bool:
        return True
