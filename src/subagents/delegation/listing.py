"""`list_subagents`: the agents of a parent, or its own place in the tree."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from subagents.delegation.answers import ListAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent
from subagents.runs.listing import listed, listing_json, listing_text


class ListParams(Parameters):
    """What `list_subagents` takes."""

    all: Annotated[
        bool, Field(description="Also the successes that ended earlier; without it the last two.")
    ] = False
    view: Annotated[
        Literal["list", "path"],
        Field(
            description="list: a line for each agent. path: where you are in the tree, and what is below you."
        ),
    ] = "list"


async def list_agents(parent: Parent, asked: ListParams) -> Answer:
    """The agents that the parent started, and what these did; changes nothing."""
    manager, owner = parent.manager, parent.owner
    listing = listed(parent.scope.runs(), manager.clock.now(), everything=asked.all)
    if asked.view == "list" or owner is None:
        return Answer(listing_text(listing, owner), listing_json(listing))
    from subagents.view.tree_path import path_text

    return Answer(path_text(manager.state, owner, manager.clock.now()), listing_json(listing))


LIST = DelegationTool("list_subagents", ListParams, list_agents, (ListAnswer,), reads_only=True)
