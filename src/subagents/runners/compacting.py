"""When a run's conversation is made shorter, and what sums up what is left out: a model, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subagents.errors import ProviderFailed, SessionError, SubagentsError
from subagents.language import _
from subagents.models.pricing import usage_of
from subagents.models.selection import OFFLINE
from subagents.runners import compaction
from subagents.runners.base import Compacted, Report, RequestFailed
from subagents.runners.native_messages import stored_compaction
from subagents.texts import about_tokens, storable
from subagents.usage import ModelUsage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model

    from subagents.models.retrying import Patience, Setback

PERCENT = 80
WINDOW = 128_000
NO_MODEL = "none"  # what the setting says where no model is to sum up
ROOM = 2  # what is left fills at most half of what is allowed
MOST_SUMMARY = 4_000  # tokens
LEAST_GAIN = 0.9  # of its length; a conversation that would stay longer than this is left as it is
LEAST_GROWTH = 4  # a fourth of what is allowed must have been added before it is tried again

SUM_UP = (
    "Below is what an agent was asked, said and did so far, the oldest first. It is becoming too long to be read "
    "again, so it will be replaced by what you write now, for the agent itself to go on from: what was asked; what was "
    "decided and why; what was found, with paths, names, figures and the wording where it matters; what was changed; "
    "what failed; what is left to do. Write nothing else, and do not do any of it yourself.\n\n---\n\n"
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings: at which share of a window (percent, 0 for never by itself), what sums up ("" for the run's own
    model), and how many tokens a model can read of which that is not known."""

    percent: int = PERCENT
    model: str = ""
    window: int = WINDOW


@dataclass
class Asked:
    """What stays word for word: what the run was begun for, and its prompt of `now`. The role is sent beside them."""

    role: str
    task: str
    now: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked: `open_model` enters one by its exact name, and raises `ModelUnavailable`."""

    open_model: Callable[[str], AbstractAsyncContextManager[Model[Any]]]
    patience: Patience
    report: Report


@dataclass(frozen=True, slots=True)
class _Summary:
    """What `model` said, or why there is nothing."""

    text: str = ""
    model: str = ""
    usage: ModelUsage = field(default_factory=ModelUsage)
    why_not: str = ""


class Compacting:
    """Watches over one conversation. `window` is how many tokens its model can read, 0 where nobody knows."""

    def __init__(self, policy: Policy, name: str, model: Model[Any], asked: Asked, asking: Asking) -> None:
        self.asked = asked
        self.window = model.context_window or 0
        self._policy = policy
        self._name = name
        self._asking = asking
        self._role = about_tokens(asked.role)
        self._refused = False
        self._tried_at = 0  # how long it was after the last try

    async def before_request(self, messages: Sequence[ModelMessage]) -> list[ModelMessage] | None:
        """The messages to send instead, where these are near what the model can read; reported and kept then."""
        percent, length = self._policy.percent, self._length(messages)
        allowed = self._most * percent // 100
        if (
            percent == 0
            or length < allowed
            or (self._tried_at and length - self._tried_at < allowed // LEAST_GROWTH)
        ):
            return None
        self._tried_at = length
        return await self._shorter(messages, length, allowed // ROOM, _("its window was nearly full"))

    async def after_failure(
        self, error: ProviderFailed, messages: Sequence[ModelMessage]
    ) -> list[ModelMessage] | None:
        """The messages to try once more with, where these were refused as too long: at most half of them. None where
        something else failed, or that was tried."""
        if self._refused or not _is_too_long(error):
            return None
        self._refused, length = True, self._length(messages)
        most = min(length // 2, self._most * (self._policy.percent or PERCENT) // 100 // ROOM)
        return await self._shorter(messages, length, most, _("the model refused it as too long"))

    def answered(self) -> None:
        """The model took what it was sent."""
        self._refused = False

    @property
    def _most(self) -> int:
        return self.window or self._policy.window

    def _length(self, messages: Sequence[ModelMessage]) -> int:
        counted = compaction.counted_length(messages)
        # What a provider counted has the role and the tools in it.
        return compaction.length(messages) + self._role if counted is None else counted

    async def _shorter(
        self, messages: Sequence[ModelMessage], before: int, most: int, reason: str
    ) -> list[ModelMessage] | None:
        """None where nothing is gained."""
        # What a provider counts and what is estimated differ by the language, and by what tools take.
        scale = (compaction.length(messages) + self._role) / max(1, before)
        room = max(1, int(most * scale) - self._role)
        parts = compaction.split(messages, (self.asked.task, self.asked.now), room)
        said = await self._summed_up(parts) if parts.worthwhile else _Summary()
        if said.text:
            kept = compaction.summed_up(parts, said.text, room)
        else:
            kept = compaction.dropped(parts, room)
        after = int((compaction.length(kept) + self._role) / scale)
        if after > before * LEAST_GAIN:
            return None
        self._tried_at = after
        if said.why_not:
            reason = _("{reason}; without a summary: {why}").format(reason=reason, why=said.why_not)
        row = stored_compaction(kept, said.text)
        await self._asking.report(Compacted(reason, before, after, said.model, said.usage, (row,)))
        return kept

    # --- the summary

    async def _summed_up(self, parts: compaction.Split) -> _Summary:
        """By the model of the setting; nothing, with the reason, where none may be asked or it has no answer."""
        name = self._policy.model or self._name
        if name in (NO_MODEL, OFFLINE):
            return _Summary()
        from pydantic_ai.exceptions import AgentRunError, UserError

        text = SUM_UP + compaction.told(parts.old, self._most * 7 // 10)
        try:
            return await self._asked_of(name, text)
        except SessionError:
            raise
        except (SubagentsError, AgentRunError, UserError) as error:
            return _Summary(why_not=str(error))

    async def _asked_of(self, name: str, text: str) -> _Summary:
        from pydantic_ai.messages import ModelRequest
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.settings import ModelSettings

        from subagents.models.retrying import RetryingModel

        async def told(setback: Setback) -> None:
            failed = RequestFailed(name, setback.reason, setback.attempt, setback.wait, setback.usage)
            await self._asking.report(failed)

        prompt: list[ModelMessage] = [ModelRequest.user_text_prompt(text)]
        settings, nothing_else = ModelSettings(max_tokens=MOST_SUMMARY), ModelRequestParameters()
        async with self._asking.open_model(name) as model:
            asked = RetryingModel(model, name, self._asking.patience, told)
            async with asked.request_stream(prompt, settings, nothing_else) as stream:
                async for _event in stream:
                    pass  # nobody watches it
                response = stream.get()
        said = storable(response.text or "").strip()
        return _Summary(said, name, usage_of(response), "" if said else _("the model said nothing"))


def _is_too_long(error: ProviderFailed) -> bool:
    """Whether the model's provider refused the conversation for its length."""
    from pydantic_ai.exceptions import ModelContextWindowExceededError

    return isinstance(error.__cause__, ModelContextWindowExceededError)
