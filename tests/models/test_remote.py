"""Where a model of an exact name is asked: by the variables of the environment."""

from __future__ import annotations

import anyio
import pytest

from subagents.errors import ModelUnavailable
from subagents.models.addresses import Address, address_of, ollama_url
from subagents.models.remote import remote_model


@pytest.mark.parametrize(
    ("provider", "environment", "address"),
    [
        ("anthropic", {"ANTHROPIC_API_KEY": "k"}, Address("anthropic", "", "k")),
        (
            "anthropic",
            {"ANTHROPIC_BASE_URL": "http://localhost:1"},
            Address("anthropic", "http://localhost:1", ""),
        ),
        ("openai", {"OPENAI_API_KEY": "k"}, Address("responses", "", "k")),
        (
            "openai",
            {"OPENAI_BASE_URL": "https://api.openai.com/v1"},
            Address("responses", "https://api.openai.com/v1", ""),
        ),
        (
            "openai",
            {"OPENAI_BASE_URL": "http://localhost:8000/v1"},
            Address("compatible", "http://localhost:8000/v1", ""),
        ),
        (
            "openai-chat",
            {"OPENAI_BASE_URL": "http://localhost:8000/v1"},
            Address("compatible", "http://localhost:8000/v1", ""),
        ),
        ("openai-chat", {"OPENAI_API_KEY": "k"}, Address("chat", "", "k")),
        (
            "openai-responses",
            {"OPENAI_BASE_URL": "http://localhost:8000/v1"},
            Address("responses", "http://localhost:8000/v1", ""),
        ),
        ("google", {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "k"}, Address("google", "", "k")),
        ("ollama", {}, Address("ollama", "http://127.0.0.1:11434/v1", "")),
        ("ollama", {"OLLAMA_HOST": "box"}, Address("ollama", "http://box:11434/v1", "")),
    ],
)
def test_the_environment_says_where_a_model_is_asked_and_how(
    provider: str, environment: dict[str, str], address: Address
):
    assert address_of(provider, environment) == address


@pytest.mark.parametrize(
    ("configured", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/v1"),
        ("http://box:1/v1/", "http://box:1/v1"),
        ("https://models.example/ollama", "https://models.example:443/ollama/v1"),
        ("[::1]:5", "http://[::1]:5/v1"),
    ],
)
def test_ollama_is_found_by_whatever_its_own_programs_take(configured: str, url: str):
    assert ollama_url(configured) == url


@pytest.mark.parametrize("name", ["", "haiku", "anthropic:", "nobody:model"])
def test_what_is_no_name_of_a_model_is_refused_with_those_that_are(name: str):
    with pytest.raises(ModelUnavailable, match="provider:id with one of anthropic, openai"):
        remote_model(name)


def test_an_address_that_is_none_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://box:port")
    with pytest.raises(ModelUnavailable, match=r"'http://box:port' in OLLAMA_BASE_URL or OLLAMA_HOST"):
        remote_model("ollama:qwen3")


def test_one_object_answers_on_one_event_loop_and_none_on_two(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")

    async def two() -> tuple[object, object]:
        return remote_model("anthropic:claude-haiku-4-5"), remote_model("anthropic:claude-haiku-4-5")

    first, second = anyio.run(two), anyio.run(two)
    assert first[0] is first[1]
    assert second[0] is second[1]
    assert first[0] is not second[0]


def test_another_key_makes_another_model(monkeypatch: pytest.MonkeyPatch):
    async def both() -> tuple[object, object]:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "one")
        first = remote_model("anthropic:claude-haiku-4-5")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "another")
        return first, remote_model("anthropic:claude-haiku-4-5")

    first, second = anyio.run(both)
    assert first is not second
