"""A message to an agent by name: `@handle message` steers the one that works, resumes the one that has ended, and
starts the one that never ran.

A mention that the setting `agent_mentions` leaves to the model needs a conversation that the model could be asked in;
until there is one, such an agent is started at once, with the message as its prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from subagents.ids import RunId
from subagents.runs.mentions import ToMain, ToRun, ToType, addressee, label, mention_of
from subagents.runs.state import RunState, Steer
from subagents.runtime.manager import AgentManager
from subagents.runtime.scope import Scope
from subagents.spec import AskedBy, SpawnRequest


class How(StrEnum):
    """What a mention came to."""

    STEERED = "steered"
    RESUMED = "resumed"
    STARTED = "started"
    FOR_MAIN = "for the main conversation"  # to be said there by whoever has one


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a mention: `message` is its text, `run` who has it, and `receipt` that of a message to a run in
    progress."""

    how: How
    message: str
    run: RunId | None = None
    receipt: Steer | None = None


async def send(
    manager: AgentManager, text: str, owner: RunId | None = None, *, wait: float = 0.0
) -> Sent | None:
    """Does what the mention asks for; None where the text is no mention, or names nobody, and so is for the main
    conversation as it stands.

    They are a person's words unless `owner`, a run, says them, which reaches only what is below it. A receipt is waited
    for up to `wait` seconds. Raises what `steer`, `resume` and `spawn` raise.
    """
    if (mention := mention_of(text)) is None:
        return None
    scope = manager.scope(owner)
    types = () if manager.settings.agent_mentions == "off" else manager.agents.names()
    by = AskedBy.PERSON if owner is None else AskedBy.MODEL
    match addressee(mention, lambda name: _called(scope, name), types):
        case None:
            return None
        case ToMain(message):
            return Sent(How.FOR_MAIN, message)
        case ToRun(run, message):
            return await _to_run(manager, run, message, by, wait)
        case ToType(agent, message):
            request = SpawnRequest(
                agent=agent,
                prompt=message,
                description=label(message),
                background=True,
                parent=owner,
                asked_by=by,
            )
            return Sent(How.STARTED, message, await manager.spawn(request))
        case other:
            assert_never(other)


async def _to_run(manager: AgentManager, run: RunState, message: str, by: AskedBy, wait: float) -> Sent:
    # Nothing is awaited between looking at the run and this decision, so it cannot end in between.
    if run.status.ended:
        return Sent(How.RESUMED, message, await manager.resume(run.id, message, asked_by=by))
    return Sent(How.STEERED, message, run.id, await manager.steer(run.id, message, asked_by=by, wait=wait))


def _called(scope: Scope, name: str) -> RunState | None:
    return next((run for run in scope.runs(cleared=True) if name in (run.handle, run.id)), None)
