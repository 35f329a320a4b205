"""`list_models`: what a parent may start agents on. Section 2.13 of the behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from inline_snapshot import snapshot
from tests.delegation.parents import parent_of

from subagents.delegation.models import MODELS
from subagents.delegation.tool import Answer
from subagents.ids import RunId
from subagents.models.known import Known
from subagents.models.names import Named
from subagents.models.providers import PROVIDERS, Provider
from subagents.models.shelves import Shelf, Shelves
from subagents.runtime.manager import AgentManager
from subagents.testing.builders import open_manager

pytestmark = pytest.mark.anyio

ANTHROPIC, OPENAI, _GOOGLE, OLLAMA = PROVIDERS
CLAUDES = [
    Known(Named("anthropic", "claude-opus-5-5", "Claude Opus 5.5"), 1_000_000, 5, 25),
    Known(Named("anthropic", "claude-sonnet-5-5", "Claude Sonnet 5.5"), 200_000, 2, 10),
    *(Known(Named("anthropic", f"claude-old-{n}")) for n in range(9)),
]
OPEN = Shelf(ANTHROPIC, True, "ANTHROPIC_API_KEY", "", "claude-sonnet-5-5", CLAUDES)
CLOSED = Shelf(OPENAI, False, "", "", "gpt-6.1-sol", ())
AWAY = Shelf(OLLAMA, False, "", "http://127.0.0.1:11434", "", (), "nothing answers")
ALL = Shelves((OPEN, CLOSED, AWAY), "anthropic:claude-sonnet-5-5", (), "", ())


async def asked(found: Shelves | None, model: str = "", **arguments: object) -> Answer:
    async def look(providers: Sequence[Provider]) -> Shelves:
        assert found is not None
        return replace(found, shelves=[each for each in found.shelves if each.provider in providers])

    async with open_manager(look_at_models=look if found is not None else None) as manager:
        owner = await _run_on(manager, model) if model else None
        return await MODELS.call(parent_of(manager, owner), arguments)


async def _run_on(manager: AgentManager, model: str) -> RunId:
    return await manager.spawn("plain", "look around", model=model)


async def test_each_open_provider_has_its_newest_and_what_answers_is_marked():
    assert (await asked(ALL)).text == snapshot("""\
11 models; prices are US dollars for a million tokens; * is the active one.
Anthropic (11):
* anthropic:claude-sonnet-5-5, Claude Sonnet 5.5, 200k, $2 in, $10 out
- anthropic:claude-opus-5-5, Claude Opus 5.5, 1M, $5 in, $25 out
- anthropic:claude-old-0
- anthropic:claude-old-1
- anthropic:claude-old-2
- anthropic:claude-old-3
- anthropic:claude-old-4
- anthropic:claude-old-5
  and 3 more: provider: "anthropic" lists all
Where none is named, anthropic:claude-sonnet-5-5 answers.\
""")


async def test_a_provider_that_is_named_has_all_whatever_its_case():
    named = await asked(ALL, provider="Anthropic")
    assert named.text.count("\n- ") + named.text.count("\n* ") == len(CLAUDES)
    assert "more" not in named.text


async def test_an_agent_is_told_which_it_runs_on():
    text = (await asked(ALL, "anthropic:claude-opus-5-5")).text
    assert text.splitlines()[3] == "* anthropic:claude-opus-5-5, Claude Opus 5.5, 1M, $5 in, $25 out"
    assert text.splitlines()[-1] == snapshot(
        "You run on anthropic:claude-opus-5-5; so do agents that you start, unless you or their file name another."
    )


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        (
            "openai",
            snapshot("""\
OpenAI: closed; it needs OPENAI_API_KEY or OPENAI_BASE_URL.
Where none is named, anthropic:claude-sonnet-5-5 answers.\
"""),
        ),
        (
            "ollama",
            snapshot("""\
Ollama: nothing answers.
Where none is named, anthropic:claude-sonnet-5-5 answers.\
"""),
        ),
    ],
)
async def test_one_without_models_says_what_it_needs(provider: str, text: str):
    assert (await asked(ALL, provider=provider)).text == text


async def test_where_none_is_open_it_says_what_answers_and_how_to_open_one():
    nothing = Shelves((CLOSED, AWAY), "offline", (), "", ())
    assert (await asked(nothing)).text == snapshot("""\
OpenAI: closed; it needs OPENAI_API_KEY or OPENAI_BASE_URL.
Ollama: nothing answers.
Where none is named, offline (no language model) answers.
Set one of ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENAI_BASE_URL, GEMINI_API_KEY, GOOGLE_API_KEY, or start Ollama.\
""")


async def test_only_those_that_may_be_chosen_are_listed():
    held = replace(ALL, enabled=("anthropic/claude-opus-5-5",))
    assert (await asked(held)).text == snapshot("""\
1 model; prices are US dollars for a million tokens.
Anthropic (1):
- anthropic:claude-opus-5-5, Claude Opus 5.5, 1M, $5 in, $25 out
Where none is named, anthropic:claude-sonnet-5-5 answers.
Only these may be chosen: anthropic/claude-opus-5-5.\
""")
    none = replace(ALL, enabled=("openai/gpt-6.1-sol",))
    assert (await asked(none, provider="anthropic")).text.startswith(
        "Anthropic: none of its models may be chosen here."
    )


async def test_a_setting_that_names_no_model_is_said_instead_of_one():
    problem = "The setting `model` is 'opus', which cannot be used."
    assert (await asked(replace(ALL, answers="", problem=problem))).text.endswith(f"\n{problem}")


async def test_a_provider_that_there_is_not_and_a_place_without_models():
    unknown = await asked(ALL, provider="acme")
    assert (unknown.ok, unknown.text) == (
        False,
        snapshot(
            "Error: There is no provider 'acme'. Name one of anthropic, openai, google, ollama, or none for all."
        ),
    )
    nowhere = await asked(None)
    assert (nowhere.ok, nowhere.text) == (
        False,
        snapshot(
            "Error: Nothing is known here of models; an agent has the one that its caller or its file names."
        ),
    )


async def test_programs_get_the_same():
    data = (await asked(ALL)).data
    assert data["models"][0] == snapshot(
        {
            "name": "anthropic:claude-sonnet-5-5",
            "label": "Claude Sonnet 5.5",
            "window": 200000,
            "input_price": 2,
            "output_price": 10,
        }
    )
    assert {**data, "models": len(data["models"])} == snapshot(
        {"answers": "anthropic:claude-sonnet-5-5", "problem": "", "models": 8, "more": 3}
    )
