"""What tokens of a model cost by the price data that comes with the model library, where a program does not say."""

from __future__ import annotations

from subagents.usage import ModelUsage


def price_of(model: str, used: ModelUsage) -> float | None:
    """In US dollars; None for a model that the data does not know. Nothing is fetched.

    Reads the price data, which takes some tenths of a second once a process.
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
