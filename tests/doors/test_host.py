"""The host of a project: one, whoever calls for it; found, left, killed and replaced without losing anything."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.doors.conftest import Call, Script, Start
from tests.doors.program import BOUND, Done

from subagents.places import project_at
from subagents.serve.host.address import PROTOCOL, announced, host_folder

Runs = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def no_host_is_left(project: Path) -> Iterator[None]:
    seen: set[int] = set()
    yield
    while (said := announced(project_at(project))) is not None and said.pid not in seen:
        seen.add(said.pid)
        with suppress(ProcessLookupError):
            os.kill(said.pid, signal.SIGTERM)
            gone(said.pid)


def gone(pid: int) -> None:
    """Returns when the process has ended."""
    with suppress(ProcessLookupError):
        file = os.pidfd_open(pid)
        try:
            assert select.select([file], [], [], BOUND)[0], f"process {pid} goes on"
        finally:
            os.close(file)


def host(project: Path) -> int:
    said = announced(project_at(project))
    assert said is not None
    return said.pid


def say(project: Path, **changed: Any) -> None:
    """Has the host say something else of itself."""
    file = host_folder(project_at(project)) / "host.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))


def spawned(done: Done) -> str:
    assert done.code == 0, done.err
    return done.out.strip()


def waits_for(file: Path) -> dict[str, Any]:
    """A turn whose command goes on until there is this file."""
    command = f"until [ -e {file} ]; do sleep 0.05; done"
    return {"text": "working", "tool_calls": [{"name": "bash", "arguments": {"command": command}}]}


def test_what_is_spawned_goes_on_in_a_host_that_ends_when_it_is_idle(
    project: Path, call: Call, script: Script
):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "worker", "go", model, "--timeout=1m", SUBAGENTS_HOST_IDLE_SECONDS="1"))
    pid = host(project)
    assert call("result", run).code == 5
    (project / "go").touch()
    assert call("result", "--wait", run).out == "done\n"
    gone(pid)
    assert announced(project_at(project)) is None
    assert call("result", run).out == "done\n"


def test_run_detached_is_the_same(call: Call, script: Script):
    model = script({"text": "done"})
    done = call("run", "-d", "answerer", "go", model, "--json")
    told = json.loads(done.out)
    assert set(told) == {"session", "run", "handle", "notes"}
    assert call("result", "-w", told["run"]).out == "done\n"


def test_the_short_form_needs_no_options(call: Call, project: Path):
    (project / "a.py").write_text("def retry(): ...\n")
    run = spawned(call("spawn", "Explore", "where", "is", "retry?"))
    assert "a.py" in call("result", "--wait", run).out
    refused = call("spawn", "Explor", "where is retry?")
    assert (refused.code, "Explore" in refused.err) == (2, True)


def test_ten_at_once_get_one_host(start: Start, call: Call, project: Path, script: Script, runs: Runs):
    model = script(waits_for(project / "go"), {"text": "done"})
    processes = [start("spawn", "-q", "worker", f"number {n}", model) for n in range(10)]
    begun = {spawned(process.ends()) for process in processes}
    assert len(begun) == 10
    assert {run["owner"] for run in runs()} == {host(project)}
    (project / "go").touch()
    assert {call("result", "--wait", run).out for run in begun} == {"done\n"}


def test_one_cap_holds_for_hosts_and_others(start: Start, call: Call, project: Path, script: Script):
    # The first one waits for a second, so that there are two at once on the slowest machine too.
    command = "echo + >> seen; until [ $(grep -c + seen) -ge 2 ]; do sleep 0.05; done; echo - >> seen"
    turn = {"text": "working", "tool_calls": [{"name": "bash", "arguments": {"command": command}}]}
    model = script(turn, {"text": "done"})
    cap = {"SUBAGENTS_MAX_CONCURRENT": "2"}
    run = spawned(call("spawn", "-q", "worker", "go", model, **cap))
    others = [start("run", "-q", "worker", "go", model, **cap) for _ in range(5)]
    assert [process.ends().code for process in others] == [0] * 5
    assert call("result", "--wait", run).out == "done\n"
    at_once = most = 0
    for line in (project / "seen").read_text().split():
        at_once += 1 if line == "+" else -1
        most = max(most, at_once)
    assert (most, at_once) == (2, 0)


def test_after_a_host_was_killed_the_next_knows_everything(project: Path, call: Call, script: Script):
    model = script(waits_for(project / "never"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    assert call("peek", run).code == 0
    first = host(project)
    os.kill(first, signal.SIGKILL)
    gone(first)
    assert json.loads(call("ps", "--json").out)[0]["owner_gone"]
    other = spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))
    assert host(project) != first
    assert call("result", "--wait", other).out == "here\n"
    assert call("result", run).code == 4
    assert "Error" not in call("log", run).err


def test_an_older_host_finishes_what_it_has_and_a_new_one_takes_over(
    project: Path, call: Call, script: Script
):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    old = host(project)
    say(project, version="0.0.1")
    spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))
    assert host(project) != old
    assert call("result", run).code == 5, "the old one goes on with it"
    (project / "go").touch()
    assert call("result", "--wait", run).out == "done\n"
    gone(old)


def test_a_host_with_other_keys_makes_room_when_it_has_nothing_to_do(
    project: Path, call: Call, script: Script
):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    busy = host(project)
    answering = script({"text": "here"})
    spawned(call("spawn", "-q", "answerer", "go", answering, SOME_API_KEY="k"))
    assert host(project) == busy
    (project / "go").touch()
    assert call("result", "--wait", run).out == "done\n"
    spawned(call("spawn", "-q", "answerer", "go", answering, SOME_API_KEY="k"))
    assert host(project) != busy


def test_one_that_speaks_a_later_language_is_left_alone(project: Path, call: Call):
    call("serve", "--detach")
    say(project, protocol=PROTOCOL + 1, version="9.9")
    refused = call("spawn", "answerer", "go")
    assert refused.code == 2
    assert "version 9.9) speaks a later protocol" in refused.err
    say(project, protocol=PROTOCOL)


def test_a_socket_that_nobody_listens_on_is_replaced(project: Path, call: Call, script: Script):
    call("serve", "--detach")
    pid = host(project)
    dead = project / "dead"
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(dead))
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    say_dead = {"socket": str(dead), "version": "0.1.0", "protocol": PROTOCOL, "pid": pid}
    (host_folder(project_at(project)) / "host.json").write_text(json.dumps(say_dead))
    assert spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))


def test_one_whose_socket_was_tidied_away_makes_room_and_finishes_what_it_has(
    project: Path, call: Call, script: Script
):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    first = announced(project_at(project))
    assert first is not None
    Path(first.socket).unlink()
    status = call("serve", "--status")
    assert (status.code, str(first.pid) in status.err) == (2, True)
    spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))
    assert host(project) != first.pid
    (project / "go").touch()
    assert call("result", "--wait", run).out == "done\n"


@pytest.mark.parametrize("said", ["[]", "{", '{"protocol": Infinity}', "[" * 100_000])
def test_what_no_host_said_is_no_host(project: Path, call: Call, script: Script, said: str):
    folder = host_folder(project_at(project))
    folder.mkdir(parents=True)
    (folder / "host.json").write_text(said)
    spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))


def test_another_programs_socket_is_no_host(project: Path, call: Call, script: Script, tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other"))
        other.listen()
        folder = host_folder(project_at(project))
        folder.mkdir(parents=True)
        said = {
            "socket": str(tmp_path / "other"),
            "version": "0.1.0",
            "protocol": PROTOCOL,
            "pid": 1,
            "keys": "",
        }
        (folder / "host.json").write_text(json.dumps(said))
        spawned(call("spawn", "-q", "answerer", "go", script({"text": "here"})))


def test_in_the_foreground_it_stays_and_is_the_only_one(project: Path, start: Start, call: Call):
    serving = start("serve", SUBAGENTS_HOST_IDLE_SECONDS="1")
    assert str(serving.pid) in serving.says("Host of")
    second = call("serve")
    assert (second.code, str(serving.pid) in second.err) == (2, True)
    assert json.loads(call("serve", "--status").out)["pid"] == serving.pid
    serving.send(signal.SIGINT)
    assert serving.ends().code == 0
    assert call("serve", "--status").code == 2


def test_it_is_asked_to_finish(project: Path, call: Call, script: Script):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    pid = host(project)
    assert call("serve", "--stop").code == 0
    assert call("serve", "--stop").code == 2
    (project / "go").touch()
    assert call("result", "--wait", run).out == "done\n"
    gone(pid)


def test_every_verb_reaches_what_a_host_runs(project: Path, call: Call, script: Script):
    model = script(waits_for(project / "go"), {"text": "done"})
    run = spawned(call("spawn", "-q", "worker", "go", model))
    assert call("peek", run).code == 0
    assert call("steer", run, "hurry").code == 0
    assert call("pause", run).code == 0
    assert call("unpause", run).code == 0
    assert call("stop", run).code == 0
    assert call("result", run).code == 3
    assert call("clear", run).code == 0
