"""Which models may be chosen: cases I of the specification."""

from __future__ import annotations

import pytest

from subagents.models.scope import allowed, in_scope
from subagents.settings.model import Settings

HAIKU, SONNET = "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6"
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("enabled", "expected"),
    [
        pytest.param((), NOTHING, id="I1"),
        pytest.param(Settings().enabled_models, NOTHING, id="I1 not set"),
        pytest.param(("", HAIKU, SONNET), {HAIKU, SONNET}, id="I3"),
        pytest.param((HAIKU, HAIKU), {HAIKU}, id="I5"),
        pytest.param(("gemma-4-31b-it",), NOTHING, id="I7 a bare id"),
        pytest.param(("Opus",), NOTHING, id="I7 a part of a name"),
        pytest.param(
            ("anthropic/*", "anthropic/", "  ", "nobody/gpt-9"), NOTHING, id="patterns and strangers"
        ),
        pytest.param((" Anthropic/Claude-Haiku-4-5 ",), {HAIKU}, id="whatever the case"),
        pytest.param(("anthropic:claude-haiku-4-5",), {HAIKU}, id="as we write exact names"),
        pytest.param(("gemini/gemini-9",), {"google/gemini-9"}, id="by another name of its provider"),
        pytest.param(("openai/my own", HAIKU), {HAIKU}, id="beside what is none"),
    ],
)
def test_only_whole_names_of_models_count(enabled: tuple[str, ...], expected: frozenset[str]):
    assert allowed(enabled) == expected


def test_what_is_not_restricted_may_be_anything():
    assert in_scope("anthropic:claude-opus-4-6", NOTHING)


def test_a_restriction_holds_for_language_models():
    only = allowed((HAIKU,))
    assert in_scope("anthropic:claude-haiku-4-5", only)
    assert in_scope("Anthropic:Claude-Haiku-4-5", only)
    assert not in_scope("anthropic:claude-opus-4-6", only)
    assert not in_scope("ollama:qwen3:8b", only)
    assert in_scope("ollama:qwen3:8b", allowed(("ollama/qwen3:8b",)))
    assert in_scope("offline", only)
    assert in_scope("script:/srv/shop/turns.yaml", only)
