"""The delegation tools as MCP lists them, and the digest by which a cached list is known to be out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types import Tool, ToolAnnotations

from subagents.definitions.catalog import AgentCatalog
from subagents.delegation.describing import Place, described
from subagents.delegation.door import MCP
from subagents.delegation.registry import TOOLS, answers_of, parameters_of
from subagents.delegation.tool import DelegationTool
from subagents.serve.mcp.conversations import Conversations
from subagents.serve.mcp.hints import HINTS
from subagents.settings.model import Settings

#: Some clients show their model nothing of an answer but its data, so what rides with it stands there as well.
NOTICES = "notices"
_NOTICES_SCHEMA = {"type": "array", "items": {"type": "string"}}


def listed(conversations: Conversations) -> list[Tool]:
    """All tools, as they are described to a client of this project now. Opens no session."""
    place = _place(conversations.settings, conversations.catalog(), conversations)
    return [_listed(tool, place, conversations.settings.wait_timeout_seconds) for tool in TOOLS]


def digest(tools: Sequence[Tool]) -> str:
    """Differs whenever a client would see other tools: SHA-256 in hexadecimal."""
    shown = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def data_schema(tool: DelegationTool[Any]) -> dict[str, Any]:
    """What the data of its answers fits, the notices that ride with them included."""
    schema = answers_of(tool)
    return {**schema, "properties": {**schema["properties"], NOTICES: _NOTICES_SCHEMA}}


def fits(tool: DelegationTool[Any], data: Mapping[str, Any]) -> bool:
    """Whether a client that checks what it is sent would take this."""
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(data_schema(tool)).is_valid(dict(data)))


def _place(settings: Settings, catalog: AgentCatalog, conversations: Conversations) -> Place:
    return Place(
        agents=catalog.listed(),
        next_depth=1,
        max_depth=settings.max_depth,
        door=MCP,
        mode=settings.tool_description_mode,
        project=conversations.project.root,
    )


def _listed(tool: DelegationTool[Any], place: Place, wait_seconds: float) -> Tool:
    hints = HINTS[tool.name]
    return Tool(
        name=tool.name,
        title=hints.title,
        description=described(tool.name, place).text,
        input_schema=parameters_of(tool, wait_seconds),
        output_schema=data_schema(tool),
        annotations=ToolAnnotations(
            title=hints.title,
            read_only_hint=hints.reads_only,
            destructive_hint=hints.destructive,
            idempotent_hint=hints.idempotent,
            open_world_hint=hints.open_world,
        ),
    )
