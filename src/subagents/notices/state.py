"""Which notices were posted and not acknowledged yet, folded from their facts."""

from __future__ import annotations

import msgspec

from subagents.events import Entry, NoticeAcknowledged, Noticed, NoticePosted
from subagents.ids import RunId

NOTICE_PREFIX = "notice-"  # of a notice's id, which is also that of the message that brings it to a run


def is_notice(steer_id: str) -> bool:
    """Whether a message to a run is a notice of ours and not somebody's word."""
    return steer_id.startswith(NOTICE_PREFIX)


class Posted(msgspec.Struct, frozen=True):
    """A notice that has not arrived. `owner` is whom it was for when it was posted; `at` is seconds since the epoch."""

    id: str
    owner: RunId | None
    endings: tuple[Noticed, ...]
    partial: bool
    at: float


class NoticeState(msgspec.Struct, frozen=True):
    """The notices on their way, in the order they were posted, and of each run the last episode that one tells of."""

    pending: tuple[Posted, ...] = ()
    told: dict[RunId, int] = {}

    def tells_of(self, run: RunId, episode: int) -> bool:
        """Whether this ending stands in a notice already; it is to stand in one only."""
        return self.told.get(run, 0) >= episode


def evolve(state: NoticeState, entry: Entry) -> NoticeState:
    """After one more fact; those that are about no notice change nothing."""
    match entry.event:
        case NoticePosted(notice=notice, owner=owner, endings=endings, partial=partial):
            posted = Posted(notice, owner, endings, partial, entry.at)
            # Changed in place: copying what is known of thousands of runs for each of them would cost their square.
            state.told.update({ending.run: ending.episode for ending in endings})
            return NoticeState((*state.pending, posted), state.told)
        case NoticeAcknowledged(notice=notice):
            return NoticeState(tuple(each for each in state.pending if each.id != notice), state.told)
        case _:
            return state
