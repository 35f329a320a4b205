"""What is told of a run, by how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from subagents.events import (
    Entry,
    ModelReplied,
    OutputRejected,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunInterrupted,
    RunParked,
    RunPaused,
    RunSpawned,
    RunStarted,
    RunStopped,
    StoppedBy,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    WrapUpAsked,
)
from subagents.ids import RunId
from subagents.runs.evolving import evolve, spawned
from subagents.runs.result import Result, bounded, duration, result_json, result_text
from subagents.runs.state import RunState
from subagents.spec import AskedBy, RunSpec
from subagents.usage import ModelUsage

ID = RunId("k3x9qa7b")
OF: dict[str, Any] = {"run": ID, "episode": 1}
BEGAN = 1_795_168_800.0  # 2026-11-20 10:00 UTC
USED = ModelUsage(requests=1, input=1200, output=34, cache_read=9000, cost=0.01)
WORK: tuple[RunEvent, ...] = (
    RunStarted(**OF, model="offline"),
    ModelReplied(**OF, model="offline", usage=USED, text="I'll look."),
    ToolCalled(**OF, call="c1", tool="grep", arguments='{"pattern": "retry"}', digest=""),
    ToolReturned(**OF, call="c1", tool="grep"),
    TurnEnded(**OF, turn=1),
)


INSTEAD: dict[str, Any] = {
    "asked_model": "opus",
    "notes": ("The agent's file asks for 'opus'; offline runs instead.",),
}


def run(*events: RunEvent, schema: dict[str, Any] | None = None, **more: Any) -> RunState:
    """The run after these facts, one second each."""
    spec = RunSpec(
        agent="Explore",
        prompt="find the retries",
        description="find the retries",
        instructions="",
        cwd="/srv/shop",
        project="/srv/shop",
        output_schema=schema,
        **more,
    )
    first = RunSpawned(
        **OF, handle="explore-2", parent=None, root=ID, depth=1, spec=spec, asked_by=AskedBy.MODEL
    )
    state = spawned(Entry(1, "f1", BEGAN, first), first)
    for seq, event in enumerate(events, 2):
        state = evolve(state, Entry(seq, f"f{seq}", BEGAN + seq - 1, event))
    return state


def told(*events: RunEvent, text: str = "", structured: str | None = None, **said: Any) -> str:
    return result_text(Result(run(*events), text, structured), now=BEGAN + 60, **said)


def completed(text: str = "Retries are in net.py.", **more: Any) -> RunCompleted:
    return RunCompleted(**OF, seconds=137.4, text=text, **more)


# --- endings


def test_m7_a_completed_run_is_told_with_its_answer_and_no_note():
    assert told(*WORK, completed(), text="Retries are in net.py.") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: completed | 1 turn | 1 tool use | 1,234 tokens | 2m 17s
Description: find the retries

Retries are in net.py.\
""")


def test_what_is_not_as_asked_stands_in_the_head():
    state = run(*WORK, WrapUpAsked(**OF, limit="turns"), completed(wrapped_up=True), **INSTEAD)

    assert result_text(Result(state, "Done."), now=BEGAN + 60) == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: completed, wrapped up | 1 turn | 1 tool use | 1,234 tokens | 2m 17s
Description: find the retries
Note: The agent's file asks for 'opus'; offline runs instead.
Note: It was asked to wrap up at its limit of turns; the result may be partial.

Done.\
""")


def test_one_that_was_asked_to_wrap_up_says_so():
    events = (*WORK, WrapUpAsked(**OF, limit="turns"), completed(wrapped_up=True))

    assert told(*events, text="So far: net.py.") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: completed, wrapped up | 1 turn | 1 tool use | 1,234 tokens | 2m 17s
Description: find the retries
Note: It was asked to wrap up at its limit of turns; the result may be partial.

So far: net.py.\
""")


@pytest.mark.parametrize("by", StoppedBy)
def test_m5_a_stopped_run_says_who_stopped_it_and_keeps_what_it_had(by):
    stopped = told(*WORK, RunStopped(**OF, seconds=3.0, by=by, reason="why"), text="I'll look.")

    head, note, text = stopped.rpartition("Note: ")
    assert head.startswith("Agent: explore-2 (Explore, run k3x9qa7b)\nStatus: stopped | 1 turn | 1 tool use")
    assert text.endswith("\n\nI'll look.")
    assert (
        note + text
        == {
            StoppedBy.USER: snapshot("""\
Note: It was STOPPED by the user (why) before it finished; what follows is partial, the task is NOT done.

I'll look.\
"""),
            StoppedBy.PARENT: snapshot("""\
Note: It was STOPPED by its parent (why) before it finished; what follows is partial, the task is NOT done.

I'll look.\
"""),
            StoppedBy.LIMIT: snapshot("""\
Note: It was stopped at its limit (why) before it finished; what follows may be incomplete.

I'll look.\
"""),
            StoppedBy.TIMEOUT: snapshot("""\
Note: It was stopped at its time limit (why) before it finished; what follows may be incomplete.

I'll look.\
"""),
            StoppedBy.SHUTDOWN: snapshot("""\
Note: It was STOPPED because its program ended (why) before it finished; what follows is partial, the task is NOT done.

I'll look.\
"""),
        }[by]
    )


def test_a_failed_run_says_why_and_labels_its_partial_work():
    failed = RunFailed(**OF, seconds=3.0, reason="the provider answered 529", partial="half")

    assert told(*WORK, failed, text="half") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: failed | 1 turn | 1 tool use | 1,234 tokens | 3s
Description: find the retries

Error: the provider answered 529

Partial work before it failed:
half\
""")
    assert told(*WORK, failed).endswith("\n\nError: the provider answered 529")


def test_an_interrupted_run_says_whether_it_had_begun():
    ended = RunInterrupted(**OF, seconds=3.0, reason="its process died")

    assert told(*WORK, ended, text="I'll look.") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: interrupted | 1 turn | 1 tool use | 1,234 tokens | 3s
Description: find the retries
Note: It was INTERRUPTED (its process died) before it finished; what follows is partial, the task is NOT done.

I'll look.\
""")
    unbegun = RunInterrupted(**OF, reason="its process died", started=False)
    assert told(unbegun) == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: interrupted | 0s
Description: find the retries
Note: It was INTERRUPTED (its process died) before it finished; it had not begun, the task is NOT done.

No output.\
""")


def test_an_empty_answer_is_said_to_be_empty():
    assert told(*WORK, completed(" \n")).endswith("\n\nNo output.")


def test_a_structured_answer_is_told_as_its_json():
    assert told(*WORK, completed("Here: {}"), text="Here: {}", structured="{}").endswith("\n\n{}")


# --- not ended


def test_a_queued_run_waits():
    assert told(while_running="Wait with `wait`.") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: queued | 1m
Description: find the retries

It waits for its turn and has not begun.

Wait with `wait`.\
""")


def test_a_running_one_says_what_it_does_and_what_the_door_advises():
    assert told(*WORK[:3], text="I'll look.", while_running="Wait with `wait`.") == snapshot("""\
Agent: explore-2 (Explore, run k3x9qa7b)
Status: running | 1 tool use | 1,234 tokens | 59s
Description: find the retries

It is still running; there is no result yet.
In progress for 57s: grep {"pattern": "retry"}
Last sign of life: 57s ago.
Latest text: I'll look.

Wait with `wait`.\
""")


def test_a_resting_one_says_so():
    assert "Status: running, paused" in told(*WORK, RunPaused(**OF), RunParked(**OF))


def test_a_door_advises_nothing_about_an_ended_run():
    assert "wait" not in told(*WORK, completed("x"), text="x", while_running="Wait with `wait`.")


# --- bounds


def test_a_result_of_20000_characters_is_whole():
    assert bounded("x" * 20_000) == "x" * 20_000


def test_a_longer_one_keeps_its_beginning_and_its_end_and_says_what_is_missing():
    text = "A" * 15_000 + "m" * 5_009 + "Z" * 5_000
    shown = bounded(text, "Peek shows the rest.")

    assert (
        shown
        == "A" * 15_000 + "\n\n[… 5,009 characters left out …]\n[Peek shows the rest.]\n\n" + "Z" * 5_000
    )


def test_partial_work_and_reasons_are_bounded_too():
    failed = RunFailed(**OF, reason="r" * 100_000)
    stopped = RunStopped(**OF, by=StoppedBy.USER, reason="r" * 100_000)

    assert len(told(failed, text="x" * 1_000_000)) < 23_000
    assert len(told(stopped, text="x" * 1_000_000)) < 23_000
    assert len(told(*WORK[:3], text="x" * 1_000_000)) < 2_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45.9, "45s"), (60, "1m"), (270, "4m 30s"), (3599, "59m 59s"), (3900, "1h 5m"), (7470, "2h 4m")],
)  # fmt: skip
def test_k1_durations_are_short(seconds, text):
    assert duration(seconds) == text


# --- for programs


def test_a_program_gets_one_object():
    state = run(*WORK, completed(structured='{"files": []}'), schema={"type": "object"}, **INSTEAD)
    told = result_json(Result(state, "Here: {}", '{"files": []}'), session="s1")

    assert json.loads(json.dumps(told)) == snapshot(
        {
            "id": "k3x9qa7b",
            "handle": "explore-2",
            "agent": "Explore",
            "description": "find the retries",
            "status": "completed",
            "wrapped_up": False,
            "reason": "",
            "by": None,
            "text": "Here: {}",
            "structured": {"files": []},
            "schema_valid": True,
            "model": "offline",
            "asked_model": "opus",
            "notes": ["The agent's file asks for 'opus'; offline runs instead."],
            "left_out": 0,
            "turns": 1,
            "tool_uses": 1,
            "compactions": 0,
            "usage": {
                "requests": 1,
                "input": 1200,
                "output": 34,
                "cache_read": 9000,
                "cache_write": 0,
                "tokens": 1234,
                "cost": 0.01,
                "uncounted": 0,
                "unpriced": 0,
                "models": {
                    "offline": {
                        "requests": 1,
                        "input": 1200,
                        "output": 34,
                        "cache_read": 9000,
                        "cache_write": 0,
                        "tokens": 1234,
                        "cost": 0.01,
                        "uncounted": 0,
                        "unpriced": 0,
                    }
                },
            },
            "seconds": 137.4,
            "session": "s1",
            "cwd": "/srv/shop",
            "started_at": "2026-11-20T10:00:01.000Z",
            "ended_at": "2026-11-20T10:00:06.000Z",
        }
    )


@pytest.mark.parametrize(
    ("events", "structured", "valid"),
    [
        (WORK, None, None),
        ((*WORK, completed()), "{}", True),
        ((*WORK, OutputRejected(**OF, problems=("x",), text=""), RunFailed(**OF, reason="x")), None, False),
        ((*WORK, RunFailed(**OF, reason="the provider answered 529")), None, None),
        ((*WORK, RunStopped(**OF, by=StoppedBy.USER)), None, None),
    ],
)
def test_whether_the_schema_fits_is_said_where_an_answer_came(events, structured, valid):
    state = run(*events, schema={"type": "object"})

    assert result_json(Result(state, "", structured))["schema_valid"] is valid


def test_a_program_is_told_who_stopped_a_run_and_why():
    told = result_json(
        Result(run(*WORK, RunStopped(**OF, seconds=2.5, by=StoppedBy.LIMIT, reason="why")), "half")
    )

    assert [told[key] for key in ("status", "by", "reason", "text", "seconds")] == [
        "stopped",
        "limit",
        "why",
        "half",
        2.5,
    ]


def test_of_a_run_that_has_not_begun_the_times_are_missing():
    told = result_json(Result(run(), ""))

    assert [told[key] for key in ("started_at", "ended_at", "seconds", "structured", "schema_valid")] == [
        None
    ] * 5
    assert result_json(Result(run(), ""), now=BEGAN + 5)["seconds"] == 5.0
