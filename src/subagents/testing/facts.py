"""Short ways to make facts: of a run called `abcdefgh`, one second after another, with texts of no importance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from subagents.events import Entry, Event, ModelReplied, RunSpawned, RunStarted
from subagents.ids import RunId
from subagents.sessions.state import SessionState, fold
from subagents.spec import AskedBy, RunSpec
from subagents.usage import ModelUsage

RUN = RunId("abcdefgh")
OTHER_RUN = RunId("ijklmnop")

#: When the first fact of `numbered` happened: seconds since the epoch.
BEGAN = 1_700_000_000.25


def spec(**changed: Any) -> RunSpec:
    known: dict[str, Any] = {
        "agent": "explore",
        "prompt": "where are retries handled?",
        "description": "find retries",
        "instructions": "You look, you don't touch.",
        "cwd": "/project",
        "project": "/project",
    }
    return RunSpec(**(known | changed))


def spawned(run: RunId = RUN, parent: RunId | None = None, **changed: Any) -> RunSpawned:
    known: dict[str, Any] = {
        "run": run,
        "episode": 1,
        "handle": f"explore-{run}",
        "parent": parent,
        "root": parent or run,
        "depth": 1 if parent is None else 2,
        "spec": spec(),
        "asked_by": AskedBy.PERSON,
    }
    return RunSpawned(**(known | changed))


def started(run: RunId = RUN, episode: int = 1) -> RunStarted:
    return RunStarted(run=run, episode=episode, model="scripted")


def replied(run: RunId = RUN, episode: int = 1, text: str = "I am looking.") -> ModelReplied:
    usage = ModelUsage(requests=1, input=100, output=20, cost=0.01)
    return ModelReplied(run=run, episode=episode, model="scripted", usage=usage, text=text)


def numbered(events: Iterable[Event], first: int = 1) -> tuple[Entry, ...]:
    """The events as they stand in a log, a second apart."""
    return tuple(Entry(seq, f"{seq:016x}", BEGAN + seq - 1, event) for seq, event in enumerate(events, first))


def state_after(*events: Event) -> SessionState:
    """The state of a session in which only this happened."""
    return fold(numbered(events))
