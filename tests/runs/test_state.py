"""What follows from each fact of a run."""

from __future__ import annotations

from typing import Any

from inline_snapshot import snapshot

from subagents.events import (
    MAX_PREVIEW,
    CommandStarted,
    ContextCompacted,
    DirectoryChanged,
    Event,
    ModelReplied,
    OutputRejected,
    ResultDelivered,
    RunCleared,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunPaused,
    RunResumed,
    RunSteered,
    RunStopped,
    SteerDelivered,
    StoppedBy,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    WorkspaceClosed,
    WorkspaceOpened,
)
from subagents.runs.state import Command, Outcome, RunState
from subagents.spec import AskedBy
from subagents.testing.facts import BEGAN, RUN, replied, spawned, spec, started, state_after
from subagents.usage import ModelUsage

FOR_RUN: dict[str, Any] = {"run": RUN, "episode": 1}
RESUMED = RunResumed(run=RUN, episode=2, prompt="and now?", asked_by=AskedBy.MODEL)


def run_after(*events: Event) -> RunState:
    return state_after(*events).run(RUN)


def running(*more: Event) -> RunState:
    return run_after(spawned(), started(), *more)


def called(call: str) -> ToolCalled:
    return ToolCalled(**FOR_RUN, call=call, tool="bash", arguments='{"command":"make"}', digest="0")


def test_a_spawned_run_waits_with_what_it_was_given():
    run = run_after(spawned(spec=spec(model="opus", prompt="look", cwd="/there")))
    assert (run.status, run.spawned_at, run.started_at, run.elapsed_from) == ("queued", BEGAN, None, BEGAN)
    assert (run.model, run.prompt, run.directory) == ("opus", "look", "/there")


def test_its_time_counts_from_the_start_once_it_has_started():
    run = running()
    assert (run.status, run.started_at, run.elapsed_from, run.model) == (
        "running",
        BEGAN + 1,
        BEGAN + 1,
        "scripted",
    )


def test_replies_add_up_and_the_last_words_stay():
    run = running(replied(text="first"), replied(text=""), replied(text="second"), replied(text=""))
    assert run.text == "second"
    assert run.usage.total.requests == 4


def test_usage_is_kept_for_each_model():
    other = ModelReplied(**FOR_RUN, model="opus", usage=ModelUsage(requests=1, output=7))
    run = running(replied(), other)
    assert (set(run.usage.models), run.model) == ({"scripted", "opus"}, "opus")


def test_how_full_the_window_is_follows_the_replies_and_is_unknown_after_a_compaction():
    used = ModelUsage(requests=1, input=40_000, output=1_000, cache_read=49_000)
    reply = ModelReplied(**FOR_RUN, model="opus", usage=used, window=200_000)
    assert running(reply).context_share == 45
    assert running(replied()).context_share is None

    summed_up = ModelUsage(requests=1, input=30_000, output=500)
    compacted = ContextCompacted(
        **FOR_RUN,
        reason="its window was nearly full",
        tokens_before=90_000,
        tokens_after=9_000,
        count=1,
        model="haiku",
        usage=summed_up,
    )
    run = running(reply, compacted)
    assert (run.context_share, run.compactions, run.model) == (None, 1, "opus")
    assert run.usage.models["haiku"] == summed_up


def test_a_call_is_in_flight_until_it_returns():
    run = running(called("a"), called("b"), CommandStarted(**FOR_RUN, group=42, started="7"))
    assert [flight.call for flight in run.in_flight] == ["a", "b"]
    assert run.command == Command(42, "7")
    returned = running(called("a"), called("b"), ToolReturned(**FOR_RUN, call="a", tool="bash"))
    assert [flight.call for flight in returned.in_flight] == ["b"]
    assert (returned.command, returned.tool_uses) == (None, 2)


def test_the_end_of_a_turn_is_the_end_of_its_calls():
    run = running(called("a"), TurnEnded(**FOR_RUN, turn=1))
    assert (run.turns, run.in_flight) == (1, ())


def test_a_steer_waits_until_it_is_delivered():
    steered = [
        RunSteered(**FOR_RUN, steer=name, text="left", asked_by=AskedBy.PERSON) for name in ("s1", "s2")
    ]
    assert running(*steered).waiting_steers == ("s1", "s2")
    assert running(*steered, SteerDelivered(**FOR_RUN, steer="s1")).waiting_steers == ("s2",)


def test_small_facts_are_remembered():
    run = running(
        DirectoryChanged(**FOR_RUN, path="/sub"),
        WorkspaceOpened(**FOR_RUN, root="/work", isolation="shared"),
        OutputRejected(**FOR_RUN, problems=("$: no",), text="{}"),
        OutputRejected(**FOR_RUN, problems=("$: no",), text="{}"),
    )
    assert (run.directory, run.workspace, run.rejections) == ("/sub", "/work", 2)


def test_each_way_to_end():
    outcomes = [
        running(ending).outcome
        for ending in (
            RunCompleted(**FOR_RUN, text="done", seconds=2.0, structured="{}", wrapped_up=True),
            RunFailed(**FOR_RUN, reason="it broke", partial="half"),
            RunStopped(**FOR_RUN, by=StoppedBy.TIMEOUT, reason="too long"),
            RunInterrupted(**FOR_RUN, reason="died", started=False),
        )
    ]
    assert outcomes == snapshot(
        [
            Outcome(
                seq=3,
                preview="done",
                characters=4,
                wrapped_up=True,
                structured=True,
                schema_valid=True,
                seconds=2.0,
            ),
            Outcome(seq=3, preview="half", characters=4, reason="it broke"),
            Outcome(seq=3, reason="too long", by=StoppedBy.TIMEOUT),
            Outcome(seq=3, reason="died", started=False),
        ]
    )


def test_a_long_answer_is_in_its_fact_and_not_in_the_state():
    run = running(RunCompleted(**FOR_RUN, text="x" * 10_000))
    assert run.outcome is not None
    assert (len(run.outcome.preview), run.outcome.characters, run.outcome.seq) == (MAX_PREVIEW, 10_000, 3)


def test_nothing_is_open_after_the_ending():
    run = running(called("a"), RunPaused(**FOR_RUN), RunStopped(**FOR_RUN, by=StoppedBy.USER))
    assert (run.in_flight, run.paused, run.parked, run.waiting_steers) == ((), False, False, ())
    assert run.ended_at == BEGAN + 4


def test_a_command_may_outlive_the_ending_until_the_workspace_is_closed():
    command = CommandStarted(**FOR_RUN, group=1, started="1")
    stopped = (called("a"), command, RunStopped(**FOR_RUN, by=StoppedBy.USER))
    assert running(*stopped).command == Command(1, "1")
    assert running(*stopped, WorkspaceClosed(**FOR_RUN)).command is None


def test_what_comes_after_the_ending_changes_nothing_but_delivery_and_clearing():
    ended = running(RunCompleted(**FOR_RUN, text="done"))
    late = running(
        RunCompleted(**FOR_RUN, text="done"), replied(text="late"), RunFailed(**FOR_RUN, reason="late")
    )
    assert late == ended
    seen = running(
        RunCompleted(**FOR_RUN, text="done"), ResultDelivered(**FOR_RUN, to="cli"), RunCleared(**FOR_RUN)
    )
    assert (seen.delivered, seen.cleared) == (True, True)


def test_a_resumed_run_begins_anew_and_keeps_its_sums():
    first = [replied(), TurnEnded(**FOR_RUN, turn=1), RunCompleted(**FOR_RUN, text="done")]
    run = running(*first, ResultDelivered(**FOR_RUN, to="cli"), RESUMED)
    assert (run.status, run.episode, run.prompt, run.outcome, run.ended_at) == (
        "queued",
        2,
        "and now?",
        None,
        None,
    )
    assert (run.turns, run.episode_turns, run.usage.total.requests) == (1, 0, 1)
    assert (run.text, run.delivered, run.started_at) == ("", False, None)


def test_facts_of_an_older_episode_are_dropped():
    first = [RunCompleted(**FOR_RUN, text="done"), RESUMED]
    assert running(*first, replied(episode=1), RunFailed(**FOR_RUN, reason="late")) == running(*first)


def test_an_episode_cannot_be_skipped_or_resumed_twice():
    ended = RunCompleted(**FOR_RUN, text="done")
    third = RunResumed(run=RUN, episode=3, prompt="?", asked_by=AskedBy.MODEL)
    assert running(ended, third) == running(ended)
    assert running(ended, RESUMED, RESUMED).episode == 2
