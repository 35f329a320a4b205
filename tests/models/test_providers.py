"""The table of providers, what opens them, and which models the price data knows of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from subagents.models.known import known_models
from subagents.models.names import Named, newest
from subagents.models.providers import (
    OLLAMA,
    PROVIDERS,
    Provider,
    compatible_server,
    every_variable,
    has_library,
    opened_by,
    provider_called,
    variables_here,
)

ANTHROPIC, OPENAI, GOOGLE = PROVIDERS[:3]


def test_the_order_of_preference():
    assert [each.name for each in PROVIDERS] == ["anthropic", "openai", "google", "ollama"]
    assert every_variable() == (
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
    )


@pytest.mark.parametrize(
    ("prefix", "provider"),
    [
        ("anthropic", ANTHROPIC),
        (" OpenAI ", OPENAI),
        ("openai-chat", OPENAI),
        ("openai-responses", OPENAI),
        ("gemini", GOOGLE),
        ("ollama", OLLAMA),
        ("mistral", None),
        ("", None),
    ],
)
def test_a_prefix_names_a_provider(prefix: str, provider: Provider | None):
    assert provider_called(prefix) is provider


def test_any_one_variable_opens_a_provider_and_a_blank_one_does_not():
    assert opened_by(GOOGLE, {"GOOGLE_API_KEY": "g"}) == "GOOGLE_API_KEY"
    assert opened_by(GOOGLE, {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "g"}) == "GOOGLE_API_KEY"
    assert opened_by(OPENAI, {"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"}) == "OPENAI_BASE_URL"
    assert opened_by(ANTHROPIC, {"ANTHROPIC_API_KEY": ""}) == ""


def test_only_the_variables_of_providers_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", " o ")
    monkeypatch.setenv("DATABASE_API_KEY", "secret")
    assert variables_here() == {"OLLAMA_HOST": "127.0.0.1:1", "OPENAI_API_KEY": "o"}


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("https://api.openai.com/v1", ""),
        ("", ""),
    ],
)
def test_another_address_than_openais_is_a_compatible_server(address: str, server: str):
    assert compatible_server({"OPENAI_BASE_URL": address}) == server


def test_a_library_that_is_missing_is_noticed():
    assert has_library(ANTHROPIC)
    assert not has_library(Provider(name="x", label="X", library="nowhere.at.all"))
    assert not has_library(Provider(name="x", label="X", library="json.nothing"))


@pytest.mark.parametrize("provider", PROVIDERS[:3], ids=lambda each: each.name)
def test_each_default_is_a_model_that_the_price_data_knows(provider: Provider):
    models = known_models(provider)
    default = next(each for each in models if each.named.id == provider.default)
    assert default.window is not None
    assert default.window >= 100_000
    assert default.input_price
    assert default.output_price
    assert [each.named for each in models] == sorted((each.named for each in models), key=newest)


def test_what_cannot_run_agents_is_no_candidate():
    ids = {each.named.id for provider in PROVIDERS for each in known_models(provider)}
    assert {"gpt-4o", "gemini-2.5-pro"} <= ids
    assert not [
        id for id in ids if re.search("tts|image|audio|embed|realtime|whisper|live|instruct|claude-v1", id)
    ]
    assert known_models(OLLAMA) == ()


def test_names_that_are_exact_need_neither_the_price_data_nor_the_model_library():
    heavy = ("pydantic_ai", "genai_prices", "httpx2", "openai", "anthropic")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from subagents.models.selection import exact_model; import subagents.models.wishes;"
            "exact_model('anthropic:claude-9', {'ANTHROPIC_API_KEY': 'a'}); exact_model('', {});"
            f"print([name for name in {heavy!r} if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "[]\n"


def test_a_model_has_an_exact_name_and_one_to_be_listed_by():
    model = Named("openai", "gpt-4o")
    assert (model.exact, model.listed) == ("openai:gpt-4o", "openai/gpt-4o")
