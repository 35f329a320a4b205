"""A reply that nobody reads any further is closed at once, wherever its reader was: else its provider goes on, and is
paid for."""

from __future__ import annotations

from contextlib import suppress

import anyio
import anyio.to_thread
import pytest
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models import ModelRequestParameters
from tests.wire.server.providers import Provider
from tests.wire.server.script import Hang, Reply, Text
from tests.wire.server.serving import served

from subagents.models.remote import remote_model
from subagents.models.retrying import Patience, RetryingModel, Setback
from subagents.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

BOUND = 20.0  # seconds; a guard against hanging, not a measure


class LeftError(Exception):
    """Of whoever read it."""


async def nobody(_setback: Setback) -> None:
    raise AssertionError("nothing is asked again")


async def test_by_a_reader_that_breaks_after_its_first_words(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    with served(provider.dialect, [Hang(Reply((Text("One"), Text("two"))))]) as play, anyio.fail_after(BOUND):
        for name, value in provider.environment(play.url).items():
            monkeypatch.setenv(name, value)
        model = RetryingModel(remote_model(provider.model), "it", Patience(0, FakeClock()), nobody)
        kept = None
        async with model:
            with suppress(LeftError):
                async with model.request_stream(
                    [ModelRequest.user_text_prompt("go")], None, ModelRequestParameters()
                ) as stream:
                    kept = aiter(stream)  # as a traceback would keep it
                    await anext(kept)
                    raise LeftError
            assert await anyio.to_thread.run_sync(play.left.wait, BOUND)
        assert kept is not None
