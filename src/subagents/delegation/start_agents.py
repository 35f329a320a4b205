"""`start_agents`: many agents in one call, each of which begins or is refused for itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from subagents.delegation.agent import AgentParams, start, unreadable
from subagents.delegation.answers import ManyBegun
from subagents.delegation.tool import (
    Answer,
    BadArguments,
    DelegationTool,
    Parameters,
    Parent,
    read,
    refused,
)
from subagents.errors import SessionError, SubagentsError
from subagents.texts import quoted

MOST = 50

#: An object as its schema says; whatever else a model writes there is refused by itself.
Item = Annotated[Any, Field(json_schema_extra={"type": "object", "additionalProperties": True})]


class StartParams(Parameters):
    """What `start_agents` takes. The items are read one by one, so that a bad one costs the others nothing."""

    agents: Annotated[
        list[Item],
        Field(
            description=f"Up to {MOST}; each takes what Agent takes, but all of them run in the background.",
            json_schema_extra={"maxItems": MOST},
        ),
    ]


async def start_agents(parent: Parent, asked: StartParams) -> Answer:
    """Starts them in their order. More than fifty are refused before any begins."""
    if not asked.agents:
        return refused("agents is empty; give one object for each agent.")
    if len(asked.agents) > MOST:
        return refused(
            f"agents has {len(asked.agents)} items and may have {MOST}; start the others in another call."
        )
    answers = [await _one(parent, given) for given in asked.agents]
    begun = sum(answer.ok for answer in answers)
    head = f"{begun} of {len(answers)} agents started. {parent.door.told}"
    lines = [f"{number}. {_line(answer)}" for number, answer in enumerate(answers, 1)]
    return Answer(
        "\n".join((head, *lines)), {"agents": [dict(answer.data) for answer in answers]}, ok=begun > 0
    )


async def _one(parent: Parent, given: object) -> Answer:
    try:
        return await start(parent, _read(given))
    except BadArguments as error:
        return unreadable(parent, error)
    except SessionError:
        raise
    except SubagentsError as error:
        return refused(str(error))


def _read(given: object) -> AgentParams:
    if not isinstance(given, dict):
        raise BadArguments(f"This agent must be an object with the parameters of Agent, not {quoted(given)}.")
    return read("This agent", AgentParams, {**given, "run_in_background": True})


def _line(answer: Answer) -> str:
    if not answer.ok:
        return answer.text
    data = answer.data
    queued = f", queued at place {data['queue_position']}" if data["queue_position"] else ""
    return f"{data['id']} ({data['type']}, handle {data['handle']}){queued}"


START_AGENTS = DelegationTool("start_agents", StartParams, start_agents, (ManyBegun,))
