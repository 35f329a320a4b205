"""Agents are found by name, and the more particular file wins wholly."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from subagents.definitions.catalog import AgentCatalog
from subagents.definitions.model import Parsed
from subagents.definitions.parse import parse
from subagents.errors import UnknownAgent
from subagents.spec import DefinitionSource


def file(path: str, *lines: str) -> Parsed:
    scope, _, _ = path.partition("/")
    return parse("\n".join(("---", *lines, "---", "body")), DefinitionSource(path, "", scope))


def roster(*names: str, disabled: tuple[str, ...] = ()) -> AgentCatalog:
    files = [file(f"project/{name}.md") for name in names]
    return AgentCatalog([*files, *(file(f"project/{name}.md", "enabled: false") for name in disabled)])


def refused(catalog: AgentCatalog, name: str) -> UnknownAgent:
    with pytest.raises(UnknownAgent) as caught:
        catalog.find(name)
    return caught.value


SCOUTS = roster("scout", "router", disabled=("retired",))


@pytest.mark.parametrize("name", ["scout", "SCOUT", " Scout ", "\tscout\n"])
def test_a_name_is_trimmed_and_case_does_not_matter_where_it_is_clear(name):
    assert SCOUTS.find(name).name == "scout"


def test_an_unknown_name_is_refused_with_the_nearest_and_all_that_are_enabled():
    error = refused(SCOUTS, "scoot")

    assert str(error) == snapshot("There is no agent 'scoot'. Did you mean scout? There are: router, scout.")
    assert (error.name, error.nearest) == ("scoot", ("scout",))


def test_b21_a_disabled_agent_cannot_be_found_nor_listed_and_is_said_to_be_disabled():
    assert str(refused(SCOUTS, "retired")) == snapshot(
        "The agent 'retired' is disabled in project/retired.md. There are: router, scout."
    )
    assert "retired" not in str(refused(SCOUTS, "typo"))
    assert SCOUTS.names() == ["router", "scout"]
    assert [agent.name for agent in SCOUTS] == ["retired", "router", "scout"]


@pytest.mark.parametrize("name", ["", "   "])
def test_no_name_is_said_to_be_none(name):
    assert str(refused(SCOUTS, name)) == snapshot("No agent type was given. There are: router, scout.")


def test_two_names_that_differ_in_case_are_found_exactly_and_no_third_spelling_is_guessed():
    catalog = roster("Scout", "scout")

    assert catalog.find("Scout").name == "Scout"
    assert catalog.find("scout").name == "scout"
    error = refused(catalog, "SCOUT")
    assert str(error) == snapshot(
        "'SCOUT' fits more than one agent: Scout, scout. Spell it exactly as one of them."
    )
    assert error.nearest == ("Scout", "scout")


def test_a_disabled_namesake_does_not_make_a_name_ambiguous():
    assert roster("scout", disabled=("Scout",)).find("SCOUT").name == "scout"


def test_where_there_are_no_agents_that_is_said():
    assert str(refused(AgentCatalog(), "scout")) == snapshot(
        "There is no agent 'scout'. There are no agents here."
    )


def test_of_very_many_names_some_are_listed():
    message = str(refused(roster(*(f"agent-{n:03}" for n in range(200))), "x"))

    assert message.endswith("agent-049 and 150 more.")


# --- precedence


def test_b5_a_later_file_replaces_an_earlier_one_wholly():
    catalog = AgentCatalog(
        [
            file("packaged/Explore.md", "description: ours", "tools: read", "max_turns: 3"),
            file("project/Explore.md", "description: theirs"),
        ]
    )

    [explore] = catalog.listed()
    assert (explore.description, explore.tools.names, explore.max_turns) == ("theirs", None, None)
    assert catalog.problems == ()


def test_b21_a_file_that_only_disables_hides_the_one_below():
    catalog = AgentCatalog([file("packaged/Plan.md"), file("project/Plan.md", "enabled: false")])

    assert catalog.names() == []


def test_b11_of_two_files_of_one_folder_with_the_same_name_the_later_counts_and_that_is_told():
    catalog = AgentCatalog(
        [
            file("project/a.md", "name: shared", "description: first"),
            file("project/b.md", "name: shared", "description: second"),
        ]
    )

    assert [agent.description for agent in catalog.listed()] == ["second"]
    assert [str(problem) for problem in catalog.problems] == snapshot(
        ["project/a.md: project/b.md is also called 'shared' and is read later, so this file is not used"]
    )


def test_which_of_two_folders_counts_is_nothing_to_tell():
    catalog = AgentCatalog(
        [
            file("project/.codex/agents/shared.md", "description: first"),
            file("project/.claude/agents/shared.md", "description: second"),
        ]
    )

    assert [agent.description for agent in catalog.listed()] == ["second"]
    assert catalog.problems == ()


def test_of_several_files_below_a_broken_one_the_last_is_in_effect():
    told = problems(
        file("packaged/scout.md", "description: one"), file("user/scout.md", "description: two"), BROKEN
    )

    assert told[-1] == "project/scout.md: user/scout.md is in effect for 'scout' instead"


BROKEN = file("project/scout.md", "tools: 3")


def problems(*files: Parsed) -> list[str]:
    return [str(problem) for problem in AgentCatalog(files).problems]


def test_b14_a_broken_file_leaves_the_one_below_in_effect_and_says_so():
    catalog = AgentCatalog([file("user/scout.md", "description: good"), BROKEN])

    assert catalog.find("scout").description == "good"
    assert [str(problem) for problem in catalog.problems] == snapshot(
        [
            "project/scout.md:2: `tools` must be names, as a list or separated by commas, not '3'",
            "project/scout.md: the file is not used, because it would be without its `tools`",
            "project/scout.md: user/scout.md is in effect for 'scout' instead",
        ]
    )


def test_b15_nothing_is_said_to_be_in_effect_where_that_one_is_disabled():
    assert problems(file("user/scout.md", "enabled: false"), BROKEN) == problems(BROKEN)


def test_nothing_is_said_to_be_in_effect_where_nothing_was_replaced():
    alone = problems(BROKEN)

    assert problems(file("user/other.md"), BROKEN) == alone
    assert problems(BROKEN, file("project/other.md", "name: scout")) == alone


def test_a_file_without_a_name_of_its_own_replaces_nothing():
    nameless = file("project/scout.md", "name: 'a:b'")

    assert not any("in effect" in line for line in problems(file("user/scout.md"), nameless))
