"""What names mean: cases H of the specification, with our decisions, and what follows from them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.errors import ModelUnavailable
from subagents.models.names import Named, Unresolved, available, newest, resolve, undated, version

OPUS = Named("anthropic", "claude-opus-4-6", "Claude Opus 4.6")
SONNET = Named("anthropic", "claude-sonnet-4-6", "Claude Sonnet 4.6")
HAIKU = Named("anthropic", "claude-haiku-4-5-20251001", "Claude Haiku 4.5")
GPT = Named("openai", "gpt-4o", "GPT-4o")
GEMINI = Named("google", "gemini-2.5-pro", "Gemini 2.5 Pro")
R = (OPUS, SONNET, HAIKU, GPT, GEMINI)

PLAIN = Named("anthropic", "claude-haiku-4-5", "Claude Haiku")
OLD_SONNET = Named("anthropic", "claude-sonnet-4-5-20241022", "Claude Sonnet")
ELSEWHERE = Named("cloud", "claude-haiku-4-5-20251001", "Claude Haiku 4.5")
DATED = "anthropic/claude-haiku-4-5-20251001"


@pytest.mark.parametrize(
    ("query", "registry", "meant"),
    [
        pytest.param("anthropic/claude-opus-4-6", R, OPUS, id="H1"),
        pytest.param("Claude-Opus-4-6", R, OPUS, id="H3"),
        pytest.param("gpt-4o", R, GPT, id="H5"),
        pytest.param("claude-haiku-4.5", (PLAIN,), PLAIN, id="H7"),
        pytest.param(DATED, (PLAIN, HAIKU), HAIKU, id="H11"),
        pytest.param(DATED, (ELSEWHERE, HAIKU), HAIKU, id="H13"),
        pytest.param("Opus 4.6", R, OPUS, id="H15 opus"),
        pytest.param("Haiku 4.5", R, HAIKU, id="H15 haiku"),
        pytest.param("sonnet 4.5", (SONNET, OLD_SONNET), OLD_SONNET, id="H21"),
        pytest.param("pro", R, GEMINI, id="H25"),
    ],
)
def test_a_name_means_a_model(query: str, registry: tuple[Named, ...], meant: Named):
    match = resolve(query, registry)
    assert (match.model, match.note) == (meant, "")


def test_h9_a_date_that_a_model_does_not_carry_is_left_out_and_said():
    match = resolve(DATED, (PLAIN,))
    assert (match.model, match.note) == (
        PLAIN,
        f"There is no model '{DATED}' of that date here; anthropic:claude-haiku-4-5 answers.",
    )
    five = Named("openai", "gpt-5")
    note = "There is no model 'gpt-5-2099-01-01' of that date here; openai:gpt-5 answers."
    assert (resolve("gpt-5-2099-01-01", (five,)).model, resolve("gpt-5-2099-01-01", (five,)).note) == (
        five,
        note,
    )


@pytest.mark.parametrize("query", ["e", "a", "1", "4", "o", "x", ":x", "a-", "onnet", "pus 4", "ropic"])
def test_a_letter_or_the_middle_of_a_word_means_nothing(query: str):
    with pytest.raises(Unresolved):
        resolve(query, R)


@pytest.mark.parametrize(
    ("query", "meant"), [("op", OPUS), ("son", SONNET), ("4o", GPT), ("gemini2", GEMINI)]
)
def test_two_letters_that_begin_a_word_do(query: str, meant: Named):
    assert resolve(query, R).model == meant


def test_a_name_of_one_letter_is_a_name():
    short = Named("ollama", "a")
    assert resolve("a", (*R, short)).model == short


def test_h17_a_name_of_nothing_is_refused_with_what_there_is():
    with pytest.raises(ModelUnavailable) as error:
        resolve("nonexistent-model", R)
    assert str(error.value) == (
        "There is no model 'nonexistent-model' here. Available: anthropic/claude-haiku-4-5-20251001, "
        "anthropic/claude-opus-4-6, anthropic/claude-sonnet-4-6, google/gemini-2.5-pro, openai/gpt-4o."
    )


def test_h19_a_model_without_credentials_is_not_among_them():
    with pytest.raises(Unresolved, match=r"no model 'anthropic/claude-sonnet-4-6'.*google/gemini-2\.5-pro"):
        resolve("anthropic/claude-sonnet-4-6", (GPT, GEMINI))


def test_h23_where_there_is_none_at_all_that_is_said():
    with pytest.raises(Unresolved, match=r"^There is no model 'haiku' here\. No model is available\.$"):
        resolve("haiku", ())


def test_h27_an_exact_id_that_another_provider_has_is_taken_and_said():
    match = resolve("mistral/gpt-4o", R)
    assert match.model == GPT
    assert match.note == "There is no model 'mistral/gpt-4o' here; openai:gpt-4o has the same id and answers."


def test_a_part_of_a_name_does_not_cross_to_another_provider():
    with pytest.raises(Unresolved, match="no model 'openai/opus' here"):
        resolve("openai/opus", R)


@pytest.mark.parametrize("query", ["-", "", "  ", "/", "./-", "…", "é"], ids=repr)
def test_h29_what_has_no_letter_or_digit_means_nothing(query: str):
    with pytest.raises(Unresolved):
        resolve(query, R)


def test_an_exact_name_wins_however_well_another_would_score():
    longer = Named("openai", "gpt-4o1", "GPT-4o1")
    for registry in ((GPT, longer), (longer, GPT)):
        assert resolve("OpenAI/gpt-4o", registry).model == GPT
        assert resolve("openai:GPT-4o", registry).model == GPT


def test_of_those_that_fit_equally_well_the_newest_is_meant():
    ids = (
        "claude-opus-4-8",
        "claude-opus-5",
        "claude-opus-5-5",
        "claude-3-opus-latest",
        "claude-opus-4-20250514",
    )
    assert resolve("opus", [Named("anthropic", id) for id in ids]).model.id == "claude-opus-5-5"


def test_the_first_provider_is_preferred_whatever_the_versions():
    assert resolve("pro", (GEMINI, Named("openai", "gpt-5.5-pro"))).model == GEMINI


def test_a_whole_word_is_meant_before_a_part_of_one():
    mini = Named("openai", "gpt-4.1-mini")
    assert resolve("mini", (GEMINI, mini)).model == mini
    assert resolve("gem", (GEMINI, mini)).model == GEMINI


def test_another_date_is_another_model():
    with pytest.raises(Unresolved):
        resolve("claude-haiku-4-5-20990101", (HAIKU,))
    assert resolve("claude-haiku-4-5", (HAIKU,)).model == HAIKU
    assert resolve("20251001", (HAIKU, PLAIN)).model == HAIKU


def test_the_first_of_a_family_is_also_called_without_its_zero():
    first = Named("anthropic", "claude-opus-4-0")
    assert resolve("claude-opus-4-20250514", (OPUS, first)).model == first


def test_signs_between_words_need_not_be_right():
    assert resolve("gpt4o", R).model == GPT
    assert resolve("google gemini pro", R).model == GEMINI
    assert resolve("sonnet 4.5", (Named("anthropic", "claude-sonnet-4-5"),)).model.id == "claude-sonnet-4-5"


def test_a_version_is_read_from_its_beginning():
    older = Named("anthropic", "claude-sonnet-4-5", "Claude Sonnet 4.5")
    with pytest.raises(Unresolved):
        resolve("sonnet 5", (older,))
    assert resolve("4.5 sonnet", (older,)).model == older
    assert resolve("sonnet 4", (older,)).model == older


def test_an_id_may_hold_a_slash_or_a_colon():
    ids = ("meta-llama/Llama-3.1-8B", "qwen3:8b")
    registry = [Named("openai", id) for id in ids]
    for id in ids:
        assert resolve(id.lower(), registry).model.id == id


def test_a_long_list_is_cut():
    registry = [Named("p", f"m-{n:02}") for n in range(40)]
    text = available(registry)
    assert text.startswith("Available: p/m-00, p/m-01,")
    assert text.endswith("p/m-29 and 10 more (`subagents models` shows them).")


def test_versions_are_read_without_dates_and_sizes():
    assert version("claude-opus-5-5-20260101")[:2] == (5, 5)
    assert version("gpt-4o-2024-05-13") == (4, 0, 0, 0)
    assert version("gemma-4-31b-it") == (4, 0, 0, 0)
    assert version("gpt-oss-120b") == (0, 0, 0, 0)
    assert version("o3-mini")[0] == version("qwen3:8b")[0] == 3
    assert undated("X-2024-05-13") == ("x-", "20240513")


NAMES = st.text(st.sampled_from("abgpt4o59-./: 20251001éÄ"), max_size=24)
REGISTRIES = st.lists(st.builds(Named, st.sampled_from("ab"), NAMES, NAMES), max_size=6)


@given(NAMES, REGISTRIES)
def test_any_name_means_one_of_them_or_is_refused(query: str, registry: list[Named]):
    with suppress(Unresolved):
        assert resolve(query, registry).model in registry


@given(REGISTRIES)
def test_an_exact_name_always_means_its_own_model(registry: list[Named]):
    registry = [Named(each.provider, each.id.strip()) for each in registry]
    for model in registry:
        if any(letter.isascii() and letter.isalnum() for letter in model.id):
            assert resolve(model.exact, registry).model.id.casefold() == model.id.casefold() or any(
                other.id == model.exact for other in registry
            )


@given(REGISTRIES)
def test_newest_orders_all_names(registry: list[Named]):
    assert len(sorted(registry, key=newest)) == len(registry)
