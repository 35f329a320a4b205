"""What a reply used and cost: by price data that is here, and unknown where it says nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.usage import RequestUsage

from subagents.models.pricing import has_price, usage_of
from subagents.usage import ModelUsage


def reply(provider: str, model: str, usage: RequestUsage, url: str | None = None) -> ModelResponse:
    return ModelResponse(
        [TextPart("x")], usage=usage, model_name=model, provider_name=provider, provider_url=url
    )


MILLION = RequestUsage(input_tokens=1_000_000, output_tokens=1_000_000)


def test_the_cache_is_counted_apart_and_nothing_twice():
    used = RequestUsage(input_tokens=150, cache_read_tokens=100, cache_write_tokens=20, output_tokens=7)
    usage = usage_of(reply("anthropic", "claude-haiku-4-5", used))
    assert (usage.requests, usage.input, usage.cache_read, usage.cache_write, usage.output) == (
        1,
        30,
        100,
        20,
        7,
    )
    assert usage.cost > 0


def test_a_model_with_a_price_costs_it():
    assert usage_of(reply("anthropic", "claude-haiku-4-5", MILLION)).cost == 6.0  # $1 and $5 a million


def test_what_the_provider_says_it_cost_counts():
    used = RequestUsage(input_tokens=1, cost=Decimal("0.25"))
    assert usage_of(reply("anthropic", "claude-haiku-4-5", used)).cost == 0.25


@pytest.mark.parametrize("provider", ["openai-compatible", "ollama"])
def test_a_server_that_may_be_anybodys_has_no_price_by_a_models_name(provider: str):
    usage = usage_of(reply(provider, "gpt-5-mini", MILLION, "http://127.0.0.1:8000/v1"))
    assert (usage.cost, usage.unpriced) == (0.0, 1)


def test_a_server_whose_address_is_known_has_its_prices():
    usage = usage_of(reply("openai-compatible", "deepseek-chat", MILLION, "https://api.deepseek.com/v1"))
    assert (usage.cost > 0, usage.unpriced) == (True, 0)


def test_an_unknown_model_has_an_unknown_price_and_not_none():
    usage = usage_of(reply("anthropic", "claude-of-tomorrow", MILLION))
    assert (usage.cost, usage.unpriced) == (0.0, 1)


def test_tokens_that_a_server_does_not_tell_are_not_taken_to_be_none():
    assert usage_of(reply("openai-compatible", "mine", RequestUsage())).uncounted == 1
    assert usage_of(reply("openai-compatible", "mine", MILLION)).uncounted == 0


def test_what_answers_in_this_process_costs_nothing_and_that_is_known():
    assert usage_of(reply("offline", "offline", RequestUsage())) == ModelUsage(requests=1)
    assert usage_of(reply("script", "s.yaml", RequestUsage())) == ModelUsage(requests=1)


def test_a_script_that_says_what_it_uses_plays_a_provider():
    assert usage_of(reply("script", "s.yaml", RequestUsage(input_tokens=5))).unpriced == 1
    priced = usage_of(reply("script", "s.yaml", RequestUsage(input_tokens=5, cost=Decimal("0.01"))))
    assert (priced.cost, priced.unpriced) == (0.01, 0)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("anthropic:claude-haiku-4-5", True),
        ("openai:gpt-5-mini", True),
        ("openai-chat:gpt-5-mini", True),
        ("google:gemini-2.5-flash", True),
        ("anthropic:claude-of-tomorrow", False),
        ("ollama:qwen3", False),
        ("offline", True),
        ("script:/srv/shop/s.yaml", True),
    ],
)
def test_whether_a_price_is_known_can_be_asked_before(name: str, known: bool):
    assert has_price(name) is known


def test_a_server_of_ones_own_has_no_known_prices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    assert not has_price("openai:gpt-5-mini")
