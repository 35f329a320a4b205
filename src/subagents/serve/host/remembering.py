"""The file from which a front answers before its host is there: kept as the host would answer now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import subagents
from subagents import atomic
from subagents.contents import first_bytes
from subagents.serve.front.answers import MOST_BYTES, host_file
from subagents.serve.mcp import tools
from subagents.serve.mcp.conversations import Conversations
from subagents.serve.mcp.offering import offering, written


async def remember_offering(conversations: Conversations) -> None:
    """Writes it anew when it says something else. Where that cannot be done the next client waits a little."""
    file = host_file(conversations.project.state)
    digest = tools.digest(tools.listed(conversations))
    if _says(file, {"version": subagents.__version__, "digest": digest}):
        return
    offered = await offering(conversations.project, conversations.settings, conversations.catalog())
    with suppress(OSError):
        atomic.replace(file, written(offered).encode(), mode=0o600)


def _says(file: Path, now: Mapping[str, str]) -> bool:
    """Whether the file is there and says this; whatever else stands in it is written anew."""
    with suppress(OSError, ValueError, RecursionError):
        said = json.loads(first_bytes(file, MOST_BYTES))
        return isinstance(said, dict) and now.items() <= said.items()
    return False
