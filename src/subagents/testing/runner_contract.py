"""What every runner promises, as tests: subclass `RunnerContract`, say how to make one, and run it with pytest.

The steps of `testing.runner` are the script: whatever executes runs must be able to play them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import anyio
import pytest

from subagents.ids import RunId
from subagents.runners.base import (
    Called,
    Conversation,
    PromptSent,
    Replied,
    Report,
    RequestFailed,
    Returned,
    RunContext,
    Runner,
    SteerRead,
    TurnDone,
    Update,
)
from subagents.sessions.messages import StoredMessage
from subagents.spec import RunSpec
from subagents.testing.runner import Break, Reach, Say, Step, Tool, Wait

BOUND = 20.0  # seconds; a guard against hanging, not a measure


class Reports:
    """Remembers what a runner reported; `holding` keeps it back before each further request until it is set."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.holding: anyio.Event | None = None
        self.held = anyio.Event()

    async def report(self, update: Update) -> None:
        self.updates.append(update)
        due = isinstance(update, RequestFailed) or (isinstance(update, TurnDone) and update.more)
        if due and self.holding is not None:
            self.held.set()
            await self.holding.wait()

    def kinds(self) -> list[str]:
        return [type(update).__name__ for update in self.updates if not _is_detail(update)]

    def messages(self, run: RunId) -> list[StoredMessage]:
        """As the store would give them back."""
        kept = [m for update in self.updates for m in getattr(update, "messages", ())]
        return [StoredMessage(run, 1, n, m.kind, m.json) for n, m in enumerate(kept, 1)]


def _is_detail(update: Update) -> bool:
    return not isinstance(
        update, PromptSent | Replied | RequestFailed | Called | Returned | SteerRead | TurnDone
    )


class RunnerContract:
    """Subclass it as `class TestMine(RunnerContract)` and override `runner_that`."""

    pytestmark = pytest.mark.anyio

    def runner_that(self, steps: Sequence[Step]) -> Runner:
        """A runner whose next conversations play `steps`; a `Tool` step may call any tool that answers its result."""
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path

    async def test_an_answer_is_reported_before_it_is_returned(self, folder: Path) -> None:
        reports = Reports()
        with anyio.fail_after(BOUND):
            assert await self._ask([Say("it is here")], folder, reports) == "it is here"
        assert reports.kinds() == ["PromptSent", "Replied", "TurnDone"]
        assert reports.updates[-1] == TurnDone(more=False)

    async def test_a_turn_ends_after_its_tools_and_before_the_next_reply(self, folder: Path) -> None:
        reports = Reports()
        with anyio.fail_after(BOUND):
            await self._ask([Tool(), Say()], folder, reports)
        expected = ["PromptSent", "Replied", "Called", "Returned", "TurnDone", "Replied", "TurnDone"]
        assert reports.kinds() == expected
        assert [u.more for u in reports.updates if isinstance(u, TurnDone)] == [True, False]

    async def test_no_turn_begins_while_the_end_of_the_one_before_is_held_back(self, folder: Path) -> None:
        reports = Reports()
        reports.holding = anyio.Event()
        with anyio.fail_after(BOUND):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(self._ask, [Tool(), Say()], folder, reports))
                await reports.held.wait()
                await anyio.wait_all_tasks_blocked()
                assert reports.kinds().count("Replied") == 1
                reports.holding.set()
        assert reports.kinds().count("Replied") == 2

    async def test_a_steer_is_read_before_the_next_reply_in_the_order_given(self, folder: Path) -> None:
        reports = Reports()
        reports.holding = anyio.Event()
        with anyio.fail_after(BOUND):
            opened = self._open([Tool(), Say()], folder, reports.report)
            async with opened as conversation, anyio.create_task_group() as tasks:
                tasks.start_soon(conversation.prompt, "go")
                await reports.held.wait()
                assert conversation.steer("one", "first")
                assert conversation.steer("two", "second")
                reports.holding.set()
        kinds = reports.kinds()
        assert [u.steer for u in reports.updates if isinstance(u, SteerRead)] == ["one", "two"]
        assert kinds.index("SteerRead") < len(kinds) - 1 - kinds[::-1].index("Replied")

    async def test_a_steer_before_the_prompt_is_read_too(self, folder: Path) -> None:
        reports = Reports()
        with anyio.fail_after(BOUND):
            async with self._open([Say()], folder, reports.report) as conversation:
                assert conversation.steer("early", "mind the gap")
                await conversation.prompt("go")
        assert "SteerRead" in reports.kinds()

    async def test_nobody_reads_a_steer_after_the_answer(self, folder: Path) -> None:
        with anyio.fail_after(BOUND):
            async with self._open([Say()], folder, Reports().report) as conversation:
                await conversation.prompt("go")
                assert not conversation.steer("late", "too late")

    async def test_what_breaks_is_raised_and_never_an_answer(self, folder: Path) -> None:
        with anyio.fail_after(BOUND), pytest.raises(Exception, match="the provider is down"):
            await self._ask([Break(RuntimeError("the provider is down"))], folder, Reports())

    async def test_cancelling_ends_a_reply_in_progress(self, folder: Path) -> None:
        reports, far = Reports(), anyio.Event()
        with anyio.fail_after(BOUND), anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                steps: list[Step] = [Tool(), Reach(far), Wait(anyio.Event())]
                tasks.start_soon(partial(self._ask, steps, folder, reports))
                await far.wait()
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        assert scope.cancelled_caught
        assert reports.kinds().count("TurnDone") == 1

    async def test_an_ended_conversation_is_gone_on_from_in_another(self, folder: Path) -> None:
        first, second = Reports(), Reports()
        with anyio.fail_after(BOUND):
            await self._ask([Tool(), Say("one")], folder, first)
            history = first.messages(RunId("aaaaaaaa"))
            assert await self._ask([Say("two")], folder, second, history) == "two"
        assert second.kinds() == ["PromptSent", "Replied", "TurnDone"]

    async def _ask(
        self, steps: Sequence[Step], folder: Path, reports: Reports, history: Sequence[StoredMessage] = ()
    ) -> str:
        async with self._open(steps, folder, reports.report, history) as conversation:
            return await conversation.prompt("go")

    def _open(
        self, steps: Sequence[Step], folder: Path, report: Report, history: Sequence[StoredMessage] = ()
    ) -> AbstractAsyncContextManager[Conversation]:
        return opened(self.runner_that(steps), folder, report, history)


class AskingAgainContract:
    """For those that ask a model themselves, and again when its provider fails. Override `runner_that_stumbles`."""

    pytestmark = pytest.mark.anyio

    def runner_that_stumbles(self) -> Runner:
        """A runner whose next request fails, is made again at once, and then is answered with "it is here"."""
        raise NotImplementedError

    async def test_a_failed_request_is_reported_and_made_again_when_that_is_kept(
        self, tmp_path: Path
    ) -> None:
        reports = Reports()
        reports.holding = anyio.Event()
        with anyio.fail_after(BOUND):
            conversing = opened(self.runner_that_stumbles(), tmp_path, reports.report)
            async with conversing as conversation, anyio.create_task_group() as tasks:
                tasks.start_soon(conversation.prompt, "go")
                await reports.held.wait()
                await anyio.wait_all_tasks_blocked()
                assert reports.kinds() == ["PromptSent", "RequestFailed"]
                reports.holding.set()
        assert reports.kinds() == ["PromptSent", "RequestFailed", "Replied", "TurnDone"]


def opened(
    runner: Runner, folder: Path, report: Report, history: Sequence[StoredMessage] = ()
) -> AbstractAsyncContextManager[Conversation]:
    """The conversation of a run of no importance."""
    run = RunId("aaaaaaaa")
    context = RunContext(run, 1, 1, folder, folder, history, {}, None, report)
    spec = RunSpec(
        agent="x", prompt="go", description="", instructions="", cwd=str(folder), project=str(folder)
    )
    return runner.open(spec, context)
