"""Which notices were posted and not acknowledged yet, folded from their facts."""

from __future__ import annotations

NOTICE_PREFIX = "notice-"  # of a notice's id, which is also that of the message that brings it to a run


def is_notice(steer_id: str) -> bool:
    """Whether a message to a run is a notice of ours and not somebody's word."""
    return steer_id.startswith(NOTICE_PREFIX)
