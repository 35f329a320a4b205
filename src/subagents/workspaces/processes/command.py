"""Runs one command for an agent, in such a way that it cannot hang the run or outlive it.

What usually hangs is a pipe: a background process that inherited it keeps it open for as long as it lives.
So output goes to a file, the end of the command itself is awaited (not that of everyone it started), and
then whatever is left of it is ended, also what detached itself (see `groups.py` for how that is found).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import anyio

from subagents.errors import WorkspaceError
from subagents.language import _
from subagents.workspaces.processes.groups import (
    COMMAND,
    GRACE,
    end_group,
    end_now,
    members,
    new_mark,
    sessions,
    start_of,
    until_gone,
    with_mark,
)

OUTPUT_LIMIT = 64_000_000  # bytes

# Seconds that everybody waits for the kernel when a second cancellation leaves no time to ask.
SECOND_CANCELLATION = 0.2

# Processes that are about to go anyway, such as the `tee` of a `> >(tee log)`, get this long (seconds).
LAST_WORDS = 0.2

# How often a command without pidfd is asked whether it ended, and how often its output is measured: more
# and more rarely while it grows slowly, for with 1,000 commands each look counts. In seconds, and in bytes a look.
ASK_EVERY = 0.03
FIRST_LOOK, LONGEST_LOOK = 0.05, 1.0
FAST_GROWTH = 1_000_000

# The command begins when somebody writes to its stdin. When this process dies before that, `read` fails.
# What it reads itself stands in the place of the script's name.
GATE = ("/bin/sh", "-c", 'read -r go || exit 125; exec "$@" <"$0"')

NOTHING = -1  # no file descriptor

OnStart = Callable[[int, str], Awaitable[None]]


class Ending(StrEnum):
    """Why a command is over."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    TOO_MUCH_OUTPUT = "too much output"


@dataclass(frozen=True)
class Command:
    """What to run, where, and for how long.

    `argv` is executed as it is, without a shell; `environment` is the whole one but for the mark. `timeout` is
    in seconds. Over `output_limit` bytes the command is ended; the file may then hold more, by what it wrote
    between two looks. `inherit` are file descriptors that the command may use under the same numbers. It reads
    `stdin`; what it writes to stderr goes to `errors`, or where that is None to its output.
    """

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    timeout: float
    output_limit: int = OUTPUT_LIMIT
    inherit: tuple[int, ...] = ()
    stdin: Path = Path(os.devnull)
    errors: BinaryIO | None = None


@dataclass(frozen=True)
class CommandResult:
    """How a command ended.

    `exit_code` is as a shell tells it, 128 + N for signal N; None if the command did not exit by itself.
    `left_behind` counts the background processes that it had left running and that were ended.
    """

    ending: Ending
    exit_code: int | None
    left_behind: int


async def run_command(command: Command, output: BinaryIO, on_start: OnStart | None = None) -> CommandResult:
    """Runs it until it exits, its time is up or it has written too much; then ends what it left running.

    Stdout, and unless `errors` is given stderr too, go to `output`, which the caller opened and reads (with
    `os.pread`: a process that got away may still move the file's position). `on_start` is awaited with the
    process group, its start and its mark (see `groups.py`) before the command itself begins: if it raises, or this
    process dies in it, the command never ran.

    Raises WorkspaceError if it cannot be started: the folder or (without `on_start`) the program does not
    exist, an argument cannot be one, or the machine is out of something. With `on_start` a missing program
    exits with 127 and says so in the output. On cancellation everything that it started is ended before it is
    passed on, within 4 seconds, or 8 if there are commands inside the command that do not listen.
    """
    child = _Child(command, output, gated=on_start is not None)
    ending: Ending | None = None
    left_behind = 0
    try:
        if on_start:
            await on_start(child.pid, with_mark(start_of(child.pid), child.mark))
            child.let_go()
        ending = await _until_over(child, command, output)
        if ending is Ending.EXITED:
            left_behind = await child.left_behind()
    finally:
        with anyio.CancelScope(shield=True):
            await child.end()
    exit_code = child.exit_code() if ending is Ending.EXITED else None
    return CommandResult(ending, exit_code, left_behind)


async def _until_over(child: _Child, command: Command, output: BinaryIO) -> Ending:
    deadline = anyio.current_time() + command.timeout
    pause, seen = FIRST_LOOK, 0
    while True:
        with anyio.move_on_at(min(anyio.current_time() + pause, deadline)):
            await child.exited()
            return Ending.EXITED
        written = sum(
            os.fstat(file.fileno()).st_size for file in (output, command.errors) if file is not None
        )
        if written > command.output_limit:
            return Ending.TOO_MUCH_OUTPUT
        if anyio.current_time() >= deadline:
            return Ending.TIMED_OUT
        pause = FIRST_LOOK if written - seen > FAST_GROWTH else min(2 * pause, LONGEST_LOOK)
        seen = written


class _Child:
    """The direct command, leader of a session and a process group of its own.

    It is spawned on the event loop on purpose: it takes about a millisecond, nearly all of it under the
    interpreter's lock, where a thread would not help; and between a command that started in a thread and a
    caller that was cancelled meanwhile there would be a gap.
    """

    def __init__(self, command: Command, output: BinaryIO, *, gated: bool) -> None:
        self._gate: int | None = None
        self.mark = new_mark()
        self._strangers = sessions()
        stdin = NOTHING
        try:
            if gated:
                stdin, self._gate = os.pipe()
            else:
                stdin = os.open(command.stdin, os.O_RDONLY)
            self._process = subprocess.Popen(
                [*GATE, str(command.stdin), *command.argv] if gated else list(command.argv),
                cwd=command.folder,
                env={**command.environment, COMMAND: self.mark},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT if command.errors is None else command.errors,
                start_new_session=True,
                pass_fds=command.inherit,
            )
        except (OSError, ValueError) as error:
            self._close_gate()
            raise WorkspaceError(_not_started(command, error)) from error
        finally:
            if stdin != NOTHING:
                os.close(stdin)
        self.pid = self._process.pid
        self._pidfd = _pidfd(self.pid)

    def let_go(self) -> None:
        """Opens the gate: the command begins."""
        if self._gate is not None:
            with suppress(BrokenPipeError):  # someone ended it while it waited
                os.write(self._gate, b"\n")
            self._close_gate()

    async def exited(self) -> None:
        """Waits for the end of the command itself, whatever it has started."""
        if self._pidfd is not None:
            await anyio.wait_readable(self._pidfd)
            return
        # A child that ends can be noticed without asking by signal only, and signals are the application's.
        while self.running():  # noqa: ASYNC110
            await anyio.sleep(ASK_EVERY)

    def running(self) -> bool:
        return self.exit_code() is None

    def exit_code(self) -> int | None:
        """As a shell would tell it; None while it runs."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    async def left_behind(self) -> int:
        """How many processes are left of it once those that were just going have gone."""
        with anyio.move_on_after(LAST_WORDS):
            await until_gone(self.pid, self.running, self.mark, self._strangers)
            return 0
        return len(members(self.pid, self.mark, self._strangers))

    async def end(self) -> None:
        """Ends whatever is left of it, reaps the command and gives everything back. Bounded."""
        self._close_gate()
        try:
            await end_group(self.pid, GRACE, self.running, self.mark, self._strangers)
        except BaseException:
            self._end_now()
            raise
        finally:
            if self._pidfd is not None:
                os.close(self._pidfd)

    def _end_now(self) -> None:
        """For a second cancellation, which no shield keeps out if it comes from another library.

        It holds up everyone else for as long as the kernel takes to end a process.
        """
        end_now(self.pid, self.mark, self._strangers)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(SECOND_CANCELLATION)

    def _close_gate(self) -> None:
        if self._gate is not None:
            os.close(self._gate)
            self._gate = None


def _not_started(command: Command, error: OSError | ValueError) -> str:
    sentence = _("{program!r} could not be started in {folder!r}: {reason}.")
    reason = error.strerror if isinstance(error, OSError) else error
    return sentence.format(program=command.argv[0], folder=str(command.folder), reason=reason)


def _pidfd(pid: int) -> int | None:
    """A file descriptor that is readable once the process ended; None where the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
