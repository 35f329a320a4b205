"""The moments of a run's life, as programs that watch are told of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.events import (
    Event,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunResumed,
    RunSteered,
    RunStopped,
    RunUnpaused,
    StoppedBy,
    TurnEnded,
)
from subagents.runs.lifecycle_events import lifecycle_event
from subagents.sessions.state import SessionState
from subagents.spec import AskedBy, Limits
from subagents.testing.facts import OTHER_RUN, RUN, numbered, replied, spawned, spec, started

OF: dict[str, Any] = {"run": RUN, "episode": 1}
LIFE = (spawned(), started(), replied(), TurnEnded(**OF, turn=1))


def told(*events: Event) -> list[dict[str, Any]]:
    """What watchers are told of these facts, in order."""
    state, found = SessionState(), []
    for entry in numbered(events):
        state.apply(entry)
        assert isinstance(entry.event, RunEvent)
        if (event := lifecycle_event(entry, state.run(entry.event.run))) is not None:
            found.append(event)
    return found


def names(events: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["event"], event["status"]) for event in events]


def test_a_life_with_all_that_is_told_of_it():
    limits = Limits(max_turns=20)
    events = told(
        spawned(OTHER_RUN, RUN, spec=spec(limits=limits, background=False)),
        started(OTHER_RUN),
        replied(OTHER_RUN),
        RunSteered(run=OTHER_RUN, episode=1, steer="s1", text="the tests too", asked_by=AskedBy.MODEL),
        RunCompleted(run=OTHER_RUN, episode=1, seconds=12.5, text="in retry.py"),
    )
    assert events == snapshot(
        [
            {
                "event": "created",
                "id": "ijklmnop",
                "type": "explore",
                "description": "find retries",
                "handle": "explore-ijklmnop",
                "parent": "abcdefgh",
                "depth": 2,
                "episode": 1,
                "status": "queued",
                "at": 1700000000.25,
                "is_background": False,
                "started_at": None,
                "invocation": {
                    "prompt": "where are retries handled?",
                    "asked_by": "person",
                    "model": "",
                    "thinking": "",
                    "max_turns": 20,
                    "max_seconds": None,
                    "max_tokens": None,
                    "max_cost": None,
                    "inherit_context": False,
                    "cwd": "/project",
                },
            },
            {
                "event": "started",
                "id": "ijklmnop",
                "type": "explore",
                "description": "find retries",
                "handle": "explore-ijklmnop",
                "parent": "abcdefgh",
                "depth": 2,
                "episode": 1,
                "status": "running",
                "at": 1700000001.25,
                "model": "scripted",
                "started_at": 1700000001.25,
            },
            {
                "event": "steered",
                "id": "ijklmnop",
                "type": "explore",
                "description": "find retries",
                "handle": "explore-ijklmnop",
                "parent": "abcdefgh",
                "depth": 2,
                "episode": 1,
                "status": "running",
                "at": 1700000003.25,
                "message": "the tests too",
                "steer": "s1",
            },
            {
                "event": "completed",
                "id": "ijklmnop",
                "type": "explore",
                "description": "find retries",
                "handle": "explore-ijklmnop",
                "parent": "abcdefgh",
                "depth": 2,
                "episode": 1,
                "status": "completed",
                "at": 1700000004.25,
                "result": "in retry.py",
                "duration": 12.5,
                "turns": 0,
                "tool_uses": 0,
                "tokens": 120,
                "usage": {
                    "requests": 1,
                    "input": 100,
                    "output": 20,
                    "cache_read": 0,
                    "cache_write": 0,
                    "cost": 0.01,
                    "unpriced": 0,
                    "uncounted": 0,
                    "tokens": 120,
                    "models": {
                        "scripted": {
                            "requests": 1,
                            "input": 100,
                            "output": 20,
                            "cache_read": 0,
                            "cache_write": 0,
                            "cost": 0.01,
                            "unpriced": 0,
                            "uncounted": 0,
                            "tokens": 120,
                        }
                    },
                },
            },
        ]
    )


def test_an_ending_without_an_answer_is_a_failure_with_its_error_and_what_there_was():
    failed = RunFailed(**OF, seconds=3.0, reason="the provider is away", partial="so far")
    (*_, event) = told(*LIFE, failed)
    assert (event["event"], event["status"]) == ("failed", "failed")
    assert (event["error"], event["result"], event["duration"]) == ("the provider is away", "so far", 3.0)
    assert (event["turns"], event["tokens"], event["usage"]["requests"]) == (1, 120, 1)


@pytest.mark.parametrize(
    ("ending", "status", "error"),
    [
        (RunStopped(**OF, by=StoppedBy.LIMIT, reason="20 turns"), "stopped", "stopped by limit: 20 turns"),
        (RunStopped(**OF, by=StoppedBy.USER), "stopped", "stopped by user"),
        (RunInterrupted(**OF, reason="its process died"), "interrupted", "its process died"),
    ],
)
def test_stops_and_interruptions_are_failures_that_say_which(ending: RunEvent, status: str, error: str):
    (*_, event) = told(*LIFE, ending)
    assert (event["event"], event["status"], event["error"]) == ("failed", status, error)


def test_a_run_that_waits_for_its_turn_is_created_as_queued():
    assert names(told(spawned())) == [("created", "queued")]


def test_a_resume_creates_it_again_under_its_own_type_and_with_the_new_prompt():
    resumed = RunResumed(run=RUN, episode=2, prompt="and the tests?", asked_by=AskedBy.MODEL)
    events = told(*LIFE, RunCompleted(**OF, text="in retry.py"), resumed, started(RUN, 2))
    assert names(events)[-2:] == [("created", "queued"), ("started", "running")]
    created = events[-2]
    assert (created["type"], created["episode"]) == ("explore", 2)
    invocation = created["invocation"]
    assert (invocation["prompt"], invocation["asked_by"]) == ("and the tests?", "model")


def test_going_on_after_a_rest_is_no_start_and_what_comes_after_the_ending_no_ending():
    rest = (RunPaused(**OF), RunParked(**OF), RunUnpaused(**OF), started())
    late = (RunCompleted(**OF, text="late"), RunFailed(**OF, reason="later"))
    events = told(*LIFE, *rest, RunStopped(**OF, by=StoppedBy.USER), *late)
    assert names(events) == [("created", "queued"), ("started", "running"), ("failed", "stopped")]
