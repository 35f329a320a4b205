"""The delegation tools there are, and their parameters as JSON Schema. Imports the model library's validation; ask for
it when tools are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subagents.delegation.agent import AGENT
from subagents.delegation.answers import schema_of
from subagents.delegation.clearing import CLEAR
from subagents.delegation.get_result import GET_RESULT
from subagents.delegation.listing import LIST
from subagents.delegation.models import MODELS
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
    MODELS,
)

BY_NAME: Mapping[str, DelegationTool[Any]] = {tool.name: tool for tool in TOOLS}

#: For programs outside, which may be or know agents that are not ours.
FOR_CLIENTS: Mapping[str, DelegationTool[Any]] = {**BY_NAME, REPORT.name: REPORT}

NONE: frozenset[str] = frozenset()
ISOLATING = frozenset({"isolation"})


def parameters_of(
    tool: DelegationTool[Any], wait_seconds: float, *, worktrees: bool = True
) -> dict[str, Any]:
    """The JSON Schema of a tool's parameters, with nothing in it that a model does not need: no titles, no references,
    no null beside a type, no `isolation` where there are no `worktrees`. `wait_seconds` is the configured limit of a
    wait, which a description names."""
    whole = tool.parameters.model_json_schema()
    plain = _Plain(whole.get("$defs", {}), in_words(wait_seconds), NONE if worktrees else ISOLATING)
    schema = plain.of(whole)
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


@dataclass(frozen=True, slots=True)
class _Plain:
    """Makes a schema plain: `parts` are what its references name, `wait` stands for the limit of a wait, and the
    properties `without` are left out."""

    parts: Mapping[str, Any]
    wait: str
    without: frozenset[str]

    def of(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            named = self.parts[schema["$ref"].rpartition("/")[2]]
            schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
        if (only := _without_null(schema)) is not None:
            return self.of({**only, **{key: value for key, value in schema.items() if key != "anyOf"}})
        return {key: self._value(key, value) for key, value in schema.items() if not _needless(key, value)}

    def _value(self, key: str, value: Any) -> Any:
        match key:
            case "description":
                return value.replace("{wait}", self.wait)
            case "properties":
                return {name: self.of(part) for name, part in value.items() if name not in self.without}
            case "items":
                return self.of(value)
            case "anyOf":
                return [self.of(part) for part in value]
            case _:
                return value


def _needless(key: str, value: Any) -> bool:
    return key in ("title", "$defs") or (key == "default" and value is None)


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is left of "this or null" without the null, which is understood everywhere; None for anything else."""
    others = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    return others[0] if len(others) == 1 and len(others) < len(schema["anyOf"]) else None
