"""The delegation tools as a toolset of the model library, for the manager they drive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import wraps
from importlib.resources import files
from typing import Annotated, ParamSpec, Protocol

from pydantic import Field
from pydantic_ai import RunContext, Tool
from pydantic_ai.toolsets import FunctionToolset

from subagents.delegation import DELEGATION_TOOLS
from subagents.errors import SessionError, SubagentsError
from subagents.events import StoppedBy
from subagents.ids import RunId
from subagents.runs.result import Result, result_text
from subagents.runtime.manager import AgentManager
from subagents.spec import AskedBy, SpawnRequest
from subagents.toolsets.coding import FAILED

P = ParamSpec("P")

MAX_WAIT = 3600.0  # seconds
GO_ON = "Call get_subagent_result again with wait: true to go on waiting, or without it for a status."
CUT = "The middle is left out; ask for a shorter answer when you start the next one."


class HasRun(Protocol):
    """What the dependencies of a run must offer for its model to delegate."""

    @property
    def run(self) -> RunId: ...


Prompt = Annotated[str, Field(description="The whole task; the subagent sees nothing of this conversation.")]
Type = Annotated[str, Field(description="Which agent; see the list above.")]
Words = Annotated[str, Field(description="Three to five words for the people who watch.")]
Turns = Annotated[int | None, Field(description="It is asked to finish after so many turns.", ge=1)]
Model = Annotated[
    str,
    Field(
        description="What answers: provider/id, or a part of a name such as haiku; nothing for yours. An agent whose "
        "file names a model keeps that."
    ),
]
AgentId = Annotated[str, Field(description="The id that Agent answered, or its handle.")]
Seconds = Annotated[
    float | None, Field(description="How long to wait at most; the setting unless given.", gt=0, le=MAX_WAIT)
]


def delegation_toolset(
    manager: AgentManager, selection: Collection[str], types: Collection[str] | None = None
) -> FunctionToolset[HasRun]:
    """The selected tools, with the agents of these `types` listed, None for all. A run sees only what it started
    itself. One toolset serves all runs of a manager that may start the same agents."""
    delegation = _Delegation(manager)
    tools = {
        "Agent": Tool(
            delegation.start, name="Agent", description=_described("agent") + _types(manager, types)
        ),
        "get_subagent_result": Tool(
            delegation.get_result, name="get_subagent_result", description=_described("get_result")
        ),
        "stop_subagent": Tool(delegation.stop, name="stop_subagent", description=_described("stop")),
    }
    return FunctionToolset([tools[name] for name in DELEGATION_TOOLS if name in selection], id="delegation")


def _refusal_as_answer(tool: Callable[P, Awaitable[str]]) -> Callable[P, Awaitable[str]]:
    """What was refused is told to the model, which can do otherwise."""

    @wraps(tool)
    async def answering(*arguments: P.args, **named: P.kwargs) -> str:
        try:
            return await tool(*arguments, **named)
        except SessionError:
            raise  # nothing is recorded any more: there is nothing else that it could do
        except SubagentsError as error:
            return f"{FAILED}{error}"

    return answering


class _Delegation:
    """The tools themselves."""

    def __init__(self, manager: AgentManager) -> None:
        self._manager = manager

    @_refusal_as_answer
    async def start(
        self,
        ctx: RunContext[HasRun],
        prompt: Prompt,
        subagent_type: Type,
        description: Words = "",
        max_turns: Turns = None,
        model: Model = "",
    ) -> str:
        run_id = await self._manager.spawn(
            SpawnRequest(
                agent=subagent_type,
                prompt=prompt,
                description=description,
                max_turns=max_turns,
                model=model,
                parent=ctx.deps.run,
                asked_by=AskedBy.MODEL,
            )
        )
        spec = self._manager.state.run(run_id).spec
        started = f"Started agent {run_id} ({spec.agent})."
        return " ".join((started, *spec.notes, "Fetch its result with get_subagent_result."))

    @_refusal_as_answer
    async def get_result(
        self,
        ctx: RunContext[HasRun],
        agent_id: AgentId,
        wait: bool = False,
        timeout_seconds: Seconds = None,
    ) -> str:
        run_id = self._own(ctx, agent_id)
        bound = timeout_seconds or self._manager.settings.wait_timeout_seconds
        return self._told(await self._manager.get_result(run_id, wait=wait, timeout=bound, to="parent"))

    @_refusal_as_answer
    async def stop(self, ctx: RunContext[HasRun], agent_id: AgentId) -> str:
        run_id = self._own(ctx, agent_id)
        await self._manager.stop(run_id, by=StoppedBy.PARENT, reason="its parent stopped it")
        return self._told(await self._manager.get_result(run_id, to="parent"))

    def _own(self, ctx: RunContext[HasRun], name: str) -> RunId:
        run_id = self._manager.find(name)
        if run_id not in self._manager.state.children(ctx.deps.run):
            raise SubagentsError(f"{name!r} is not a subagent of yours; use an id that Agent answered you")
        return run_id

    def _told(self, result: Result) -> str:
        return result_text(result, now=self._manager.clock.now(), while_running=GO_ON, when_cut=CUT)


def _described(name: str) -> str:
    return (files("subagents.delegation") / f"{name}.md").read_text(encoding="utf-8").strip()


def _types(manager: AgentManager, types: Collection[str] | None) -> str:
    agents = [agent for agent in manager.agents.listed() if types is None or agent.name in types]
    lines = [f"- {agent.name}: {agent.description}" for agent in agents]
    return "\n\nAgents:\n" + "\n".join(lines)
