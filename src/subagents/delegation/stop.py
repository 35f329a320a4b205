"""`stop_subagent`: ends an agent, with what it has started or without, and gives what it had."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from subagents.delegation.answers import StoppedAnswer
from subagents.delegation.tool import Answer, DelegationTool, Parameters, Parent
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.result import result_json, result_text
from subagents.runtime.manager import AgentManager

CUT = "The middle is left out; get_subagent_result with peek shows it."


class StopParams(Parameters):
    """What `stop_subagent` takes."""

    agent_id: Annotated[str, Field(description="The id or handle of an agent of yours.")]
    subtree: Annotated[
        bool, Field(description="Also all that it has started; without it those in the background go on.")
    ] = True


async def stop(parent: Parent, asked: StopParams) -> Answer:
    """Stops it and answers with its partial work, which counts as read. Raises `RunNotFound`."""
    manager, run_id = parent.manager, parent.scope.find(asked.agent_id)
    stopped = await manager.stop(run_id, by=StoppedBy.PARENT, subtree=asked.subtree)
    result = await manager.get_result(run_id, to=parent.reader)
    done = _done(manager, run_id, subtree=asked.subtree) if stopped else "It had ended already."
    text = f"{done}\n\n{result_text(result, now=manager.clock.now(), when_cut=CUT)}"
    return Answer(text, {"stopped": stopped, **result_json(result)})


def _done(manager: AgentManager, run_id: RunId, *, subtree: bool) -> str:
    if subtree:
        return "Stopped, with all below it."
    state = manager.state
    below = (state.run(run) for run in state.children(run_id))
    going = [run.id for run in below if not run.status.ended and run.spec.background]
    return f"Stopped; still at work below it: {', '.join(going)}." if going else "Stopped."


STOP = DelegationTool("stop_subagent", StopParams, stop, (StoppedAnswer,))
