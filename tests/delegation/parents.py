"""A parent that calls tools, without a model."""

from __future__ import annotations

from subagents.delegation.stash import Stash
from subagents.delegation.tool import Parent
from subagents.ids import RunId
from subagents.runtime.manager import AgentManager


def parent_of(manager: AgentManager, owner: RunId | None = None) -> Parent:
    """The run `owner`, or whoever drives the session."""
    return Parent(manager, owner, Stash(manager.clock.monotonic))
