"""Numbers as people read them: durations, ages, tokens, sizes, turns, shares, costs."""

from __future__ import annotations

import math
from enum import StrEnum

from subagents.language import _
from subagents.runs import result

MINUTE, HOUR, DAY = 60, 3600, 86400
MEGABYTE = 1_000_000


class Level(StrEnum):
    """How much attention a figure asks for."""

    DIM = "dim"
    WARNING = "warning"
    ERROR = "error"


def duration(seconds: float) -> str:
    """`12.3s` below a minute, `1m 12s` below an hour, then `2h 4m`. What is smaller is left out, not rounded."""
    return f"{max(seconds, 0.0):.1f}s" if seconds < MINUTE else result.duration(seconds)


def row_duration(seconds: float) -> str:
    """In whole seconds, for rows that are drawn again and again: `5s`, `1m 12s`, `75m 3s`."""
    whole = max(0, int(seconds))
    return f"{whole}s" if whole < MINUTE else _two(whole // MINUTE, "m", whole % MINUTE, "s")


def age(seconds: float) -> str:
    """In one unit: `0s`, `59m`, `47h`, then days from two on."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m"
    return f"{whole // HOUR}h" if whole < 2 * DAY else f"{whole // DAY}d"


def tokens(count: int) -> str:
    """`512 token`, `1.2k token`, `1.2M token`."""
    return _("{figure} token").format(figure=short(count))


def row_tokens(count: int) -> str:
    """`1.2k tok`, for rows."""
    return _("{figure} tok").format(figure=short(count))


def short(count: int) -> str:
    """Up to 999 as it is, then in thousands or millions with one decimal."""
    if count < 1000:
        return str(max(count, 0))
    # 999,950 would be written 1000.0k.
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"


def size(count: int) -> str:
    """Of so many bytes: `0 kB`, `12 kB`, `1.2 MB`. What is begun counts as a whole kilobyte."""
    kilobytes = -(-max(count, 0) // 1000)
    return f"{kilobytes} kB" if kilobytes < 1000 else f"{count / MEGABYTE:.1f} MB"


def turns(count: int, limit: int | None = None) -> str:
    """`↻5`, or `↻5≤30` where there is a limit."""
    return f"↻{count}" if limit is None else f"↻{count}≤{limit}"


def context_share(percent: float | None, compactions: int = 0) -> str:
    """How full the model's context is: `(45%)`, `(45% · ⇊2)` after two compactions; "" when nothing is known."""
    known = [] if percent is None else [f"{percent:.0f}%"]
    known += [f"⇊{compactions}"] if compactions else []
    return f"({' · '.join(known)})" if known else ""


def context_level(percent: float) -> Level:
    if percent < 70:
        return Level.DIM
    return Level.WARNING if percent < 85 else Level.ERROR


def cost(dollars: float, *, unpriced: int = 0) -> str:
    """`~$1.20`, `~$0.0123`, `<$0.0001`; "" when there is none. `unpriced` requests make it a lower bound: `~$1.20+`."""
    if not math.isfinite(dollars) or dollars <= 0:
        return ""
    more = "+" if unpriced else ""
    if dollars < 0.0001:
        return f"<$0.0001{more}"
    if dollars >= 1:
        return f"~${dollars:.2f}{more}"
    whole, _point, decimals = f"{dollars:.4f}".partition(".")
    return f"~${whole}.{decimals.rstrip('0'):0<2}{more}"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit} {small}{small_unit}" if small else f"{large}{large_unit}"
