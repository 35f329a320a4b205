"""Turns and time: when a run is asked to finish, and when it is stopped."""

from __future__ import annotations

from enum import StrEnum

from subagents.spec import Limits

# The last fifth of the time is for finishing, the same share that token and cost limits keep back.
WRAP_UP_SHARE = 0.8


class Verdict(StrEnum):
    CONTINUE = "continue"
    WRAP_UP = "wrap up"
    STOP = "stop"


def after_turn(limits: Limits, turns: int, *, asked: bool) -> Verdict:
    """What follows when the episode's turn number `turns` ended and the model wants another one.

    At `max_turns` it is asked once to wrap up; `grace_turns` later it is stopped. `asked` tells that it
    was asked before.
    """
    if limits.max_turns is None:
        return Verdict.CONTINUE
    if turns >= limits.max_turns + limits.grace_turns:
        return Verdict.STOP
    if turns >= limits.max_turns and not asked:
        return Verdict.WRAP_UP
    return Verdict.CONTINUE


def after_seconds(limits: Limits, seconds: float, *, asked: bool) -> Verdict:
    """The same for wall time: asked at 80 % of `max_seconds`, stopped at all of it."""
    if limits.max_seconds is None:
        return Verdict.CONTINUE
    if seconds >= limits.max_seconds:
        return Verdict.STOP
    if seconds >= limits.max_seconds * WRAP_UP_SHARE and not asked:
        return Verdict.WRAP_UP
    return Verdict.CONTINUE


def next_check(limits: Limits, seconds: float) -> float | None:
    """How many seconds after `seconds` the time limit says something else; None when it never will."""
    if limits.max_seconds is None:
        return None
    marks = (limits.max_seconds * WRAP_UP_SHARE, limits.max_seconds)
    return next((mark - seconds for mark in marks if mark > seconds), 0.0)


def wrap_up_message(limits: Limits, limit: str) -> str:
    """What the model is told when it is asked to finish; `limit` is the one that is near, "turns" or "time"."""
    if limit == "time":
        return (
            "You are almost out of time. Wrap up now: do not begin anything new, and answer with what you have, "
            "saying what is missing."
        )
    return (
        f"You have used your {limits.max_turns} turns. Wrap up now: do not begin anything new, and answer with "
        f"what you have, saying what is missing. At most {limits.grace_turns} more turns are possible."
    )
