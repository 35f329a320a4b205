"""The delegation tools there are, and their parameters as JSON Schema. Imports the model library's validation; ask for
it when tools are needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subagents.delegation.agent import AGENT
from subagents.delegation.answers import schema_of
from subagents.delegation.clearing import CLEAR
from subagents.delegation.get_result import GET_RESULT
from subagents.delegation.listing import LIST
from subagents.delegation.pausing import PAUSE, UNPAUSE
from subagents.delegation.reporting import REPORT
from subagents.delegation.start_agents import START_AGENTS
from subagents.delegation.steer import STEER
from subagents.delegation.stop import STOP
from subagents.delegation.tool import DelegationTool

TOOLS: tuple[DelegationTool[Any], ...] = (
    AGENT,
    START_AGENTS,
    GET_RESULT,
    STEER,
    STOP,
    PAUSE,
    UNPAUSE,
    LIST,
    CLEAR,
)

BY_NAME: Mapping[str, DelegationTool[Any]] = {tool.name: tool for tool in TOOLS}

#: For programs outside, which may be or know agents that are not ours.
FOR_CLIENTS: Mapping[str, DelegationTool[Any]] = {**BY_NAME, REPORT.name: REPORT}


def parameters_of(tool: DelegationTool[Any], wait_seconds: float) -> dict[str, Any]:
    """The JSON Schema of a tool's parameters, with nothing in it that a model does not need: no titles, no references,
    no null beside a type. `wait_seconds` is the configured limit of a wait, which a description names."""
    whole = tool.parameters.model_json_schema()
    schema = _plain(whole, whole.get("$defs", {}), in_words(wait_seconds))
    del schema["description"]  # the class's own words are for programmers
    return schema


def answers_of(tool: DelegationTool[Any]) -> dict[str, Any]:
    """The JSON Schema of the `data` that a tool answers a program with, unless it refuses."""
    return schema_of(*tool.answers)


def in_words(seconds: float) -> str:
    """`4.5 minutes`, `1 minute`, `45 seconds`."""
    if seconds < 60:
        return f"{seconds:g} seconds"
    minutes = seconds / 60
    return f"{minutes:.3g} minute{'' if minutes == 1 else 's'}"


def _plain(schema: Mapping[str, Any], parts: Mapping[str, Any], wait: str) -> dict[str, Any]:
    if "$ref" in schema:
        named = parts[schema["$ref"].rpartition("/")[2]]
        schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
    if (only := _without_null(schema)) is not None:
        return _plain(
            {**only, **{key: value for key, value in schema.items() if key != "anyOf"}}, parts, wait
        )
    made: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "title" | "$defs":
                pass
            case "default" if value is None:
                pass
            case "description":
                made[key] = value.replace("{wait}", wait)
            case "properties":
                made[key] = {name: _plain(part, parts, wait) for name, part in value.items()}
            case "items":
                made[key] = _plain(value, parts, wait)
            case "anyOf":
                made[key] = [_plain(part, parts, wait) for part in value]
            case _:
                made[key] = value
    return made


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is left of "this or null" without the null, which is understood everywhere; None for anything else."""
    others = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    return others[0] if len(others) == 1 and len(others) < len(schema["anyOf"]) else None
