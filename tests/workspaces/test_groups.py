from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import anyio
import pytest

from subagents.workspaces.processes.groups import (
    UNKNOWN,
    end_group,
    end_group_if_same,
    members,
    new_mark,
    start_of,
    until_gone,
    with_mark,
    without_mark,
)

Start = Callable[..., "subprocess.Popen[bytes]"]

only_with_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs as leaders of groups of their own; what is left of them is ended afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"]} | (env or {})
        process = subprocess.Popen(
            argv, start_new_session=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout
        process.stdout.close()


def said_ready(process: subprocess.Popen[bytes]) -> bool:
    """Waits for the program's first line; the test's own bound is the end of the program."""
    assert process.stdout
    return process.stdout.readline() == b"ready\n"


def sh(script: str) -> Sequence[str]:
    return ("/bin/sh", "-c", script)


def test_a_process_keeps_its_start_and_another_has_another(start: Start):
    mine = start_of(os.getpid())
    assert mine != UNKNOWN
    assert mine == start_of(os.getpid())
    # Not our parent's: whoever starts us may have been started in the same tick of the kernel's clock.
    assert mine != start_of(start("sleep", "1000").pid)


def test_who_is_gone_has_no_start(start: Start):
    process = start("true")
    process.wait()
    assert start_of(process.pid) == UNKNOWN


@only_with_proc
def test_a_program_whose_name_looks_like_the_kernels_own_fields_is_read_right(start: Start, tmp_path: Path):
    program = tmp_path / "a) S 1 1 (b"
    shutil.copy(shutil.which("sleep") or "", program)
    process = start(program, "1000")
    assert members(process.pid) == [process.pid]
    assert start_of(process.pid).split("-")[-1].isdigit()


def test_a_dead_process_that_nobody_waited_for_is_no_member(start: Start):
    process = start(*sh("echo ready"))
    assert said_ready(process)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert members(process.pid) == []


async def test_a_group_is_ended_as_a_whole(start: Start):
    process = start(*sh("sleep 1000 & sleep 1000 & echo ready; wait"))
    assert said_ready(process)
    with anyio.fail_after(10):
        await end_group(process.pid, 5, pending=lambda: process.poll() is None)
    assert members(process.pid) == []
    assert process.returncode == -signal.SIGTERM


async def test_who_does_not_listen_is_made_to_go(start: Start):
    process = start(*sh("trap '' TERM; echo ready; sleep 1000; sleep 1000"))
    assert said_ready(process)
    with anyio.fail_after(10):
        await end_group(process.pid, 0.05, pending=lambda: process.poll() is None)
    assert process.returncode == -signal.SIGKILL


async def test_after_a_crash_the_group_is_ended_if_it_is_still_the_same(start: Start):
    process = start("sleep", "1000")
    with anyio.fail_after(10):
        assert await end_group_if_same(process.pid, start_of(process.pid))
    assert members(process.pid) == []


async def test_a_group_with_another_start_is_left_alone(start: Start):
    process = start("sleep", "1000")
    assert not await end_group_if_same(process.pid, start_of(os.getpid()))
    assert not await end_group_if_same(process.pid, UNKNOWN)
    assert process.poll() is None


async def test_a_group_that_is_gone_is_not_the_same(start: Start):
    process = start("sleep", "1000")
    started = start_of(process.pid)
    process.kill()
    process.wait()
    assert not await end_group_if_same(process.pid, started)


@pytest.mark.parametrize("group", [-1, 0, 1, os.getpgrp()])
async def test_everyone_init_and_ourselves_are_never_meant(group: int):
    assert not await end_group_if_same(group, start_of(os.getpid()))


@only_with_proc
@pytest.mark.parametrize(("mark", "ended"), [({"SUBAGENTS_RUN": "r1"}, True), ({}, False)])
async def test_members_without_their_leader_are_recognised_by_the_mark(
    start: Start, mark: dict[str, str], ended: bool
):
    process = start(*sh("read -r go; sleep 1000 >&- & echo ready"), env=mark)
    started = start_of(process.pid)
    assert said_ready(process)
    process.wait(10)
    assert start_of(process.pid) == UNKNOWN
    with anyio.fail_after(10):
        assert await end_group_if_same(process.pid, started) is ended
    assert bool(members(process.pid)) is not ended


@only_with_proc
@pytest.mark.parametrize("number", ["gone", "another's"])
async def test_who_detached_itself_is_recognised_by_the_mark_when_the_leader_is_gone(
    start: Start, number: str
):
    mark = new_mark()
    script = sh("read -r go; setsid sh -c 'echo ready; exec sleep 1000' & wait")
    process = start(*script, env={"SUBAGENTS_COMMAND": mark})
    started = with_mark(start_of(process.pid), mark)
    assert said_ready(process)
    process.kill()
    process.wait(10)
    stranger = start("sleep", "1000")
    while started.startswith(start_of(stranger.pid)):
        # Begun in the same tick of the kernel's clock; a number is never given twice that fast.
        stranger = start("sleep", "1000")
    assert members(process.pid, mark) != []
    with anyio.fail_after(10):
        assert await end_group_if_same(process.pid if number == "gone" else stranger.pid, started)
    assert members(process.pid, mark) == []
    assert stranger.poll() is None


@only_with_proc
async def test_a_program_inside_the_command_does_not_end_itself(
    monkeypatch: pytest.MonkeyPatch, start: Start
):
    mark = new_mark()
    monkeypatch.setenv("SUBAGENTS_COMMAND", f"{mark}/ab")
    process = start("sleep", "1000", env={"SUBAGENTS_COMMAND": mark})
    assert not await end_group_if_same(process.pid, with_mark(start_of(process.pid), mark))
    assert process.poll() is None


def test_a_mark_is_below_that_of_the_command_around_it(monkeypatch: pytest.MonkeyPatch):
    outer = new_mark()
    monkeypatch.setenv("SUBAGENTS_COMMAND", outer)
    assert new_mark().startswith(f"{outer}/")
    monkeypatch.setenv("SUBAGENTS_COMMAND", "anything-else")
    assert new_mark().count("/") == 1


@pytest.mark.parametrize("started", ["b89a9708-4026531836-832315", "Mon Jan 5 10:00:00 2026", UNKNOWN])
def test_what_older_versions_wrote_down_has_no_mark(started: str):
    assert without_mark(started) == (started, "")
    assert without_mark(with_mark(started, "/ab/cd")) == (started, "/ab/cd")


async def test_waiting_for_an_empty_group_is_over_at_once():
    with anyio.fail_after(10):
        await until_gone(2**22 + 1)
