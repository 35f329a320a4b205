"""Turns, time, tokens and cost: when a run is asked to finish, and when it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from subagents.spec import Limits
from subagents.usage import ModelUsage

# The last fifth of time, tokens and cost is for finishing.
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
    return Verdict.CONTINUE if limits.max_seconds is None else _at(seconds, limits.max_seconds, asked=asked)


def after_usage(limits: Limits, used: ModelUsage, *, asked: bool) -> Verdict:
    """What follows when the episode has used this much and another request is due.

    Asked at 80 % of `max_tokens` or `max_cost`, stopped at all of either, and also where nobody can know: when there is
    a limit of cost and something has no known price, or one of tokens and something was not counted. Looked at before
    each request, no more than one request goes beyond.
    """
    if _is_blind(limits, used):
        return Verdict.STOP
    verdicts = {_at(amount, most, asked=asked) for amount, most, _limit in _amounts(limits, used)}
    return next((each for each in (Verdict.STOP, Verdict.WRAP_UP) if each in verdicts), Verdict.CONTINUE)


def nearest(limits: Limits, used: ModelUsage) -> str:
    """Which of the two is nearer to its end, "tokens" or "cost"."""
    shares = [(amount / most, limit) for amount, most, limit in _amounts(limits, used)]
    return max(shares, default=(0.0, "tokens"))[1]


def used_up(limits: Limits, used: ModelUsage) -> str:
    """Why a run that used this much is stopped, as a sentence without its full stop."""
    if limits.max_tokens is not None and used.uncounted:
        return (
            f"its provider did not say how many tokens {used.uncounted} of its {used.requests} requests used, so its "
            f"limit of {limits.max_tokens:,} cannot be kept; limit its turns or time instead (max_turns, max_seconds)"
        )
    if _is_blind(limits, used):
        return (
            f"the price of {used.unpriced} of its {used.requests} requests is not known, so its limit of "
            f"{dollars(limits.max_cost or 0.0)} cannot be kept; limit its tokens instead (max_tokens)"
        )
    if nearest(limits, used) == "cost":
        return f"it cost {dollars(used.cost)}, and its limit was {dollars(limits.max_cost or 0.0)}"
    return f"it used {used.tokens:,} tokens, and its limit was {limits.max_tokens:,}"


def next_check(limits: Limits, seconds: float) -> float | None:
    """How many seconds after `seconds` the time limit says something else; None when it never will."""
    if limits.max_seconds is None:
        return None
    marks = (limits.max_seconds * WRAP_UP_SHARE, limits.max_seconds)
    return next((mark - seconds for mark in marks if mark > seconds), 0.0)


def wrap_up_message(limits: Limits, limit: str) -> str:
    """What the model is told when it is asked to finish; `limit` is the one that is near: "turns", "time", "tokens" or
    "cost"."""
    if limit == "turns":
        return (
            f"You have used your {limits.max_turns} turns. Wrap up now: do not begin anything new, and answer with "
            f"what you have, saying what is missing. At most {limits.grace_turns} more turns are possible."
        )
    near = {
        "time": "You are almost out of time.",
        "tokens": f"You have used most of your {limits.max_tokens or 0:,} tokens.",
        "cost": f"You have used most of the {dollars(limits.max_cost or 0.0)} that you may cost.",
    }
    return (
        f"{near[limit]} Wrap up now: do not begin anything new, and answer with what you have, "
        "saying what is missing."
    )


def dollars(amount: float) -> str:
    """`$2.00`, and of less than a cent its hundredths too: `$0.0042`."""
    whole, _point, decimals = (
        f"{amount:.2f}".partition(".") if amount >= 1 else f"{amount:.4f}".partition(".")
    )
    return f"${whole}.{decimals.rstrip('0'):0<2}"


def _at(amount: float, most: float, *, asked: bool) -> Verdict:
    if amount >= most:
        return Verdict.STOP
    return Verdict.WRAP_UP if amount >= most * WRAP_UP_SHARE and not asked else Verdict.CONTINUE


def _amounts(limits: Limits, used: ModelUsage) -> Iterator[tuple[float, float, str]]:
    """What was used of each limit there is, all of it, and which one it is."""
    if limits.max_tokens is not None:
        yield used.tokens, limits.max_tokens, "tokens"
    if limits.max_cost is not None:
        yield used.cost, limits.max_cost, "cost"


def _is_blind(limits: Limits, used: ModelUsage) -> bool:
    without_price = limits.max_cost is not None and used.unpriced > 0
    return without_price or (limits.max_tokens is not None and used.uncounted > 0)
