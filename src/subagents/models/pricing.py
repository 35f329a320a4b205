"""What a reply used and cost, by the price data that comes with the model library: nothing is fetched."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from subagents.models.addresses import KEYS, address_of
from subagents.settings.keys import opened
from subagents.usage import ModelUsage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.usage import RequestUsage

#: Who answers in this process: what a reply of theirs costs is known, unless it plays a provider's.
LOCAL = frozenset({"offline", "script"})

#: Servers that may be anybody's: a model's name says nothing about its price there, an address may.
ANYBODYS = frozenset({"openai-compatible", "ollama"})

MOST_TOKENS = 10**12  # a server that says more of one reply has miscounted
MOST_COST = 10**9  # US dollars, likewise

# How providers are called in the price data, where that is not how they are called in a model's name.
_PRICED_AS = {"openai-chat": "openai", "openai-responses": "openai"}


def usage_of(response: ModelResponse) -> ModelUsage:
    """Its tokens as one request, the cache's counted apart; what is not known is `unpriced` or `uncounted`, never 0."""
    used = response.usage
    if not _is_possible(used):
        return ModelUsage(requests=1, unpriced=1, uncounted=1)
    cost = _cost(response)
    return ModelUsage(
        requests=1,
        input=max(0, used.input_tokens - used.cache_read_tokens - used.cache_write_tokens),
        output=used.output_tokens,
        cache_read=used.cache_read_tokens,
        cache_write=used.cache_write_tokens,
        cost=float(cost) if cost is not None else 0.0,
        unpriced=0 if cost is not None else 1,
        uncounted=0 if used.total_tokens or response.provider_name in LOCAL else 1,
    )


def _is_possible(used: RequestUsage) -> bool:
    """Whether what a server says of a reply can be: no figure below nothing or beyond a million million."""
    counts = (used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens)
    return all(0 <= count <= MOST_TOKENS for count in counts) and (
        used.cost is None or (used.cost.is_finite() and 0 <= used.cost <= MOST_COST)
    )


def _cost(response: ModelResponse) -> Decimal | None:
    """In US dollars; None when it is not known."""
    used = response.usage
    if response.provider_name in ANYBODYS:
        return _cost_at(response)
    if used.cost is not None:
        return used.cost
    if response.provider_name in LOCAL:
        return None if used.has_values() else Decimal(0)
    try:
        return response.cost().total_price
    except (LookupError, ValueError, AssertionError):
        return None  # a model, or a way of counting, that the price data does not know


def _cost_at(response: ModelResponse) -> Decimal | None:
    """By the prices of whoever has this address."""
    from genai_prices import calc_price

    try:
        return calc_price(
            response.usage, response.model_name or "", provider_api_url=response.provider_url or ""
        ).total_price
    except (LookupError, ValueError):
        return None


def has_price(name: str) -> bool:
    """Whether what a model costs may be known, by its exact name: False only where it surely is not.

    Reads the price data, which takes some tenths of a second once a process. Raises `Misconfigured`.
    """
    provider, colon, model = name.partition(":")
    if not colon or provider in LOCAL:
        return True
    from genai_prices import Usage, calc_price

    address = address_of(provider, opened()) if provider in KEYS else None
    used = Usage(input_tokens=1, output_tokens=1)
    try:
        if address is not None and address.way in ("compatible", "ollama"):
            calc_price(used, model, provider_api_url=address.url)
        else:
            calc_price(used, model, provider_id=_PRICED_AS.get(provider, provider))
    except (LookupError, ValueError):
        return False
    return True


def price_of(model: str, used: ModelUsage) -> float | None:
    """What tokens of a model cost in US dollars, where its provider is not known; None for a model that the data does
    not know. Reads the price data, which takes some tenths of a second once a process.
    """
    from genai_prices import Usage, calc_price

    tokens = Usage(
        input_tokens=used.input + used.cache_read + used.cache_write,
        output_tokens=used.output,
        cache_read_tokens=used.cache_read,
        cache_write_tokens=used.cache_write,
    )
    try:
        return float(calc_price(tokens, model).total_price)
    except (LookupError, ValueError):
        return None
