"""The delegation tools as a toolset of the model library, for the manager they drive."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files
from typing import Annotated, Protocol

from pydantic import Field
from pydantic_ai import RunContext, Tool
from pydantic_ai.toolsets import FunctionToolset

from subagents.delegation import DELEGATION_TOOLS
from subagents.errors import SubagentsError
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.result import result_text
from subagents.runtime.manager import WAIT_BOUND, AgentManager
from subagents.spec import AskedBy, SpawnRequest

MAX_WAIT = 3600.0  # seconds


class HasRun(Protocol):
    """What the dependencies of a run must offer for its model to delegate."""

    @property
    def run(self) -> RunId: ...


Prompt = Annotated[str, Field(description="The whole task; the subagent sees nothing of this conversation.")]
Type = Annotated[str, Field(description="Which agent; see the list above.")]
Words = Annotated[str, Field(description="Three to five words for the people who watch.")]
Turns = Annotated[int | None, Field(description="It is asked to finish after so many turns.", ge=0)]
AgentId = Annotated[str, Field(description="The id that Agent answered, or its handle.")]
Seconds = Annotated[float, Field(description="How long to wait at most.", gt=0, le=MAX_WAIT)]


def delegation_toolset(manager: AgentManager, selection: Collection[str]) -> FunctionToolset[HasRun]:
    """The selected tools. A run sees only what it started itself. One toolset serves all runs of a manager."""

    def own(ctx: RunContext[HasRun], name: str) -> RunId:
        run_id = manager.find(name)
        if run_id not in manager.state.children(ctx.deps.run):
            raise SubagentsError(f"{name!r} is not a subagent of yours")
        return run_id

    async def start(
        ctx: RunContext[HasRun],
        prompt: Prompt,
        subagent_type: Type,
        description: Words = "",
        max_turns: Turns = None,
    ) -> str:
        try:
            run_id = await manager.spawn(
                SpawnRequest(
                    agent=subagent_type,
                    prompt=prompt,
                    description=description,
                    max_turns=max_turns,
                    parent=ctx.deps.run,
                    asked_by=AskedBy.MODEL,
                )
            )
        except SubagentsError as error:
            return f"Error: {error}"
        agent = manager.state.run(run_id).spec.agent
        return f"Started agent {run_id} ({agent}). Fetch its result with get_subagent_result."

    async def get_result(
        ctx: RunContext[HasRun], agent_id: AgentId, wait: bool = False, timeout_seconds: Seconds = WAIT_BOUND
    ) -> str:
        try:
            run_id = own(ctx, agent_id)
            result = await manager.get_result(run_id, wait=wait, timeout=timeout_seconds, to="parent")
        except SubagentsError as error:
            return f"Error: {error}"
        return result_text(result, now=manager.clock.now())

    async def stop(ctx: RunContext[HasRun], agent_id: AgentId) -> str:
        try:
            run_id = own(ctx, agent_id)
            await manager.stop(run_id, by=StoppedBy.PARENT, reason="its parent stopped it")
            return result_text(await manager.get_result(run_id, to="parent"), now=manager.clock.now())
        except SubagentsError as error:
            return f"Error: {error}"

    tools = {
        "Agent": Tool(start, name="Agent", description=_described("agent") + _types(manager)),
        "get_subagent_result": Tool(
            get_result, name="get_subagent_result", description=_described("get_result")
        ),
        "stop_subagent": Tool(stop, name="stop_subagent", description=_described("stop")),
    }
    return FunctionToolset([tools[name] for name in DELEGATION_TOOLS if name in selection], id="delegation")


def _described(name: str) -> str:
    return (files("subagents.delegation") / f"{name}.md").read_text(encoding="utf-8").strip()


def _types(manager: AgentManager) -> str:
    lines = [f"- {agent.name}: {agent.description}" for agent in manager.agents.listed()]
    return "\n\nAgents:\n" + "\n".join(lines)
