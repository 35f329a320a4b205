from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import anyio
import pytest

from subagents.errors import WorkspaceError
from subagents.workspaces.processes import groups
from subagents.workspaces.processes.command import Command, CommandResult, Ending, run_command
from subagents.workspaces.processes.groups import members, start_of, until_gone, without_mark

EXITED, TIMED_OUT, TOO_MUCH_OUTPUT = Ending.EXITED, Ending.TIMED_OUT, Ending.TOO_MUCH_OUTPUT


@dataclass
class Commands:
    """Runs shell commands in a folder and keeps what they wrote and when they began."""

    folder: Path
    file: BinaryIO
    group: int = 0
    mark: str = ""
    announced: anyio.Event = field(default_factory=anyio.Event)

    async def run(self, script: str, *, timeout: float = 30, output_limit: int = 1_000_000) -> CommandResult:
        command = Command(
            ["bash", "-c", script], self.folder, {"PATH": os.environ["PATH"]}, timeout, output_limit
        )
        with anyio.fail_after(30):
            return await run_command(command, self.file, self.began)

    async def began(self, group: int, started: str) -> None:
        start, self.mark = without_mark(started)
        assert start == start_of(group)
        self.group = group
        self.announced.set()

    def left(self) -> list[int]:
        return members(self.group, self.mark)

    @property
    def output(self) -> bytes:
        return os.pread(self.file.fileno(), 1_000_000, 0)


@pytest.fixture
async def commands(tmp_path: Path):
    with TemporaryFile() as file:
        yield Commands(tmp_path, file)


@pytest.fixture(params=["pidfd", "asking"])
def however_the_end_is_noticed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with what Linux offers, once as on a system without it."""
    if request.param == "asking":
        monkeypatch.delattr(os, "pidfd_open", raising=False)


@pytest.mark.usefixtures("however_the_end_is_noticed")
async def test_both_outputs_go_to_one_file_in_their_order(commands: Commands):
    result = await commands.run("echo one; echo two >&2; echo three; exit 3")
    assert result == CommandResult(EXITED, exit_code=3, left_behind=0)
    assert commands.output == b"one\ntwo\nthree\n"


@pytest.mark.usefixtures("however_the_end_is_noticed")
async def test_a_background_process_neither_delays_the_end_nor_outlives_it(commands: Commands):
    result = await commands.run("sleep 1000 & sleep 1000 & echo hi")
    assert result == CommandResult(EXITED, exit_code=0, left_behind=2)
    assert commands.output == b"hi\n"
    assert commands.left() == []


@pytest.mark.usefixtures("however_the_end_is_noticed")
async def test_a_timeout_ends_everything_and_keeps_the_output_so_far(commands: Commands):
    result = await commands.run("echo so far; sleep 1000 & sleep 1000", timeout=2)
    assert result == CommandResult(TIMED_OUT, exit_code=None, left_behind=0)
    assert commands.output == b"so far\n"
    assert commands.left() == []


async def test_a_command_that_ignores_the_request_to_end_is_ended_all_the_same(commands: Commands):
    result = await commands.run("trap '' TERM; sleep 1000; sleep 1000", timeout=0.2)
    assert result.ending is TIMED_OUT
    assert commands.left() == []


async def test_an_end_by_signal_is_told_as_a_shell_tells_it(commands: Commands):
    assert (await commands.run("kill -9 $$")).exit_code == 137


async def test_who_was_just_about_to_finish_is_not_taken_for_left_behind(commands: Commands):
    result = await commands.run("echo hi > >(cat)")
    assert result == CommandResult(EXITED, exit_code=0, left_behind=0)
    assert commands.output == b"hi\n"


async def test_stdin_is_empty(commands: Commands):
    result = await commands.run("cat; read -r line || echo nothing to read")
    assert (result.exit_code, commands.output) == (0, b"nothing to read\n")


async def test_a_command_that_writes_without_end_is_ended(commands: Commands):
    result = await commands.run("yes", output_limit=10_000)
    assert result == CommandResult(TOO_MUCH_OUTPUT, exit_code=None, left_behind=0)
    assert commands.left() == []


async def test_much_output_is_no_reason_to_hang(commands: Commands):
    result = await commands.run("yes | head -c 50000000", output_limit=60_000_000)
    assert result.exit_code == 0
    assert os.fstat(commands.file.fileno()).st_size == 50_000_000


OWN_GROUP = "import os, time; os.setpgid(0, 0); print('away', flush=True); time.sleep(1000)"
AWAY = {
    "coreutils' timeout": "echo away; timeout 1000 sleep 1000",
    "a shell with job control": "set -m; sleep 1000 & disown; echo away",
    "a program that asks for a group": f'{sys.executable} -c "{OWN_GROUP}"',
    "a session of its own": "setsid sh -c 'echo away; exec sleep 1000'",
    "a daemon": "(setsid sh -c 'echo away; sleep 1000 & exec sleep 1000' >&1 &) &",
}
GONE_AWAY = pytest.mark.parametrize("script", AWAY.values(), ids=AWAY.keys())


async def until_said(commands: Commands, text: bytes) -> None:
    while text not in commands.output:
        await anyio.lowlevel.checkpoint()


@GONE_AWAY
async def test_whoever_leaves_the_group_is_ended_when_the_command_exits(commands: Commands, script: str):
    # The shell reads its own output: it exits when the other is really away.
    script = f"({script}) & until grep -q away out; do :; done"
    with (commands.folder / "out").open("w+b") as commands.file:
        result = await commands.run(script)
    assert result.exit_code == 0
    assert result.left_behind > 0
    assert commands.left() == []


@GONE_AWAY
async def test_whoever_leaves_the_group_is_ended_when_time_is_up(commands: Commands, script: str):
    result = await commands.run(f"{script}\nsleep 1000", timeout=2)
    assert result.ending is TIMED_OUT
    assert commands.left() == []


@GONE_AWAY
async def test_whoever_leaves_the_group_is_ended_by_a_cancellation(commands: Commands, script: str):
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(commands.run, f"{script}\nsleep 1000")
            await until_said(commands, b"away")
            group.cancel_scope.cancel()
    assert commands.left() == []


async def test_without_proc_whoever_leaves_the_group_is_found_in_the_session(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(groups, "_has_proc", lambda: False)
    result = await commands.run("set -m; sleep 1000 & disown; sleep 1000", timeout=0.5)
    assert result.ending is TIMED_OUT
    monkeypatch.undo()
    assert commands.left() == []


INSIDE = """
import anyio, os, sys, tempfile
from pathlib import Path
from subagents.workspaces.processes.command import Command, run_command

async def main():
    inner = Command(["bash", "-c", sys.argv[1]], Path.cwd(), {"PATH": os.environ["PATH"]}, 1000)
    with anyio.open_signal_receiver(15) as signals:
        async with anyio.create_task_group() as group:
            group.start_soon(run_command, inner, sys.stdout.buffer)
            async for _ in signals:
                group.cancel_scope.cancel()
                break
    print("closed in good order", flush=True)

anyio.run(main)
"""


@pytest.mark.parametrize(
    "inner",
    ["echo ready; sleep 1000", "trap '' TERM; setsid sleep 1000 & echo ready; while :; do sleep 1; done"],
)
async def test_a_program_of_ours_inside_a_command_closes_in_good_order(
    commands: Commands, tmp_path: Path, inner: str
):
    (tmp_path / "inside.py").write_text(INSIDE)
    path = shlex.quote(os.pathsep.join(filter(None, sys.path)))
    script = f"PYTHONPATH={path} exec {sys.executable} inside.py {shlex.quote(inner)}"
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(commands.run, script)
            await until_said(commands, b"ready")
            group.cancel_scope.cancel()
    assert commands.output == b"ready\nclosed in good order\n"
    assert commands.left() == []


async def test_cancelling_ends_the_group_before_it_is_passed_on(commands: Commands):
    async with anyio.create_task_group() as group:
        group.start_soon(commands.run, "sleep 1000 & sleep 1000")
        await commands.announced.wait()
        group.cancel_scope.cancel()
    assert commands.left() == []


@pytest.mark.parametrize(
    "script",
    [
        "trap '' TERM; echo ready; sleep 1000; sleep 1000",
        "(trap '' TERM; echo ready; sleep 1000; sleep 1000) & exit",
    ],
)
async def test_another_librarys_second_cancellation_leaves_nothing_behind_either(
    commands: Commands, script: str
):
    """A task of the event loop itself can be cancelled again and again, and no shield keeps that out."""
    task = asyncio.create_task(commands.run(script))
    with anyio.fail_after(10):
        while b"ready" not in commands.output:
            await anyio.lowlevel.checkpoint()
        task.cancel()
        await anyio.wait_all_tasks_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until_gone(commands.group)


async def test_the_start_is_told_before_the_command_can_do_anything(commands: Commands, tmp_path: Path):
    seen: list[bool] = []

    async def on_start(group: int, started: str) -> None:
        await anyio.wait_all_tasks_blocked()
        seen.append((tmp_path / "harm").exists())

    command = Command(["touch", "harm"], tmp_path, {"PATH": os.environ["PATH"]}, 10)
    await run_command(command, commands.file, on_start)
    assert seen == [False]
    assert (tmp_path / "harm").exists()


async def test_a_command_whose_start_could_not_be_told_never_runs(commands: Commands, tmp_path: Path):
    async def on_start(group: int, started: str) -> None:
        commands.group = group
        raise RuntimeError("the journal is closed")

    command = Command(["touch", "harm"], tmp_path, {"PATH": os.environ["PATH"]}, 10)
    with pytest.raises(RuntimeError, match="the journal is closed"):
        await run_command(command, commands.file, on_start)
    assert commands.left() == []
    assert not (tmp_path / "harm").exists()


CRASH = """
import anyio, os, sys, tempfile
from pathlib import Path
from subagents.workspaces.processes.command import Command, run_command

async def crash(group, started):
    print(group, flush=True)
    os._exit(9)

command = Command(["touch", "harm"], Path.cwd(), {"PATH": os.environ["PATH"]}, 10)
anyio.run(run_command, command, tempfile.TemporaryFile(), crash)
"""


async def test_a_crash_before_the_start_was_written_down_leaves_a_command_that_never_ran(tmp_path: Path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with anyio.fail_after(30):
        crashed = await anyio.run_process(
            [sys.executable, "-c", CRASH], cwd=tmp_path, env=environment, check=False
        )
    assert crashed.returncode == 9, crashed.stderr
    with anyio.fail_after(10):
        await until_gone(int(crashed.stdout))
    assert not (tmp_path / "harm").exists()


async def test_a_missing_program_exits_with_127_as_in_a_shell(commands: Commands, tmp_path: Path):
    result = await run_command(
        Command(["nosuch"], tmp_path, {"PATH": "/bin"}, 10), commands.file, commands.began
    )
    assert result.exit_code == 127
    assert b"nosuch" in commands.output


@pytest.mark.parametrize("started", [None, "told"])
async def test_a_missing_folder_is_said_with_its_name(
    commands: Commands, tmp_path: Path, started: str | None
):
    command = Command(["true"], tmp_path / "gone", {"PATH": "/bin"}, 10)
    on_start: Callable[..., object] | None = commands.began if started else None
    with pytest.raises(WorkspaceError, match=r"could not be started in .*gone.*No such file"):
        await run_command(command, commands.file, on_start)  # type: ignore[arg-type]


async def test_only_the_given_environment_and_files_are_seen(commands: Commands, tmp_path: Path):
    with TemporaryFile() as inherited, TemporaryFile() as other:
        os.set_inheritable(other.fileno(), True)
        script = f"env | sort; echo x >&{inherited.fileno()}; echo y >&{other.fileno()}"
        command = Command(["bash", "-c", script], tmp_path, {"A": "1"}, 10, inherit=(inherited.fileno(),))
        await run_command(command, commands.file)
        assert os.pread(inherited.fileno(), 10, 0) == b"x\n"
        assert os.pread(other.fileno(), 10, 0) == b""
    assert commands.output.startswith(b"A=1\n")


async def test_many_at_once_all_end(tmp_path: Path):
    results: list[CommandResult] = []

    async def one(number: int) -> None:
        with TemporaryFile() as file:
            command = Command(["bash", "-c", f"exit {number}"], tmp_path, {"PATH": os.environ["PATH"]}, 60)
            results.append(await run_command(command, file, Commands(tmp_path, file).began))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(one, number)
    assert sorted(result.exit_code or 0 for result in results) == list(range(100))


async def test_a_command_reads_what_it_is_given_and_its_errors_may_go_elsewhere(tmp_path: Path):
    given = tmp_path / "given"
    given.write_text("hello", encoding="utf-8")
    line = ["bash", "-c", "cat; echo oh >&2"]
    for on_start in (None, _nothing):
        with TemporaryFile() as output, TemporaryFile() as errors:
            command = Command(line, tmp_path, {"PATH": os.environ["PATH"]}, 30, stdin=given, errors=errors)
            with anyio.fail_after(30):
                result = await run_command(command, output, on_start)
            assert result.exit_code == 0
            assert os.pread(output.fileno(), 100, 0) == b"hello"
            assert os.pread(errors.fileno(), 100, 0) == b"oh\n"


async def test_errors_count_as_output(tmp_path: Path):
    line = ["bash", "-c", "while :; do echo oh >&2; done"]
    with TemporaryFile() as output, TemporaryFile() as errors:
        command = Command(line, tmp_path, {"PATH": os.environ["PATH"]}, 30, 100_000, errors=errors)
        with anyio.fail_after(30):
            result = await run_command(command, output)
    assert result.ending is TOO_MUCH_OUTPUT


async def _nothing(group: int, started: str) -> None:
    pass
