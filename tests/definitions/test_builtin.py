"""The definitions that come with the package load without a problem and are what they say."""

from __future__ import annotations

import pytest

from subagents.definitions.discovery import load
from subagents.definitions.folders import Folder, builtin_folder
from subagents.definitions.installed import program_of
from subagents.definitions.model import AgentDefinition, Scope
from subagents.runs.output_schema import judge, parse_schema
from subagents.spec import PromptMode

CATALOG = load([Folder(builtin_folder(), Scope.PACKAGED)])
READING = ("read", "grep", "find", "ls")


def test_all_of_them_load_without_a_problem():
    assert CATALOG.problems == ()
    # Those that are programs are there where their program is; `test_installed.py` looks at them.
    names = [agent.name for agent in CATALOG.listed() if not program_of(agent)]
    assert names == ["browser", "Explore", "general-purpose", "json-explorer", "orchestrator", "Plan"]


@pytest.mark.parametrize("agent", CATALOG.listed(), ids=lambda agent: agent.name)
def test_each_has_a_description_and_a_role_and_leaves_strategy_to_the_caller(agent: AgentDefinition):
    assert agent.description != agent.name
    assert "\n" not in agent.description
    assert 200 < len(agent.body) < 2500
    assert (agent.model, agent.max_turns, agent.max_seconds) == ("", None, None)


@pytest.mark.parametrize("name", ["Explore", "Plan", "json-explorer"])
def test_those_that_look_can_change_nothing(name: str):
    agent = CATALOG.find(name)

    assert agent.tools.names == READING
    assert agent.prompt_mode is PromptMode.REPLACE


def test_general_purpose_has_all_tools_and_follows_the_project():
    agent = CATALOG.find("general-purpose")

    assert agent.tools.names is None
    assert agent.prompt_mode is PromptMode.APPEND


def test_the_orchestrator_delegates_and_does_not_search():
    tools = CATALOG.find("orchestrator").tools

    assert tools.names == ("Agent", "get_subagent_result", "stop_subagent", "read")


def test_the_json_explorer_answers_with_files_and_a_summary():
    schema = parse_schema(CATALOG.find("json-explorer").output_schema or "")
    assert schema is not None

    assert (
        judge('{"files": [{"path": "a.py", "line": 3, "reason": "here"}], "summary": "s"}', schema).problems
        == ()
    )
    assert judge('{"files": [{"path": "a.py", "line": 0, "reason": "x"}], "summary": "s"}', schema).problems
    assert judge('{"files": []}', schema).problems
