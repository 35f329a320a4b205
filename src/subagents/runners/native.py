"""Our own loop: a run executed by the model library. The one file that knows its run object.

The library is imported when the first run begins, because that alone costs over a second.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from subagents.clock import Clock, SystemClock
from subagents.errors import ProviderFailed, RunnerError
from subagents.ids import RunId
from subagents.models import thinking
from subagents.models.pricing import usage_of
from subagents.own_tasks import own_tasks
from subagents.prompts.role import Role
from subagents.runners.base import (
    PromptSent,
    Replied,
    RequestFailed,
    Returned,
    RunContext,
    SteerRead,
    TextArrived,
    TurnDone,
)
from subagents.runners.compacting import Asked, Asking, Compacting, Policy
from subagents.runners.native_broken import refuse_broken
from subagents.runners.native_library import load, shared_agent, silence
from subagents.runners.native_messages import (
    restored,
    stands_in,
    stored_part,
    stored_prompt,
    stored_reply,
)
from subagents.runners.native_reports import CallReports
from subagents.runners.native_tools import coding_deps
from subagents.spec import RunSpec
from subagents.texts import mend_texts, storable
from subagents.toolsets.coding import FAILED
from subagents.toolsets.coding.deps import CodingDeps

if TYPE_CHECKING:
    from pydantic_ai import Agent, AgentRun
    from pydantic_ai.messages import ModelResponse, ModelResponseStreamEvent
    from pydantic_ai.models import Model
    from pydantic_ai.toolsets import AbstractToolset

    from subagents.models.retrying import Setback

CANCEL_BOUND = 10.0  # seconds that ending a reply and its tools may take before they are abandoned
_CANCELLED_INSIDE = "the conversation was cancelled from inside, by a tool or by the model library"
RETRIES = 5  # times that a request is made again unless the settings say otherwise


@dataclass
class RunDeps:
    """What tools find as `ctx.deps`: the run that calls them and the place it works in."""

    run: RunId
    coding: CodingDeps
    calls: CallReports


#: The tools a run may see, at its depth. Shared between runs: what is a run's own is in `RunDeps`.
ToolsetsOf = Callable[[RunSpec, int], "Sequence[AbstractToolset[RunDeps]]"]
#: The model of a name that was checked before; shared between runs.
ModelOf = Callable[[str], "Model[Any]"]
#: The role of a run, made when it begins: what it has in common with others stands before what it has not.
RoleOf = Callable[[RunSpec, RunContext], Awaitable[Role]]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request to a model is made again (0: never), and whose time and chance decide when."""

    count: int = RETRIES
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random


class NativeRunner:
    """Runs on the model library. `role_of` is awaited for each conversation."""

    def __init__(
        self,
        model_of: ModelOf,
        toolsets_of: ToolsetsOf,
        role_of: RoleOf,
        retries: Retries | None = None,
        compaction: Policy | None = None,
    ) -> None:
        self._model_of = model_of
        self._toolsets_of = toolsets_of
        self._role_of = role_of
        self._retries = retries or Retries()
        self._compaction = compaction or Policy()
        self._loading = anyio.Lock()
        self._loaded: set[str] = set()

    @asynccontextmanager
    async def open(self, spec: RunSpec, context: RunContext) -> AsyncIterator[NativeConversation]:
        await self._library_loaded(spec.model)
        silence()
        # Entered, its connections are open; the last run to leave closes them.
        async with self._model_of(spec.model) as model:
            yield NativeConversation(
                spec,
                context,
                model=model,
                open_model=self._opened,
                compaction=self._compaction,
                role=await self._role_of(spec, context),
                toolsets=self._toolsets_of(spec, context.depth),
                retries=self._retries,
            )

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[Model[Any]]:
        """Another model than a run's own. Raises `ModelUnavailable`."""
        await self._library_loaded(name)
        async with self._model_of(name) as model:
            yield model

    async def _library_loaded(self, model: str) -> None:
        """In a thread, because everybody else would stand still for the seconds that it takes."""
        provider = model.partition(":")[0]
        async with self._loading:
            if provider not in self._loaded:
                await anyio.to_thread.run_sync(load, model)
                self._loaded.add(provider)


class NativeConversation:
    """One episode. The reply loop is a task of its own, so that ending it is one orderly cancellation: the
    library awaits while it cleans up, and a cancelled scope would cut each of those awaits short."""

    def __init__(
        self,
        spec: RunSpec,
        context: RunContext,
        *,
        model: Model[Any],
        open_model: Callable[[str], AbstractAsyncContextManager[Model[Any]]],
        compaction: Policy,
        role: Role,
        toolsets: Sequence[AbstractToolset[RunDeps]],
        retries: Retries,
    ) -> None:
        from subagents.models.retrying import Patience, RetryingModel

        patience = Patience(retries.count, retries.clock, retries.chance)
        self._name = name = spec.model
        self._context = context
        self._model = RetryingModel(model, name, patience, self._failed)
        self._settings = thinking.settings_of(spec.thinking)
        whole = storable(role.text)
        # Its cache has parts, of which a twin's first are its parent's; others want one text.
        self._role = [storable(part) for part in role.parts] if model.system == "anthropic" else [whole]
        asked = Asked(whole, storable(spec.prompt))
        self._compacting = Compacting(
            compaction, name, model, asked, Asking(open_model, patience, context.report)
        )
        self._toolsets = toolsets
        self._calls = CallReports(context.report)
        self._deps = RunDeps(context.run, coding_deps(spec, context, role), self._calls)
        self._history = restored(context.history)
        self._run: AgentRun[RunDeps, str] | None = None
        self._ended = False
        self._cancelling = False
        self._early: list[tuple[str, str]] = []
        self._steers: dict[str, tuple[str, str]] = {}

    async def prompt(self, text: str | None) -> str:
        self._ended = False
        answer: list[str] = []
        done, guard = anyio.Event(), anyio.CancelScope(shield=True)

        async def loop() -> None:
            try:
                with guard:
                    answer.append(await self._loop(text))
            finally:
                self._run, self._ended = None, True
                done.set()

        async with own_tasks() as tasks:
            tasks.start_soon(loop)
            try:
                await done.wait()
            except anyio.get_cancelled_exc_class():
                await self._cancel(done, guard)
                raise
        if not answer:
            raise RunnerError(_CANCELLED_INSIDE)
        return answer[0]

    def steer(self, steer: str, text: str) -> bool:
        if self._ended:
            return False
        if self._run is None:
            self._early.append((steer, text))
            return True
        return self._enqueue(self._run, steer, text)

    async def _cancel(self, done: anyio.Event, guard: anyio.CancelScope) -> None:
        self._cancelling = self._calls.ending = True
        with anyio.CancelScope(shield=True), anyio.move_on_after(CANCEL_BOUND):
            if self._run is not None:
                self._run.cancel()
                await done.wait()
        guard.cancel()

    # --- the loop

    async def _loop(self, text: str | None) -> str:
        from pydantic_ai.exceptions import AgentRunError, RunCancelled, UnexpectedModelBehavior, UserError

        text = None if text is None else storable(text)
        if text is not None:
            self._compacting.asked.now = text
            await self._context.report(PromptSent((stored_prompt(text),)))
        try:
            return await self._converse(text)
        except RunCancelled:
            if self._cancelling:
                return ""  # nobody waits for it: our own cancellation goes on in `prompt`
            raise RunnerError(_CANCELLED_INSIDE) from None
        except UnexpectedModelBehavior as error:
            first = str(error).partition(". ")[0]
            raise RunnerError(f"the model {self._name!r} did not do what it must: {first}") from error
        except (AgentRunError, UserError) as error:
            raise RunnerError(f"the model {self._name!r} could not go on: {error}") from error

    async def _converse(self, text: str | None) -> str:
        """Once more where the provider refused the conversation as too long and it could be made shorter."""
        try:
            return await self._iterated(text)
        except ProviderFailed as error:
            shorter = await self._compacting.after_failure(error, self._history)
            if shorter is None:
                raise
            self._history = shorter
        await self._take_over_steers()
        return await self._converse(None)

    async def _iterated(self, text: str | None) -> str:
        from pydantic_ai.usage import UsageLimits

        agent: Agent[RunDeps, str] = shared_agent()
        async with agent.iter(
            text,
            message_history=self._history,
            model=self._model,
            model_settings=self._settings,
            instructions=self._role,
            deps=self._deps,
            toolsets=self._toolsets,
            # The library's own limit is 50 requests even when none is asked for; ours are the supervisor's.
            usage_limits=UsageLimits(request_limit=None),
        ) as run:
            self._run = run
            for steer, message in self._early:
                self._enqueue(run, steer, message)
            self._early.clear()
            try:
                return await self._turns(agent, run)
            finally:
                self._history = run.all_messages()

    async def _turns(self, agent: Agent[RunDeps, str], run: AgentRun[RunDeps, str]) -> str:
        """Node after node; a turn is a reply with its tools, and ends when the next request is due."""
        in_turn = False
        async for node in run:
            if agent.is_model_request_node(node):
                if in_turn:
                    await self._context.report(TurnDone(more=True))
                await self._make_room(node, run)
                response = await self._request(node, run)
                in_turn = True
                if not response.tool_calls and not response.text:
                    break  # an empty answer is an answer; the library would ask again
            elif agent.is_call_tools_node(node):
                async with node.stream(run.ctx) as events:
                    async for event in events:
                        await self._tool_event(event)
        await self._context.report(TurnDone(more=False))
        return run.result.output if run.result is not None else ""

    async def _request(self, node: Any, run: AgentRun[RunDeps, str]) -> ModelResponse:
        async with node.stream(run.ctx) as stream:
            async for event in stream:
                await self._reply_event(event)
            response: ModelResponse = stream.response
        self._compacting.answered()
        await self._context.report(
            Replied(
                model=self._name,
                usage=usage_of(response),
                text=response.text or "",
                tool_calls=len(response.tool_calls),
                messages=(stored_reply(response),),
                window=self._compacting.window,
            )
        )
        refuse_broken(response, self._name)
        return response

    async def _failed(self, setback: Setback) -> None:
        """A request failed, and is made again or given up."""
        await self._context.report(
            RequestFailed(self._name, setback.reason, setback.attempt, setback.wait, setback.usage)
        )

    # --- room in the model's window

    async def _make_room(self, node: Any, run: AgentRun[RunDeps, str]) -> None:
        """Before a request: a conversation near what its model can read is made shorter."""
        history = run.ctx.state.message_history
        if (shorter := await self._compacting.before_request([*history, node.request])) is not None:
            *history[:], node.request = shorter

    async def _take_over_steers(self) -> None:
        """What was to be slipped into the loop that broke off: where it stands in the history already, that is said."""
        waiting, self._steers = list(self._steers.values()), {}
        for steer, text in waiting:
            if stands_in(self._history, text):
                await self._context.report(SteerRead(steer, ()))
            else:
                self._early.append((steer, text))

    async def _reply_event(self, event: ModelResponseStreamEvent) -> None:
        match event.event_kind:
            case "part_start" if event.part.part_kind == "text" and event.part.content:
                await self._context.report(TextArrived(storable(event.part.content)))
            case "part_delta" if event.delta.part_delta_kind == "text":
                await self._context.report(TextArrived(storable(event.delta.content_delta)))
            case _:
                await self._delivered(event)

    async def _tool_event(self, event: Any) -> None:
        if event.event_kind != "function_tool_result":
            await self._delivered(event)
            return
        part = event.part
        mend_texts(part)
        await self._calls.called_if_not(part.tool_call_id, part.tool_name)
        text = part.model_response_str() if part.part_kind == "tool-return" else part.model_response()
        ok = getattr(part, "outcome", "failed") == "success" and not text.startswith(FAILED)
        await self._context.report(
            Returned(part.tool_call_id, part.tool_name, ok, text, (stored_part(part),))
        )

    async def _delivered(self, event: Any) -> None:
        """A message that was slipped in stands in the conversation now."""
        if event.event_kind != "enqueued_messages":
            return
        parts = event.parts or [part for message in event.messages for part in message.parts]
        kept = tuple(stored_part(part) for part in parts)
        if (steer := self._steers.pop(event.enqueue_id, None)) is not None:
            await self._context.report(SteerRead(steer[0], kept))

    def _enqueue(self, run: AgentRun[RunDeps, str], steer: str, text: str) -> bool:
        from pydantic_ai.exceptions import UserError

        try:
            enqueued = run.enqueue(storable(text))
        except UserError:  # it ended between our look and now
            return False
        if enqueued is not None:
            self._steers[enqueued] = steer, text
        return True
