"""The delegation tools as MCP lists them, and the digest by which a cached list is known to be out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from mcp_types import Tool, ToolAnnotations

from subagents.delegation.describing import Place, described
from subagents.delegation.door import MCP
from subagents.delegation.registry import FOR_CLIENTS, parameters_of
from subagents.delegation.tool import DelegationTool
from subagents.serve.mcp.conversations import Conversations
from subagents.serve.mcp.data import data_schema
from subagents.serve.mcp.hints import HINTS


def listed(conversations: Conversations) -> list[Tool]:
    """All tools, as they are described to a client of this project now. Opens no session."""
    place, wait_seconds = _place(conversations), conversations.settings.wait_timeout_seconds
    return [_listed(tool, place, wait_seconds) for tool in FOR_CLIENTS.values()]


def digest(tools: Sequence[Tool]) -> str:
    """Differs whenever a client would see other tools: SHA-256 in hexadecimal."""
    shown = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


@cache
def input_schema(tool: str, wait_seconds: float, worktrees: bool = True) -> dict[str, Any]:
    """What a tool takes, where a wait is as long as that unless it is asked for otherwise, and where agents may have
    `worktrees` or not. Not to be changed."""
    return parameters_of(FOR_CLIENTS[tool], wait_seconds, worktrees=worktrees)


def _place(conversations: Conversations) -> Place:
    settings = conversations.settings
    return Place(
        agents=conversations.catalog().listed(),
        next_depth=1,
        max_depth=settings.max_depth,
        door=MCP,
        mode=settings.tool_description_mode,
        project=conversations.project.root,
        worktrees=settings.worktree_isolation,
    )


def _listed(tool: DelegationTool[Any], place: Place, wait_seconds: float) -> Tool:
    hints = HINTS[tool.name]
    return Tool(
        name=tool.name,
        title=hints.title,
        description=described(tool.name, place).text,
        input_schema=input_schema(tool.name, wait_seconds, place.worktrees),
        output_schema=data_schema(tool.name),
        annotations=ToolAnnotations(
            title=hints.title,
            read_only_hint=hints.reads_only,
            destructive_hint=hints.destructive,
            idempotent_hint=hints.idempotent,
            open_world_hint=hints.open_world,
        ),
    )
