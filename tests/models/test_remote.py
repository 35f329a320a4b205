"""Where a model of an exact name is asked: by the variables of the environment."""

from __future__ import annotations

import anyio
import pytest

from subagents.errors import ModelUnavailable
from subagents.models.addresses import Address, address_of, ollama_url, shown
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
    with pytest.raises(ModelUnavailable, match=r"'http://box:port' in OLLAMA_HOST is not one"):
        remote_model("ollama:qwen3")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "http://[::1",
            "'http://[::1' in OPENAI_BASE_URL is not one: it must be written as https://host:port/path.",
        ),
        (
            "localhost:8000/v1",
            "'localhost:8000/v1' in OPENAI_BASE_URL is not one: it must begin with http:// or",
        ),
        ("http:///v1", "'http:///v1' in OPENAI_BASE_URL is not one: it must be written as"),
        ("http://box/a b", "'http://box/a b' in OPENAI_BASE_URL is not one: it has a space, or"),
        ("http://me:pass/word@box/v1", "'http://…' in OPENAI_BASE_URL is not one: it must be written as"),
        ("me:password@box/v1", "'…' in OPENAI_BASE_URL is not one: it must begin with"),
    ],
)
def test_an_address_that_is_none_is_refused_by_its_variable_without_what_is_secret(url: str, said: str):
    with pytest.raises(ModelUnavailable) as error:
        address_of("openai", {"OPENAI_BASE_URL": url})
    assert said in str(error.value)
    assert "word" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://me:secret@box.example:8443/v1?key=secret#secret", "https://box.example:8443/v1"),
        ("http://token@[::1]:9/v1", "http://[::1]:9/v1"),
        ("http://box", "http://box"),
        ("http://me:1/secret@box", "http://me:1/…"),
        ("", ""),
    ],
)
def test_of_an_address_people_are_shown_what_is_no_secret(url: str, said: str):
    assert shown(url) == said


@pytest.mark.parametrize("key", ["sk-é", "sk-one\nsk-two", "sk\x7f", "„sk“"])
def test_a_key_that_no_request_could_carry_is_refused_by_its_variable(key: str):
    with pytest.raises(ModelUnavailable) as error:
        address_of("anthropic", {"ANTHROPIC_API_KEY": key})
    assert "The key in ANTHROPIC_API_KEY has a character that no request can carry" in str(error.value)
    assert "sk" not in str(error.value)


def test_what_stands_around_a_key_is_not_of_it():
    assert address_of("anthropic", {"ANTHROPIC_API_KEY": " \tsk-1\r\n"}).key == "sk-1"


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
