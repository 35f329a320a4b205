"""Which definition a request means, and what is told where it is not the one that was named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.definitions.model import AgentDefinition
from subagents.errors import SpawnRefused, UnknownAgent
from subagents.ids import RunId
from subagents.models.choice import ModelChoice, ModelWish
from subagents.runtime.choosing import chosen
from subagents.runtime.surroundings import Surroundings, ToolNotes
from subagents.settings.model import Settings
from subagents.spec import AskedBy, DefinitionSource, ProviderRule, RunSpec, SpawnRequest, ToolSelection
from subagents.testing.builders import Agents, open_manager

pytestmark = pytest.mark.anyio


def agent(name: str, **written: Any) -> AgentDefinition:
    return AgentDefinition(name=name, description=name, **written)


ROSTER = (
    agent("scout"),
    agent("retired", enabled=False),
    agent("router"),
    agent("general-purpose"),
    agent("Explore"),
)
TWO = (agent("Scout"), agent("scout"), agent("general-purpose"))


async def asked(
    name: str,
    fallback: str | None = "none",
    roster: tuple[AgentDefinition, ...] = ROSTER,
    *,
    nested: bool = False,
) -> RunSpec:
    settings = Settings() if fallback is None else Settings(fallback_subagent=fallback)
    async with open_manager(agents=roster, settings=settings) as manager:
        above: RunId | None = await manager.spawn(roster[0].name, "the parent") if nested else None
        run = await manager.spawn(SpawnRequest(agent=name, prompt="go", parent=above, asked_by=AskedBy.MODEL))
        return manager.state.run(run).spec


async def refused(*arguments: Any, **named: Any) -> str:
    with pytest.raises(UnknownAgent) as caught:
        await asked(*arguments, **named)
    return str(caught.value)


async def test_g1_a_name_is_found_in_any_case():
    spec = await asked("SCOUT")
    assert (spec.agent, spec.notes) == ("scout", ())


async def test_g3_an_unknown_name_is_refused_with_those_that_can_be_started():
    said = await refused("typoo")
    assert said == snapshot("There is no agent 'typoo'. There are: Explore, general-purpose, router, scout.")


async def test_g5_a_disabled_agent_is_refused_and_so_said():
    said = await refused("retired")
    assert "disabled" in said
    assert "scout" in said


async def test_an_agent_for_unknown_names_runs_with_a_note():
    spec = await asked("typoo", "router")
    assert spec.agent == "router"
    assert spec.notes == snapshot(
        ("There is no agent 'typoo', so 'router' runs (the setting fallback_subagent).",)
    )


@pytest.mark.parametrize("fallback", ["retired", "nobody"])
async def test_g7_an_agent_for_unknown_names_that_there_is_not_is_told_by_its_setting(fallback: str):
    said = await refused("typoo", fallback)
    assert f"The setting fallback_subagent names {fallback!r}, which there is not either." in said


@pytest.mark.parametrize("name", ["", "   ", "\n"])
async def test_g9_no_name_is_said_to_be_none(name: str):
    assert (await refused(name)).startswith("No agent type was given.")
    assert (await asked(name, "router")).notes[0].startswith("No agent type was given, so 'router' runs")


async def test_g11_a_name_that_may_mean_two_is_refused_naming_both():
    said = await refused("SCOUT", None, TWO)
    assert "Scout, scout" in said
    assert (await asked("Scout", None, TWO)).agent == "Scout"
    assert (await asked("scout", None, TWO)).agent == "scout"


async def test_g13_a_nested_name_is_trimmed_and_found_in_any_case():
    assert (await asked(" SCOUT ", nested=True)).agent == "scout"


async def test_a_nested_run_never_becomes_another_agent():
    assert (await refused("typoo", "router", nested=True)).startswith("There is no agent 'typoo'.")


# --- whom it may start


async def spec_of(*agents: AgentDefinition, **around: Any) -> RunSpec:
    async with open_manager(agents=agents, **around) as manager:
        return manager.state.run(await manager.spawn(agents[0].name, "go")).spec


async def test_the_types_an_agent_may_start_are_kept_by_their_own_names():
    spec = await spec_of(agent("boss", subagents=("SCOUT", "scout", "router")), *ROSTER)
    assert (spec.subagents, spec.notes) == (("scout", "router"), ())


async def test_a_type_that_there_is_not_is_told_and_may_come_yet():
    spec = await spec_of(agent("boss", subagents=("scot",)), *ROSTER)
    assert spec.subagents == ("scot",)
    assert spec.notes == snapshot(
        (
            "The agent 'boss' may start 'scot'. There is no agent 'scot'. Did you mean scout? "
            "There are: boss, Explore, general-purpose, router, scout.",
        )
    )


async def test_a_type_that_may_mean_two_means_neither():
    spec = await spec_of(agent("boss", subagents=("SCOUT",)), *TWO)
    assert spec.subagents == ("SCOUT",)
    assert "fits more than one agent" in spec.notes[0]


async def test_a_model_starts_no_agent_beside_those_its_definition_names():
    async with open_manager(agents=(agent("boss", subagents=("scout",)), *ROSTER)) as manager:
        boss = await manager.spawn("boss", "go")
        child = SpawnRequest(agent="Scout", prompt="go", parent=boss, asked_by=AskedBy.MODEL)
        assert manager.state.run(await manager.spawn(child)).spec.agent == "scout"
        with pytest.raises(SpawnRefused, match="of other agents it may start: scout"):
            await manager.spawn(
                SpawnRequest(agent="router", prompt="go", parent=boss, asked_by=AskedBy.MODEL)
            )


# --- what a project's file has executed

SCRIPTED = "script:turns.yaml"


async def scripted(scope: str, *, trusted: bool = False, **wishes: Any) -> RunSpec:
    """The run of an agent whose file has a script answer."""
    source = DefinitionSource(f"/srv/shop/{scope}.md", "digest", scope)
    player = agent("player", model=SCRIPTED, source=source)
    around = replace(surroundings(Path.cwd(), player), is_trusted=lambda _source, _project: trusted)
    return await chosen(SpawnRequest(agent="player", prompt="go", **wishes), None, around)


async def test_a_script_that_a_projects_file_names_needs_trust():
    with pytest.raises(SpawnRefused) as caught:
        await scripted("project")
    assert str(caught.value) == snapshot(
        "The agent 'player' has 'script:turns.yaml' answer, which /srv/shop/project.md names, and you have not "
        "trusted this file as it is now. Read both, then: subagents trust /srv/shop/project.md"
    )
    assert (await scripted("project", trusted=True)).asked_model == SCRIPTED
    assert (await scripted("project", trust=True)).asked_model == SCRIPTED


async def test_trust_in_a_script_is_not_a_models_to_give():
    for by in (AskedBy.MODEL, AskedBy.SCHEDULE):
        with pytest.raises(SpawnRefused, match="have not trusted"):
            await scripted("project", trust=True, asked_by=by)


@pytest.mark.parametrize("scope", ["user", "packaged"])
async def test_a_script_that_ones_own_file_names_needs_none(scope: str):
    assert (await scripted(scope)).asked_model == SCRIPTED


async def test_a_script_that_does_not_answer_needs_no_trust():
    assert (await scripted("project", model="opus")).asked_model == "opus"
    with pytest.raises(SpawnRefused, match="have not trusted"):
        await scripted("project", model="opus", asked_by=AskedBy.MODEL)  # the file goes before a model


# --- what is asked about tools


async def test_tools_of_providers_are_looked_at_only_for_runs_that_may_see_some(tmp_path: Path):
    looked: list[tuple[Sequence[ProviderRule], ToolSelection]] = []

    async def notes(
        own: Sequence[ProviderRule], tools: ToolSelection, servers: Sequence[str]
    ) -> Sequence[str]:
        looked.append((own, tools))
        return ("a note",)

    off = agent("off", tools=ToolSelection(providers=(ProviderRule(included=()),)))
    around = surroundings(tmp_path, off, agent("alone", isolated=True), agent("plain"), tool_notes=notes)
    told = [
        (await chosen(SpawnRequest(agent=name, prompt="go"), None, around)).notes for name in ("off", "alone")
    ]

    assert (told, looked) == ([(), ()], [])
    assert (await chosen(SpawnRequest(agent="plain", prompt="go"), None, around)).notes == ("a note",)
    assert looked == [((), ToolSelection())]


def surroundings(
    project: Path, *agents: AgentDefinition, tool_notes: ToolNotes | None = None
) -> Surroundings:
    async def choose(wish: ModelWish) -> ModelChoice:
        return ModelChoice("scripted")

    return Surroundings(
        project=project,
        here=project,
        user="somebody",
        settings=Settings(),
        definitions=Agents(*agents),
        choose_model=choose,
        claim_id=lambda _: True,
        environment={},
        is_trusted=lambda _source, _project: True,
        tool_notes=tool_notes,
    )


# --- the agent that fits


FITTING = (
    agent("Explore", capabilities=("explore_code", "searching")),
    agent("reviewer", capabilities=("review", "security_audit")),
    agent("writer", capabilities=("documentation",)),
)


async def test_the_best_fitting_agent_is_chosen_and_it_is_said_which_and_why():
    wish = SpawnRequest(agent="auto", prompt="review the login for security holes", asked_by=AskedBy.MODEL)
    async with open_manager(agents=FITTING) as manager:
        spec = manager.state.run(await manager.spawn(wish)).spec
    assert (spec.agent, spec.notes) == snapshot(
        ("reviewer", ("'reviewer' was chosen: its capabilities hold review and security_audit.",))
    )


async def test_when_none_clearly_fits_the_nearest_are_named():
    async with open_manager(agents=FITTING) as manager:
        with pytest.raises(SpawnRefused) as refused:
            await manager.spawn("auto", "bake a cake")
        assert manager.state.runs == {}
    assert str(refused.value) == snapshot(
        "No agent clearly fits this, so name one as the type; the nearest are: Explore, reviewer, writer."
    )


async def test_an_agent_that_is_called_auto_is_meant_by_its_name():
    async with open_manager(agents=(*FITTING, agent("auto"))) as manager:
        assert manager.state.run(await manager.spawn("auto", "review it")).spec.agent == "auto"


async def test_only_types_that_the_parent_may_start_are_chosen_from():
    lead = replace(agent("lead"), subagents=("writer",))
    async with open_manager(agents=(*FITTING, lead)) as manager:
        parent = await manager.spawn("lead", "go")
        with pytest.raises(SpawnRefused, match="the nearest are: writer"):
            await manager.spawn("auto", "review the security", parent=parent)
