"""A provider that fails is asked again, within reason: what may pass, how long is waited, and what is said at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic_ai import Agent
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelTimeoutError,
)
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.usage import RequestUsage

from subagents import AgentManager
from subagents.errors import ProviderFailed
from subagents.events import Entry, ModelRequestFailed
from subagents.models.failures import detail, may_pass, what_happened
from subagents.models.local import LocalModel
from subagents.models.retrying import LONGEST_WAIT, PATIENCE, Patience, RetryingModel, Setback
from subagents.runs.state import RunStatus
from subagents.testing.clock import FakeClock, settled
from subagents.view.activity import activity

pytestmark = pytest.mark.anyio

NAME = "anthropic:claude-haiku-4-5"


def http(status: int, message: str = "no", **headers: str) -> ModelHTTPError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ModelHTTPError(status, "claude", {"error": {"message": message}}, headers=named)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_asked_again(status: int):
    assert may_pass(http(status))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 422])
def test_what_will_not_pass_is_not(status: int):
    assert not may_pass(http(status))


def test_a_connection_may_pass_and_an_empty_account_may_not():
    assert may_pass(ModelConnectionError("claude", "reset", phase="read"))
    assert may_pass(ModelTimeoutError("claude", "silence"))
    assert not may_pass(
        ModelHTTPError.for_category(ModelQuotaExceededError, status_code=429, model_name="claude")
    )


def test_what_the_provider_says_about_asking_again_counts_more_than_its_status():
    assert not may_pass(http(500, x_should_retry="false"))
    assert may_pass(http(409, x_should_retry="true"))


# --- how long


def patience(retries: int = 5, chance: float = 1.0) -> Patience:
    return Patience(retries, FakeClock(), lambda: chance)


def test_the_bound_of_a_wait_doubles_up_to_a_minute():
    waits = [patience(99).wait(http(500), attempt) for attempt in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_chance_takes_any_share_of_it_so_that_many_do_not_come_back_at_once():
    assert [patience(chance=share).wait(http(500), 3) for share in (0.0, 0.25, 1.0)] == [0.0, 1.0, 4.0]


@pytest.mark.parametrize(
    ("headers", "asked"),
    [({"retry_after": "7"}, 7.0), ({"retry_after_ms": "1500"}, 1.5), ({"retry_after": "soon"}, 0.0)],
)
def test_what_the_provider_asks_for_is_waited_in_full(headers: dict[str, str], asked: float):
    assert patience(chance=0.0).wait(http(429, **headers), 1) == asked
    assert patience(chance=1.0).wait(http(429, **headers), 1) == asked + 1


def test_a_date_to_come_back_at_is_understood():
    wait = patience().wait(http(429, retry_after="Wed, 21 Oct 2099 07:28:00 GMT"), 1)
    assert wait is None  # longer than anybody waits
    assert patience(chance=0.0).wait(http(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), 1) == 0.0


def test_it_gives_up_after_so_many_and_never_asks_again_for_none():
    assert patience(retries=2).wait(http(500), 2) is not None
    assert patience(retries=2).wait(http(500), 3) is None
    assert patience(retries=0).wait(http(500), 1) is None


@given(st.integers(0, 20), st.integers(1, 5000), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1e6)))
def test_no_wait_is_shorter_than_asked_nor_longer_than_a_minute_more(
    retries: int, attempt: int, chance: float, asked: float | None
):
    wait = patience(retries, chance).wait(ModelHTTPError(429, "claude", retry_after=asked), attempt)
    assert (wait is None) == (attempt > retries or (asked or 0) > PATIENCE)
    assert wait is None or (asked or 0) <= wait <= (asked or 0) + LONGEST_WAIT


# --- the words


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "slow down."}}, "slow down"),
        ({"error": "slow\ndown"}, "slow down"),
        ({"message": "slow down"}, "slow down"),
        ([{"error": {"message": "slow down"}}], "slow down"),
        ("slow down", "slow down"),
        (None, ""),
        ({"code": 3}, ""),
        ({"error": {"message": ["slow down"]}}, "slow down"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_what_a_provider_said_is_found_wherever_it_puts_it(body: object, said: str):
    assert detail(ModelHTTPError(429, "claude", body)) == said


def test_what_happened_is_said_in_one_sentence_each():
    errors = [
        http(429, "slow down"),
        http(529, "Overloaded"),
        http(400, "bad"),
        http(408, "too slow"),
        ModelConnectionError("claude", "Name or service not known", phase="connect"),
        ModelConnectionError("claude", "reset by peer", phase="read"),
        ModelTimeoutError("claude", "read timed out"),
        ModelAPIError("claude", "something odd in the stream", in_stream=True),
    ]
    assert [what_happened(error, NAME) for error in errors] == snapshot(
        [
            "too many requests (HTTP 429: slow down)",
            "its provider is overloaded (HTTP 529: Overloaded)",
            "its provider refused the request (HTTP 400: bad)",
            "its provider took too long (HTTP 408: too slow)",
            "its provider cannot be reached (Name or service not known)",
            "the connection to its provider broke (reset by peer)",
            "its provider took too long (read timed out)",
            "its provider failed (something odd in the stream)",
        ]
    )


# --- asking again


@dataclass
class Provider:
    """Fails with each of the errors in turn, then answers."""

    errors: Sequence[Exception]
    asked: int = 0
    _left: Iterator[Exception] = field(init=False)

    def __post_init__(self) -> None:
        self._left = iter(self.errors)

    async def reply(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
        self.asked += 1
        for error in self._left:
            raise error
        return ModelResponse([TextPart("it is here")], usage=RequestUsage(input_tokens=10, output_tokens=2))


@dataclass
class Asked:
    """One question to a model whose provider fails, and what was told meanwhile. The clock stands still."""

    provider: Provider
    retries: int = 5
    clock: FakeClock = field(default_factory=FakeClock)
    told: list[Setback] = field(default_factory=list)

    async def answer(self, *, streamed: bool) -> str:
        model = RetryingModel(
            LocalModel(self.provider.reply, system="script", model_name="s"),
            NAME,
            Patience(self.retries, self.clock, lambda: 0.5),
            self._tell,
        )
        agent: Agent[None, str] = Agent(model)
        if not streamed:
            return (await agent.run("go")).output
        async with agent.run_stream("go") as stream:
            return await stream.get_output()

    async def _tell(self, setback: Setback) -> None:
        self.told.append(setback)


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_it_waits_by_the_clock_and_is_answered_at_last(streamed: bool):
    asked = Asked(Provider([http(429, retry_after="7"), http(529)]))
    answers: list[str] = []

    async def ask() -> None:
        answers.append(await asked.answer(streamed=streamed))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await asked.clock.advance(7.4)
        assert asked.provider.asked == 1
        await asked.clock.advance(0.2)
        assert asked.provider.asked == 2
        await asked.clock.advance(1.0)
    assert answers == ["it is here"]
    assert [(setback.attempt, setback.wait) for setback in asked.told] == [(1, 7.5), (2, 1.0)]


async def gives_up(errors: Sequence[Exception], retries: int, streamed: bool) -> tuple[str, Asked]:
    asked = Asked(Provider(errors), retries)
    with anyio.fail_after(10), pytest.raises(ProviderFailed) as raised:
        await asked.answer(streamed=streamed)
    return str(raised.value), asked


async def test_what_will_not_pass_fails_at_once_and_says_which_variable_to_look_at(streamed: bool):
    refused = ModelHTTPError.for_category(
        ModelAuthenticationError,
        status_code=401,
        model_name="s",
        body={"error": {"message": "invalid x-api-key"}},
    )
    sentence, asked = await gives_up([refused], 5, streamed)
    assert sentence == snapshot(
        "The model 'anthropic:claude-haiku-4-5' could not answer: its provider refused the key "
        "(HTTP 401: invalid x-api-key); check ANTHROPIC_API_KEY."
    )
    assert (asked.provider.asked, asked.told[0].wait) == (1, None)


async def test_without_retries_it_is_asked_once(streamed: bool):
    sentence, _ = await gives_up([http(503, "later")], 0, streamed)
    assert sentence == snapshot(
        "The model 'anthropic:claude-haiku-4-5' could not answer: its provider failed (HTTP 503: later). "
        "It was asked once."
    )


async def test_one_who_wants_to_be_waited_for_too_long_is_not(streamed: bool):
    sentence, asked = await gives_up([http(429, "slow down", retry_after="3600")], 5, streamed)
    assert sentence == snapshot(
        "The model 'anthropic:claude-haiku-4-5' could not answer: too many requests (HTTP 429: slow down). "
        "It asks to wait 1h; no more than 5m are waited here."
    )
    assert asked.provider.asked == 1


async def test_what_is_no_failure_of_the_provider_passes_through(streamed: bool):
    asked = Asked(Provider([ZeroDivisionError("mine")]))
    with pytest.raises(ZeroDivisionError):
        await asked.answer(streamed=streamed)
    assert not asked.told


async def test_a_wait_can_be_cancelled(streamed: bool):
    asked = Asked(Provider([http(500)]))

    async def ask() -> None:
        await asked.answer(streamed=streamed)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            while not asked.told:
                await settled()
            tasks.cancel_scope.cancel()
    assert asked.provider.asked == 1


async def test_the_errors_of_a_script_go_the_same_way(tmp_path: Path):
    script = tmp_path / "s.yaml"
    script.write_text("turns: [{error: {status: 429, retry_after: 4}}, {text: done}]")
    clock = FakeClock()
    async with AgentManager.open(tmp_path, memory=True, clock=clock) as manager:
        heard = anyio.Event()
        failed: list[ModelRequestFailed] = []

        def listen(entry: Entry) -> None:
            if isinstance(entry.event, ModelRequestFailed):
                failed.append(entry.event)
                heard.set()

        manager.listen(listen)
        run = await manager.spawn("Explore", "go", model=f"script:{script}")
        with anyio.fail_after(20):
            await heard.wait()
            assert "asking again: too many requests" in activity(manager.state.run(run), clock.now())
            await clock.advance(5)
            result = await manager.get_result(run, wait=True)
    assert (result.run.status, result.text) == (RunStatus.COMPLETED, "done")
    assert [fact.reason for fact in failed] == ["too many requests (HTTP 429: scripted error 429)"]
    assert (result.run.usage.total.unpriced, result.run.setback) == (0, "")
