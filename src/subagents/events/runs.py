"""What is done to a run: it is begun, spoken to, held, taken up again, read and cleared away."""

from __future__ import annotations

from subagents.events.fact import RunEvent
from subagents.ids import RunId
from subagents.spec import AskedBy, RunSpec


class RunSpawned(RunEvent, frozen=True, kw_only=True):
    """A run exists and waits for its turn. `root` is the top of its tree, itself when it has no parent."""

    handle: str
    parent: RunId | None
    root: RunId
    depth: int
    spec: RunSpec
    asked_by: AskedBy
    request_id: str = ""


class AgentRegistered(RunEvent, frozen=True, kw_only=True):
    """An agent that we did not start reports of its work: a run stands for it, which nobody here drives. `owner` names
    who registered it, `capabilities` is what it says that it can do."""

    handle: str
    spec: RunSpec
    capabilities: tuple[str, ...] = ()
    owner: str = ""


class RunStarted(RunEvent, frozen=True, kw_only=True):
    """It got its slot and begins. `model` is what answers, by its exact name."""

    model: str = ""


class RunSteered(RunEvent, frozen=True, kw_only=True):
    """Somebody slipped a message into the run; it waits for the next turn."""

    steer: str
    text: str
    asked_by: AskedBy


class SteerDelivered(RunEvent, frozen=True, kw_only=True):
    """The message is in the conversation: it stands in the stored messages of the same transaction. `turn` is the one
    that it was read before, counted as in `TurnEnded`; 0 in logs that did not tell."""

    steer: str
    turn: int = 0


class WrapUpAsked(RunEvent, frozen=True, kw_only=True):
    """The run was asked to finish, because `limit` (turns, time, tokens, cost) is near."""

    limit: str


class RunPaused(RunEvent, frozen=True, kw_only=True):
    """It will rest at the end of the turn it is in."""


class RunParked(RunEvent, frozen=True, kw_only=True):
    """It rests, and has given up its slot."""


class RunUnpaused(RunEvent, frozen=True, kw_only=True):
    pass


class RunResumed(RunEvent, frozen=True, kw_only=True):
    """An ended run goes on with another prompt; `episode` is the new one, which waits for its turn. `note` is what it
    is told before the prompt, where its last turn may be incomplete."""

    prompt: str
    asked_by: AskedBy
    note: str = ""

    @property
    def text(self) -> str:
        """What is said to it."""
        return f"{self.note}\n\n{self.prompt}" if self.note else self.prompt


class ResultDelivered(RunEvent, frozen=True, kw_only=True):
    """Somebody was given the result; `to` names the door."""

    to: str


class RunCleared(RunEvent, frozen=True, kw_only=True):
    """No longer listed. The log keeps it."""
