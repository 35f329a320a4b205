"""The one layer that asks a model's provider again: how often, how long it waits before, and when it gives up.

A reply that breaks off is asked for again whole: no tool of it has run yet, since tools run when a reply is complete.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelServerError,
    UnexpectedModelBehavior,
)
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from subagents.clock import Clock
from subagents.errors import ProviderFailed
from subagents.language import _, counted
from subagents.models import connections, error_bodies
from subagents.models.addresses import shown
from subagents.models.failures import may_pass, what_happened
from subagents.models.open_replies import closed_at_last
from subagents.models.pricing import ANYBODYS, usage_of
from subagents.runs.result import duration
from subagents.texts import mend_texts
from subagents.usage import ModelUsage

FIRST_WAIT = 1.0  # seconds; the most that is waited before the first repetition, doubled for each further one
LONGEST_WAIT = 60.0
PATIENCE = 300.0  # seconds; a provider that wants more waited for is not waited for

# Those whose complete replies always say why they ended.
_SAY_WHY = frozenset({"anthropic", "google", "openai"})


@dataclass(frozen=True, slots=True)
class Setback:
    """The `attempt`th request for a reply failed; `reason` is the end of a sentence. It is made again after `wait`
    seconds, or given up when that is None. `usage` is what the provider counted for a reply that broke off, if it said.
    """

    reason: str
    attempt: int
    wait: float | None
    usage: ModelUsage


#: Told before the wait; the request is made again no earlier than it returns. What had arrived of the reply is void.
Told = Callable[[Setback], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is repeated (`retries`, 0 for never), and whose time and chance decide how long it waits."""

    retries: int
    clock: Clock
    chance: Callable[[], float] = random.random

    def wait(self, error: ModelAPIError, attempt: int) -> float | None:
        """Seconds to wait before the request is repeated for the `attempt`th time; None gives up.

        A random share of a bound that doubles, so that many runs do not come back at once; what the provider asked
        for is waited in full before it.
        """
        asked = error.retry_after or 0.0
        if attempt > self.retries or asked > PATIENCE or not may_pass(error):
            return None
        bound = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 30))
        return asked + self.chance() * bound


class RetryingModel(WrapperModel):
    """`wrapped`, asked again when its provider fails. One serves one run; `name` is what people call the model.

    Raises `ProviderFailed` when it gives up, instead of the library's errors.
    """

    def __init__(self, wrapped: Model[Any], name: str, patience: Patience, told: Told) -> None:
        super().__init__(wrapped)
        self._name = name
        self._patience = patience
        self._told = told
        self._says_why = wrapped.system in _SAY_WHY
        self._doubted = False

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        attempt = 1
        while True:
            try:
                return _public(await self.wrapped.request(messages, model_settings, model_request_parameters))
            except ModelAPIError as error:
                await self.recover(error, attempt, None)
            attempt += 1

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        connections.watch(self.wrapped)

        def opened() -> AbstractAsyncContextManager[StreamedResponse]:
            return self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            )

        stream = RetriedStream(model_request_parameters, self, opened)
        try:
            yield stream
        finally:
            await stream.left()

    async def recover(self, error: ModelAPIError, attempt: int, broken: ModelResponse | None) -> None:
        """Returns when the request may be made again, or raises `ProviderFailed`. `broken` is what had arrived."""
        used = usage_of(broken) if broken is not None and broken.usage.has_values() else ModelUsage()
        reason = what_happened(error, self._name)
        wait = self._patience.wait(error, attempt)
        await self._told(Setback(reason, attempt, wait, used))
        if wait is None:
            raise ProviderFailed(self._given_up(error, reason, attempt)) from error
        await self._patience.clock.sleep(wait)

    def check(self, response: ModelResponse) -> None:
        """Raises for a reply that ends without having been ended: it was cut off on its way.

        Of a server of which it is not known whether it says why a reply ends, one reply that does not is doubted.
        """
        unsure = response.provider_name in ANYBODYS
        # The library takes such a server to mean "stop" where it says nothing; what it said is beside it.
        said = (
            "finish_reason" in (response.provider_details or {})
            if unsure
            else response.finish_reason is not None
        )
        cut = not said and (self._says_why or (unsure and not self._doubted))
        self._says_why = self._says_why or (unsure and said)
        self._doubted = self._doubted or cut
        if cut or response.state == "incomplete":
            raise ModelConnectionError(
                self.model_name, _("the reply ended before it was complete"), phase="read"
            )
        if response.finish_reason == "error" and not response.tool_calls:
            raise ModelServerError(self.model_name, _("the reply broke off with an error"))

    def _given_up(self, error: ModelAPIError, reason: str, attempt: int) -> str:
        sentence = _("The model {name!r} could not answer: {reason}.").format(name=self._name, reason=reason)
        if not may_pass(error):
            return sentence
        if (asked := error.retry_after or 0.0) > PATIENCE:
            wants = _("It asks to wait {asked}; no more than {most} are waited here.")
            return f"{sentence} {wants.format(asked=duration(asked), most=duration(PATIENCE))}"
        return f"{sentence} {counted('It was asked once.', 'It was asked {n} times.', attempt)}"


@dataclass
class RetriedStream(StreamedResponse):
    """The events of one reply; after one that broke off those of the next, from its beginning."""

    _model: RetryingModel
    _open: Callable[[], AbstractAsyncContextManager[StreamedResponse]]
    _current: StreamedResponse | None = None
    _events: AsyncGenerator[ModelResponseStreamEvent] | None = None
    _closed: bool = False

    def __aiter__(self) -> AsyncIterator[ModelResponseStreamEvent]:
        if self._events is None:
            self._events = self._replies()
        return self._events

    async def _replies(self) -> AsyncGenerator[ModelResponseStreamEvent]:
        attempt = 1
        while not self._closed:
            try:
                async with closed_at_last(), self._open() as self._current:
                    async for event in self._current:
                        yield event
                self._model.check(self._current.get())
                return
            except ModelAPIError as error:
                failure = error_bodies.told(error, self._model.model_name)
            except UnexpectedModelBehavior as error:
                if type(error) is not UnexpectedModelBehavior:
                    raise  # what the model did, and not how it arrived
                failure = ModelConnectionError(self._model.model_name, error.message, phase="read")
            if self._closed:
                raise failure  # that is how closing it looks from here
            broken, self._current = self._current, None
            await self._model.recover(failure, attempt, broken.get() if broken is not None else None)
            attempt += 1

    async def left(self) -> None:
        """Nobody reads any further."""
        if self._events is not None:
            await self._events.aclose()

    async def close_stream(self) -> None:
        self._closed = True
        if self._current is not None:
            await self._current.close_stream()

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        async for event in self._replies():
            yield event

    def get(self) -> ModelResponse:
        return _public(super().get() if self._current is None else self._current.get())

    @property
    def usage(self) -> RequestUsage:
        return RequestUsage() if self._current is None else self._current.usage

    @property
    def model_name(self) -> str:
        return self._model.model_name

    @property
    def provider_name(self) -> str | None:
        return self._model.system if self._current is None else self._current.provider_name

    @property
    def provider_url(self) -> str | None:
        return self._model.base_url if self._current is None else self._current.provider_url

    @property
    def timestamp(self) -> datetime:
        return datetime.now(UTC) if self._current is None else self._current.timestamp


def _public(response: ModelResponse) -> ModelResponse:
    """The reply, which is kept, with no more of its provider's address than people may be shown, and no text that
    could be neither kept nor sent."""
    mend_texts(response)
    response.provider_url = shown(response.provider_url) if response.provider_url else None
    return response
