"""`steer_subagent`: a message that a parent slips into an agent in progress, and its receipt."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from subagents.delegation.answers import SteerAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent
from subagents.runs.listing import status_words
from subagents.runs.state import RunState, Steer
from subagents.spec import AskedBy

# Seconds that the receipt is waited for: an agent between two calls of tools reads at once, and for one in the middle
# of something long the parent is not kept waiting.
RECEIPT_WAIT = 1.0
EARLIER = 5  # messages before this one whose receipts are told
GLANCE = 60  # characters of such a message


class SteerParams(Parameters):
    """What `steer_subagent` takes."""

    agent_id: Annotated[str, Field(description="The id or handle of an agent of yours.")]
    message: Annotated[str, Field(description="What it is to know or do differently.")]


async def steer(parent: Parent, asked: SteerParams) -> Answer:
    """Has the message read once, before the agent's next turn, and says how far it came. Never ends the agent.

    Raises `RunNotFound`, and `NotNow` for a message that nobody can read.
    """
    manager = parent.manager
    run = manager.state.run(parent.scope.find(asked.agent_id))
    if run.status.ended:
        return Answer(_too_late(run), {"id": run.id, "status": str(run.status)}, ok=False)
    receipt = await manager.steer(run.id, asked.message, asked_by=AskedBy.MODEL, wait=RECEIPT_WAIT)
    now = manager.state.run(run.id)
    return Answer(receipt_text(now, receipt), _receipt(now, receipt), ok=not receipt.missed)


def receipt_text(run: RunState, receipt: Steer) -> str:
    """What became of the message, how the agent is now, and what became of those before."""
    if receipt.missed:
        return f"{_told(run, receipt)}\n{_too_late(run)}\nYour message was:\n{receipt.text}"
    earlier = [steer for steer in run.steers if steer.id != receipt.id and steer.asked_by is AskedBy.MODEL]
    lines = [
        _told(run, receipt),
        f"State: {_state(run)}",
        *(f'Earlier: "{_glance(steer.text)}" {_told(run, steer)}' for steer in earlier[-EARLIER:]),
    ]
    return "\n".join(lines)


def _receipt(run: RunState, receipt: Steer) -> dict[str, Any]:
    """`receipt` is queued, delivered or missed; `turn` the one that it was read before, counted from 1."""
    word = "missed" if receipt.missed else "queued" if receipt.waits else "delivered"
    told = {"id": run.id, "status": str(run.status), "receipt": word, "turn": receipt.turn}
    return {**told, "message": receipt.text} if receipt.missed else told


def _told(run: RunState, receipt: Steer) -> str:
    if receipt.missed:
        return "missed: the run had ended"
    if receipt.turn is not None:
        return f"delivered at turn {receipt.turn}"
    when = "when it goes on; unpause_subagent lets it" if run.paused else "before its next turn"
    return f"queued: read {when}"


def _state(run: RunState) -> str:
    """What there is of it so far; what is nothing is left out."""
    counts = ((run.turns, "turn"), (run.tool_uses, "tool use"), (run.usage.total.tokens, "token"))
    counted = [f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    return " | ".join([status_words(run), *counted])


def _too_late(run: RunState) -> str:
    return (
        f"Agent {run.handle} ({run.id}) is {status_words(run)} and reads nothing any more.\n"
        f'Resume it with your message as the prompt: Agent with resume: "{run.id}".'
    )


def _glance(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= GLANCE else f"{line[: GLANCE - 1]}…"


STEER = DelegationTool("steer_subagent", SteerParams, steer, (SteerAnswer,))
