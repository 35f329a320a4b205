"""Runs that another process drives: steered, paused, stopped and waited for from another terminal."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import Program, Terminal, bash


class Gate:
    """A pipe that a command waits for, until the story lets it go on."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.command = f"cat {path}"
        self._path = path

    def open(self) -> None:
        self._path.write_text("open\n")

    def give_up(self) -> None:
        """Ends what still waits for it when the story is over."""
        with suppress(OSError):  # nobody does
            os.close(os.open(self._path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.fixture
def gate(project: Path) -> Iterator[Gate]:
    made = Gate(project / "gate")
    yield made
    made.give_up()


@pytest.fixture
def waiting(start: Start, script: Script, gate: Gate) -> tuple[Program, str]:
    """A run of another process, in the middle of its first turn, and its id; after two more turns it answers."""
    turns = (bash(gate.command, text="I wait."), bash("echo on"), {"text": "It opened."})
    program = start("run", "worker", "wait", script(*turns))
    run = program.says(": wait").split()[1].rstrip(":")
    program.says("▸ bash cat")
    return program, run


def test_it_is_steered_with_receipts_and_its_answer_is_waited_for(
    waiting: tuple[Program, str], start: Start, call: Call, gate: Gate
):
    program, run = waiting
    first = call("steer", "worker", "the tests too")
    assert (first.code, first.out) == (0, f"queued: worker ({run}) reads it before its next turn\n")
    second = start("steer", run[:5], "-", "--wait", stdin="and the docs\n")
    answer = start("result", "worker", "--wait")
    events = start("events", run, "--follow", "--json")
    events.prints('"and the docs')
    gate.open()
    assert second.ends().out == f"delivered at turn 2 of worker ({run})\n"
    done = answer.ends()
    assert (done.code, done.out, done.err) == (0, "It opened.\n", "")
    facts = [json.loads(line) for line in events.ends().out.splitlines()]
    assert [fact["text"] for fact in facts if fact["type"] == "RunSteered"] == [
        "the tests too",
        "and the docs\n",
    ]
    assert program.ends().out == "It opened.\n"
    assert call("steer", run, "hello").err == (
        f'Error: Run {run} is completed and reads nothing any more; go on with it: subagents resume {run} "…"\n'
    )


def test_a_message_that_it_did_not_come_to_read_comes_back(
    waiting: tuple[Program, str], start: Start, call: Call
):
    program, run = waiting
    late = start("steer", run, "too late", "--wait")
    events = start("events", run, "--follow")
    events.prints("too late")
    assert call("stop", run).code == 0
    done = late.ends()
    assert (done.code, done.out.splitlines()[-1]) == (1, "too late")
    assert done.out.startswith(f"missed: worker ({run}) had ended")
    assert program.ends().code == 3


def test_it_rests_between_two_turns_and_goes_on(
    waiting: tuple[Program, str], start: Start, call: Call, gate: Gate
):
    program, run = waiting
    events = start("events", run, "--follow")
    assert call("pause", "worker").out == (
        f"{run} rests as soon as its turn is over; let it go on with: subagents unpause {run}\n"
    )
    assert call("pause", run).out == f"{run} was paused already\n"
    gate.open()
    events.prints("RunParked")
    assert json.loads(call("ps", "--json").out)[0]["paused"]
    still = call("result", run, "--timeout", "0.2")
    assert (still.code, still.out) == (5, "")
    assert f"The wait ended after 0s; the run goes on. Wait again: subagents result --wait {run}" in still.err
    assert call("unpause", run).out == f"{run} goes on\n"
    assert call("result", run, "--wait").out == "It opened.\n"
    program.ends()
    refused = [call("pause", run), call("unpause", run)]
    assert [done.code for done in refused] == [2, 2]
    assert "only one in progress can be paused" in refused[0].err
    assert f'subagents resume {run} "…"' in refused[1].err


def test_one_that_rests_goes_on_resting_when_its_process_is_asked_to_end(
    waiting: tuple[Program, str], start: Start, call: Call, gate: Gate
):
    program, run = waiting
    events = start("events", run, "--follow")
    call("pause", run)
    gate.open()
    events.prints("RunParked")
    program.send(signal.SIGTERM)
    ended = program.ends()
    assert ended.code == 128 + signal.SIGTERM
    assert ended.err.endswith(f"Run {run} goes on resting; let it go on with: subagents unpause {run}\n")
    assert json.loads(call("ps", "--json").out)[0]["paused"]
    assert call("unpause", run).code == 0
    assert call("result", run).out == "It opened.\n"


def test_one_that_rests_survives_its_process_and_goes_on_here_with_what_it_was_told(
    waiting: tuple[Program, str], start: Start, call: Call, gate: Gate
):
    program, run = waiting
    events = start("events", run, "--follow")
    call("pause", run)
    gate.open()
    events.prints("RunParked")
    program.send(signal.SIGKILL)
    program.ends()
    assert call("pause", run).out == f"{run} was paused already\n"
    assert (waited := call("result", run, "--wait")).code == 5
    assert f"Run {run} is paused" in waited.err
    assert (
        f"rests and has not ended; let it go on with: subagents unpause {run}" in call("resume", run, "x").err
    )
    left = call("send", "@worker the tests too")
    assert (left.code, left.out) == (
        0,
        f"queued: worker ({run}) rests, and reads it when it goes on: subagents unpause {run}\n",
    )
    done = call("unpause", run)
    assert (done.code, done.out) == (0, "It opened.\n")
    told = [json.loads(line) for line in call("events", run, "--json").out.splitlines()]
    delivered = next(fact for fact in told if fact["type"] == "SteerDelivered")
    assert delivered["turn"] == 2
    assert [fact["lifecycle"]["event"] for fact in told if "lifecycle" in fact] == [
        "created",
        "started",
        "steered",
        "completed",
    ]


def test_whoever_waits_for_a_run_whose_process_dies_is_told_so(
    waiting: tuple[Program, str], start: Start, call: Call
):
    program, run = waiting
    answer, message = start("result", run, "--wait"), start("steer", run, "hello", "--wait")
    start("events", run, "--follow").prints("RunSteered  hello")
    program.send(signal.SIGKILL)
    program.ends()
    done = answer.ends()
    assert (done.code, done.out) == (4, "I wait.\n")
    assert "its owner is gone" in done.err
    unread = message.ends()
    assert (unread.code, unread.out.splitlines()[-1]) == (1, "hello")
    assert unread.out.startswith(f"missed: worker ({run}) had ended")


def test_giving_up_the_waiting_leaves_the_run_at_work(
    waiting: tuple[Program, str], project: Path, gate: Gate
):
    program, run = waiting
    terminal = Terminal(["result", run, "--wait"], project)
    terminal.shows(f"Waiting for worker ({run}); Ctrl-C ends the waiting, not the run.")
    terminal.types("\x03")
    assert terminal.ends() == 130
    terminal.clean_up()
    gate.open()
    assert program.ends().out == "It opened.\n"


def test_a_mention_reaches_the_run_that_works_resumes_the_one_that_ended_and_starts_another(
    waiting: tuple[Program, str], start: Start, call: Call, gate: Gate
):
    program, run = waiting
    assert call("send", "@agent-worker the tests too").out == (
        f"queued: worker ({run}) reads it before its next turn\n"
    )
    gate.open()
    program.ends()
    resumed = call("send", "@worker", "and", "now?")
    assert resumed.code == 1  # the script of its model is at its end
    assert f"worker {run}: " in resumed.err
    started = call("send", "@explore where is the gate?")
    assert started.code == 0
    assert "offline (no language model)" in started.out
    assert json.loads(call("ps", "--json").out)[0]["description"] == "where is the gate?"


def test_a_run_is_gone_on_with_however_it_ended(call: Call, script: Script):
    refused = {"error": {"status": 400, "message": "no"}}
    model = script({"match": "one$", "text": "1"}, {"match": "two$", "text": "2"}, refused)
    assert call("run", "answerer", "go", model).code == 1
    for prompt, answer in (("one", "1"), ("two", "2")):
        done = call("resume", "answerer", prompt)
        assert (done.code, done.out) == (0, f"{answer}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "names nobody; begin with @"),
        ("@worker", "names nobody; begin with @"),
        ("@nobody hello", "Nobody is called 'nobody'"),
        ("@main hello", "There is no main conversation here"),
    ],
)
def test_a_mention_of_nobody_is_refused_and_begins_nothing(call: Call, project: Path, text: str, said: str):
    done = call("send", text)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())
    assert call("ps", "--all").out == ""


def test_a_command_of_an_agent_reaches_only_what_is_below_this_agent(
    waiting: tuple[Program, str], call: Call, gate: Gate
):
    program, run = waiting
    inside = {"SUBAGENTS_RUN": "abcdefgh", "SUBAGENTS_TREE": "abcdefgh", "SUBAGENTS_DEPTH": "1"}
    for command in (
        ("stop", run),
        ("steer", run, "hey"),
        ("pause", run),
        ("send", f"@{run} hey"),
        ("resume", run, "x"),
    ):
        done = call(*command, **inside)
        assert (done.code, done.out) == (2, ""), command
        assert "was not started by run abcdefgh" in done.err
    gate.open()
    program.ends()
    assert f"'{run}' was not started by run abcdefgh" in call("clear", run, **inside).err
    assert call("clear", "--older-than", "0", **inside).err == "There is nothing to clear.\n"
    assert call("clear", "--older-than", "0").out == f"{run} cleared\n"
