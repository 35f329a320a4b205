"""What a model is given of the tools: their names and their parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.definitions.tool_names import DELEGATING
from subagents.delegation.registry import BY_NAME, TOOLS, in_words, parameters_of
from subagents.delegation.tool import BadArguments


def test_every_tool_that_a_file_can_name_is_there_and_no_other():
    assert tuple(tool.name for tool in TOOLS) == DELEGATING
    reading = [tool.name for tool in TOOLS if tool.reads_only]
    assert reading == ["get_subagent_result", "list_subagents", "list_models"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(270, "4.5 minutes"), (60, "1 minute"), (45, "45 seconds"), (3600, "60 minutes")]
)
def test_the_limit_of_a_wait_is_named_in_words(seconds: float, words: str):
    assert in_words(seconds) == words
    schema = parameters_of(BY_NAME["get_subagent_result"], seconds)
    assert f"default {words}" in schema["properties"]["wait"]["description"]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_schema_has_nothing_that_a_model_does_not_need(name: str):
    schema = parameters_of(BY_NAME[name], 270)
    assert _words_in(schema) & {"title", "$ref", "$defs", "null"} == set()
    assert schema["additionalProperties"] is False
    assert all(each.get("description") for each in schema["properties"].values())


def test_where_there_are_no_worktrees_no_tool_takes_isolation():
    def takes(**offered: bool) -> list[str]:
        return [
            tool.name for tool in TOOLS if '"isolation"' in json.dumps(parameters_of(tool, 270, **offered))
        ]

    assert takes() == ["Agent"]
    assert takes(worktrees=False) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_null_is_the_same_as_not_given(name: str):
    tool = BY_NAME[name]
    required = dict.fromkeys(parameters_of(tool, 270).get("required", ()), "x")
    given: dict[str, Any] = {"agents": [{}]} if name == "start_agents" else required
    nothing = {key: None for key in tool.parameters.model_fields if key not in given}
    assert tool.read({**nothing, **given}) == tool.read(given)


def test_what_is_wrong_with_a_call_is_said_with_what_there_is():
    def said(arguments: dict[str, object] | str) -> str:
        with pytest.raises(BadArguments) as caught:
            BY_NAME["steer_subagent"].read(arguments)
        return str(caught.value)

    assert said({"agent_id": "a", "mesage": "x"}) == snapshot(
        "steer_subagent cannot be called so: 'message' is missing; there is no 'mesage'. Its parameters are agent_id, message."
    )
    assert said({"agent_id": 3, "message": "x"}) == snapshot(
        "steer_subagent cannot be called so: 'agent_id' is 3, but input should be a valid string. Its parameters are agent_id, message."
    )
    assert said("[1]") == snapshot("The arguments must be an object, not '[1]'.")
    assert said('{"agent_id": ') == snapshot(
        "The arguments are not JSON: Expecting value: line 1 column 14 (char 13)."
    )


def test_the_parameters_of_agent():
    assert parameters_of(BY_NAME["Agent"], 270) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "prompt": {
                    "default": "",
                    "description": "The whole task: it sees nothing of this conversation unless it inherits it. May be left out with retry.",
                    "type": "string",
                },
                "description": {
                    "default": "",
                    "description": "Three to five words for the people who watch; else the prompt's first words.",
                    "type": "string",
                },
                "subagent_type": {
                    "default": "",
                    "description": "Which agent, of the list above; auto picks the one that fits the task best.",
                    "type": "string",
                },
                "name": {
                    "default": "",
                    "description": "What to call it by; other tools take it in place of the id.",
                    "type": "string",
                },
                "model": {
                    "default": "",
                    "description": "What answers: provider/id, or a part of a name such as haiku. An agent whose file names a model keeps that.",
                    "type": "string",
                },
                "thinking": {
                    "default": "",
                    "description": "How hard it thinks: off, minimal, low, medium, high, xhigh, max.",
                    "type": "string",
                },
                "max_turns": {
                    "default": 0,
                    "description": "It is asked to finish after so many turns.",
                    "minimum": 0,
                    "type": "integer",
                },
                "max_seconds": {
                    "default": 0,
                    "description": "It is asked to finish near so many seconds, and stopped at them.",
                    "minimum": 0,
                    "type": "number",
                },
                "max_tokens": {
                    "default": 0,
                    "description": "It is asked to finish near so many tokens, and stopped at them.",
                    "minimum": 0,
                    "type": "integer",
                },
                "max_cost": {
                    "default": 0,
                    "description": "The same in US dollars.",
                    "minimum": 0,
                    "type": "number",
                },
                "resume": {
                    "default": "",
                    "description": "Id or handle of an agent of yours that has ended: it goes on with prompt, knowing all it knew.",
                    "type": "string",
                },
                "retry": {
                    "default": "",
                    "description": "The handle of a refused call: made again, with what you give now in place of what it had.",
                    "type": "string",
                },
                "inherit_context": {
                    "default": False,
                    "description": "true begins with this conversation: the agent then sees the chat history; recommended for questions that need current context. Not with resume.",
                    "type": "boolean",
                },
                "context": {
                    "default": "",
                    "description": "This conversation as text, as far as the agent should know it: with inherit_context where your conversation is not known here, as over MCP.",
                    "type": "string",
                },
                "isolated": {
                    "default": False,
                    "description": "Only built-in tools: none of other providers, no agents.",
                    "type": "boolean",
                },
                "isolation": {
                    "default": "",
                    "description": "worktree: a git worktree of its own: made from the current state at HEAD; its work is kept on a branch; a repository with a commit is required.",
                    "enum": ["", "worktree"],
                    "type": "string",
                },
                "run_in_background": {
                    "default": True,
                    "description": "false waits for the result, as get_subagent_result with wait; the agent then ends with you.",
                    "type": "boolean",
                },
                "output_schema": {
                    "anyOf": [{"additionalProperties": True, "type": "object"}, {"type": "string"}],
                    "default": "",
                    "description": 'A JSON Schema that its answer must fit. "" is free text, which is best unless a program reads the answer or you need single values of it.',
                },
                "on_invalid": {
                    "default": "",
                    "description": "What follows when the answer never fits: it failed (fail), or it is given as it is (keep).",
                    "enum": ["", "fail", "keep"],
                    "type": "string",
                },
            },
            "type": "object",
        }
    )


def test_the_parameters_of_get_subagent_result():
    assert parameters_of(BY_NAME["get_subagent_result"], 270) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "agent_id": {
                    "default": "",
                    "description": "An agent's id or handle; without one it is about all of yours.",
                    "type": "string",
                },
                "agent_ids": {
                    "default": [],
                    "description": "Several of them.",
                    "items": {"type": "string"},
                    "type": "array",
                },
                "wait": {
                    "anyOf": [{"type": "boolean"}, {"enum": ["any", "all"], "type": "string"}],
                    "default": False,
                    "description": "Wait until it has ended; with several until all have, or with any until one has. After the configured limit (default 4.5 minutes) the current status comes back with how to go on; no agent is ended.",
                },
                "timeout_seconds": {
                    "default": 0,
                    "description": "How long to wait at most, 1 to 3600; 0 for the limit.",
                    "minimum": 0,
                    "type": "number",
                },
                "verbose": {
                    "default": False,
                    "description": "Also what it said and which tools it called.",
                    "type": "boolean",
                },
                "peek": {
                    "additionalProperties": False,
                    "description": "In place of the result a look at its transcript, line by line.",
                    "properties": {
                        "lines": {
                            "type": "integer",
                            "description": "How many of the last lines, 20 unless said otherwise, at most 200.",
                        },
                        "regex": {
                            "default": "",
                            "description": "Only lines that match; RE2: (?i) ignores case, there is no look-around and no back-reference.",
                            "type": "string",
                        },
                        "after": {
                            "type": "integer",
                            "description": "In place of lines: the first 200 after this line number.",
                        },
                        "before": {"type": "integer", "description": "Only lines before this line number."},
                        "context": {
                            "type": "integer",
                            "description": "So many lines around each match, at most 20.",
                        },
                    },
                    "type": "object",
                },
                "pointer": {
                    "default": "",
                    "description": "One part of a structured result, as a JSON Pointer: /files/0/path.",
                    "type": "string",
                },
            },
            "type": "object",
        }
    )


def test_the_parameters_of_the_others():
    others = [tool for tool in TOOLS if tool.name not in ("Agent", "get_subagent_result")]
    assert {tool.name: parameters_of(tool, 270) for tool in others} == snapshot(
        {
            "start_agents": {
                "additionalProperties": False,
                "properties": {
                    "agents": {
                        "description": "Up to 50; each takes what Agent takes, but all of them run in the background.",
                        "items": {"additionalProperties": True, "type": "object"},
                        "maxItems": 50,
                        "type": "array",
                    }
                },
                "required": ["agents"],
                "type": "object",
            },
            "steer_subagent": {
                "additionalProperties": False,
                "properties": {
                    "agent_id": {"description": "The id or handle of an agent of yours.", "type": "string"},
                    "message": {"description": "What it is to know or do differently.", "type": "string"},
                },
                "required": ["agent_id", "message"],
                "type": "object",
            },
            "stop_subagent": {
                "additionalProperties": False,
                "properties": {
                    "agent_id": {"description": "The id or handle of an agent of yours.", "type": "string"},
                    "subtree": {
                        "default": True,
                        "description": "Also all that it has started; without it those in the background go on.",
                        "type": "boolean",
                    },
                },
                "required": ["agent_id"],
                "type": "object",
            },
            "pause_subagent": {
                "additionalProperties": False,
                "properties": {
                    "agent_id": {"description": "The id or handle of an agent of yours.", "type": "string"}
                },
                "required": ["agent_id"],
                "type": "object",
            },
            "unpause_subagent": {
                "additionalProperties": False,
                "properties": {
                    "agent_id": {"description": "The id or handle of an agent of yours.", "type": "string"}
                },
                "required": ["agent_id"],
                "type": "object",
            },
            "list_subagents": {
                "additionalProperties": False,
                "properties": {
                    "all": {
                        "default": False,
                        "description": "Also the successes that ended earlier; without it the last two.",
                        "type": "boolean",
                    },
                    "view": {
                        "default": "list",
                        "description": "list: a line for each agent. path: where you are in the tree, and what is below you.",
                        "enum": ["list", "path"],
                        "type": "string",
                    },
                },
                "type": "object",
            },
            "clear_subagents": {
                "additionalProperties": False,
                "properties": {
                    "agent_ids": {
                        "default": [],
                        "description": "Ids, beginnings of ids or handles; these go however old. None: all that are old enough.",
                        "items": {"type": "string"},
                        "type": "array",
                    },
                    "older_than_minutes": {
                        "default": 5.0,
                        "description": "Without ids: how many minutes ago they ended.",
                        "minimum": 0,
                        "type": "number",
                    },
                    "include_errors": {
                        "default": False,
                        "description": "Without ids: also those that failed, were stopped or interrupted.",
                        "type": "boolean",
                    },
                    "include_unread": {
                        "default": False,
                        "description": "Also completed ones whose result you have not fetched.",
                        "type": "boolean",
                    },
                },
                "type": "object",
            },
            "list_models": {
                "additionalProperties": False,
                "properties": {
                    "provider": {
                        "type": "string",
                        "description": "Only this provider's, and all of them: anthropic, openai, google, ollama",
                    }
                },
                "type": "object",
            },
        }
    )


def _words_in(value: Any) -> set[str]:
    """Every key of a schema that is a keyword, and every type."""
    if isinstance(value, list):
        return set().union(*map(_words_in, value)) if value else set()
    if not isinstance(value, dict):
        return {value} if value == "null" else set()
    inner = [each for key, each in value.items() if key not in ("properties", "description", "default")]
    inner += list(value.get("properties", {}).values())
    return set(value) | set().union(*map(_words_in, inner))
