"""`pause_subagent` and `unpause_subagent`: an agent rests from the end of a turn on, until it is let go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from subagents.delegation.answers import PauseAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent
from subagents.runs.state import RunState


class PauseParams(Parameters):
    """What both take."""

    agent_id: Annotated[str, Field(description="The id or handle of an agent of yours.")]


async def pause(parent: Parent, asked: PauseParams) -> Answer:
    """Lets it rest as soon as its turn is over. Raises `RunNotFound`, and `NotNow` for one that has ended."""
    run = parent.manager.state.run(parent.scope.find(asked.agent_id))
    if run.paused:
        return _answer(run, "was paused already.", paused=True)
    await parent.manager.pause(run.id)
    return _answer(
        run,
        "rests as soon as its turn is over, and another may work in its place.\n"
        "It keeps all it has; unpause_subagent lets it go on.",
        paused=True,
    )


async def unpause(parent: Parent, asked: PauseParams) -> Answer:
    """Lets it go on. Raises `RunNotFound`, and `NotNow` for one that has ended."""
    run = parent.manager.state.run(parent.scope.find(asked.agent_id))
    if not run.paused and not run.status.ended:
        return _answer(run, "was not paused.", paused=False)
    await parent.manager.unpause(run.id)
    return _answer(run, "goes on.", paused=False)


def _answer(run: RunState, what: str, *, paused: bool) -> Answer:
    return Answer(f"Agent {run.handle} ({run.id}) {what}", {"id": run.id, "paused": paused})


PAUSE = DelegationTool("pause_subagent", PauseParams, pause, (PauseAnswer,))
UNPAUSE = DelegationTool("unpause_subagent", PauseParams, unpause, (PauseAnswer,))
