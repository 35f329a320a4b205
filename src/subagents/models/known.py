"""The models that the bundled price data knows, with what they cost. Nothing is fetched.

The data is genai-prices'; importing it takes a fifth of a second, so it is read when a name has to be looked up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from subagents.models.names import Named, newest
from subagents.models.providers import Provider

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

SMALLEST_WINDOW = 32_000  # tokens; an agent's tools and what they return do not fit into less

# What they name takes or gives something else than text, or calls no tools.
_OTHER_KINDS = frozenset(
    (
        *(
            "audio",
            "embedding",
            "image",
            "live",
            "moderation",
            "omni",
            "realtime",
            "transcribe",
            "tts",
            "whisper",
        ),
        *("instruct", "robotics", "search", "vision", "research", "rosalind", "cyber"),
        *("ft", "extended", "maas", "oss"),
    )
)


@dataclass(frozen=True, slots=True)
class Known:
    """`window` is in tokens; the prices are US dollars for a million tokens. None where it is not known."""

    named: Named
    window: int | None = None
    input_price: float | None = None
    output_price: float | None = None


@cache
def known_models(provider: Provider) -> tuple[Known, ...]:
    """Its models that can run agents, the newest first; none for a provider that the data does not have."""
    from genai_prices.data import providers

    data = next((each for each in providers if each.id == provider.name), None)
    if data is None or not provider.ids:
        return ()
    models = (_known(provider, info) for info in data.models if _runs_agents(info, provider.ids))
    return tuple(sorted(models, key=lambda each: newest(each.named)))


def _runs_agents(info: ModelInfo, ids: str) -> bool:
    words = set(re.split(r"[^a-z0-9]+", info.id))
    large = info.context_window is None or info.context_window >= SMALLEST_WINDOW
    return bool(re.match(ids, info.id)) and large and not info.deprecated and not words & _OTHER_KINDS


def _known(provider: Provider, info: ModelInfo) -> Known:
    prices = info.get_prices(datetime.now(UTC)).__dict__
    named = Named(provider.name, info.id, info.name or "")
    return Known(
        named, info.context_window, _dollars(prices.get("input_mtok")), _dollars(prices.get("output_mtok"))
    )


def _dollars(price: object) -> float | None:
    """One price, or that of the first tier."""
    price = getattr(price, "base", price)
    return float(str(price)) if price is not None else None
