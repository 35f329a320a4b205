"""`LocalModel`: a model whose replies come from a function in this process, streamed like any other's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent, TextPart, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings

CHUNKS = 4
"""Pieces a text is streamed in: enough to be seen growing, few enough to cost nothing."""

Reply = Callable[[list[ModelMessage], ModelRequestParameters], Awaitable[ModelResponse]]
"""The messages, and what is offered with them → the next response. What it raises ends the request."""


class LocalModel(Model[None]):
    """Answers with `reply`; the response is known before its first piece is streamed."""

    def __init__(self, reply: Reply, *, system: str, model_name: str) -> None:
        # The library's own remarks, such as on text that looks like its tags, then come as what they are and not
        # as something the user said.
        super().__init__(profile=ModelProfile(supports_inline_system_prompts=True))
        self._reply = reply
        self._system = system
        self._model_name = model_name

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def system(self) -> str:
        return self._system

    @property
    def provider(self) -> None:
        return None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        response = await self._reply(messages, parameters)
        response.model_name = self._model_name
        response.provider_name = self._system
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        response = await self.request(messages, model_settings, model_request_parameters)
        yield LocalStream(model_request_parameters, response)


@dataclass
class LocalStream(StreamedResponse):
    """A response that is already known, played in pieces; cut short, it holds the pieces that were played."""

    _response: ModelResponse

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        self._usage = self._response.usage
        self.provider_details = self._response.provider_details
        for index, part in enumerate(self._response.parts):
            match part:
                case TextPart(content=text):
                    for piece in pieces(text):
                        for event in self._parts_manager.handle_text_delta(
                            vendor_part_id=index, content=piece
                        ):
                            yield event
                case ToolCallPart():
                    yield self._parts_manager.handle_part(vendor_part_id=index, part=replace(part))
                case _:
                    raise TypeError(
                        f"a local model replies with text and tool calls, not {type(part).__name__}"
                    )

    async def close_stream(self) -> None:
        """There is no connection to close."""

    @property
    def model_name(self) -> str:
        return self._response.model_name or ""

    @property
    def provider_name(self) -> str | None:
        return self._response.provider_name

    @property
    def provider_url(self) -> None:
        return None

    @property
    def timestamp(self) -> datetime:
        return self._response.timestamp


def pieces(text: str) -> list[str]:
    """`text` in at most `CHUNKS` pieces that join to it exactly."""
    size = max(1, -(-len(text) // CHUNKS))
    return [text[start : start + size] for start in range(0, len(text), size)]
