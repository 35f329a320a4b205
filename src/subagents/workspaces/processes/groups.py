"""A command's processes: which ones they are, who is still there, and how they are ended.

A command leads a session and a process group of its own. Changing the group (`timeout`, `set -m`) leaves the
session; whoever leaves that too (`setsid`) still carries the command's mark in its environment, on Linux, where
others' environments can be read. The mark is a path: a command begun by a program of ours inside another
command has the outer one's mark and a step of its own, so whoever ends the outer finds the inner as well.

A number is given to someone else once its session is empty. So it is written down together with the start
time of its leader, which the kernel never gives twice, and after a crash nothing is signalled on it alone.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.workspaces.processes.variables import RUN

#: What a command is told of its mark; a program of ours inside it marks its own commands below that.
COMMAND = "SUBAGENTS_COMMAND"

PROC = Path("/proc")
FIRST_LOOK, LONGEST_LOOK = 0.02, 0.1  # seconds between looks at who is left
GRACE = 2.0  # seconds that processes are given to end
CLOSING = 4.0  # seconds that a program of ours is given to close, once what it had begun is gone
NESTED = 2  # levels of commands inside a command that are ended before those who began them
UNKNOWN = ""
UNMARKED = ""
NOBODY = -1  # no session has this number


def new_mark() -> str:
    """A mark for one command, below that of the command which this process is part of."""
    return f"{_own_mark()}/{secrets.token_hex(8)}"


def with_mark(started: str, mark: str) -> str:
    """What is written down of a command: its leader's start and its mark."""
    return f"{started}-{mark}"


def without_mark(written: str) -> tuple[str, str]:
    """The start and the mark of what was written down; older versions wrote no mark."""
    started, _, path = written.partition("-/")
    return started, f"/{path}" if path else UNMARKED


def sessions() -> frozenset[int]:
    """Those that there are now. None of a command that begins later can get into one of them."""
    if not _has_proc():
        return frozenset()
    return frozenset(session for pid in _pids() if (session := _session(pid)) is not None)


def start_of(pid: int) -> str:
    """When a process began, in its kernel's terms; `UNKNOWN` if there is no such process.

    Only good for comparing. On Linux it is the start time in /proc/PID/stat together with the boot and the
    namespace that it counts in, elsewhere what `ps` says, to the second.
    """
    if _has_proc():
        entry = _entry(pid)
        return f"{_reckoning()}-{entry.started}" if entry else UNKNOWN
    return _start_by_ps(pid)


def members(group: int, mark: str = UNMARKED, strangers: Collection[int] = ()) -> list[int]:
    """The living processes of the command that leads `group`; a dead one that nobody waited for does not count.

    They are those of its session, which holds all its groups, and with /proc those that carry `mark`; whoever is
    in one of the sessions `strangers` is not asked for it. Other users' marks are not seen.
    """
    if not _has_proc():
        return _members_by_ps(group)
    return [pid for pid in _pids() if pid != os.getpid() and _belongs(pid, group, mark, strangers)]


async def until_gone(
    group: int,
    pending: Callable[[], bool] = lambda: False,
    mark: str = UNMARKED,
    strangers: Collection[int] = (),
) -> None:
    """Waits until there are no `members` and `pending` says that nothing else is awaited. Has no bound."""
    # Strangers tell nobody when they leave, so they are asked.
    pause = FIRST_LOOK
    while pending() or members(group, mark, strangers):
        await anyio.sleep(pause)
        pause = min(2 * pause, LONGEST_LOOK)


async def end_group(
    group: int,
    grace: float,
    pending: Callable[[], bool] = lambda: False,
    mark: str = UNMARKED,
    strangers: Collection[int] = (),
) -> None:
    """Ends all `members`: asks (SIGTERM), waits `grace` seconds, then makes them (SIGKILL).

    Commands inside the command are made to go first, and those who began them get 4 seconds to close in good
    order. `pending` tells whether something else is awaited, such as a child that is to be reaped. Returns as
    soon as nothing is left, at once if nothing is there, and in any case `grace` + 2 seconds later, 4 more for
    each of at most 2 levels inside: a process in the middle of a call to a dead disk cannot be ended by anyone.
    """

    def left() -> list[int]:
        return members(group, mark, strangers)

    # Looked at first: a program of ours may have ended what it had begun a moment before we would, and is closing.
    nested = bool(_innermost(left(), mark))
    if await _gone(left, pending, signal.SIGTERM, grace):
        return
    for _ in range(NESTED if nested else 0):
        if await _gone(left, pending, signal.SIGKILL, CLOSING, _innermost(left(), mark)):
            return
    await _gone(left, pending, signal.SIGKILL, GRACE)


async def end_group_if_same(group: int, started: str) -> bool:
    """Ends the command that was written down as (`group`, `started`) if it is still that one; says whether.

    For after a crash. If the leader is gone but others of it live, they are recognised (on Linux) by their
    mark, wherever they are; for what an older version wrote down, by `SUBAGENTS_RUN` in their environment.
    """
    start, mark = without_mark(started)
    same = await anyio.to_thread.run_sync(_same, group, start, mark)
    if same is None:
        return False
    await end_group(same, GRACE, mark=mark)
    return True


def end_now(group: int, mark: str = UNMARKED, strangers: Collection[int] = ()) -> None:
    """Makes all `members` go, without waiting for it."""
    for pid in members(group, mark, strangers):
        _signal(pid, signal.SIGKILL)


async def _gone(
    left: Callable[[], list[int]],
    pending: Callable[[], bool],
    number: signal.Signals,
    patience: float,
    only: Collection[int] | None = None,
) -> bool:
    """Signals whoever is `left`, each once, newcomers too; whether all were gone within `patience` seconds.

    With `only`, nobody else is signalled; all are awaited.
    """
    told: set[int] = set()
    pause = FIRST_LOOK
    with anyio.move_on_after(patience):
        while (remaining := set(left())) or pending():
            meant = remaining if only is None else remaining.intersection(only)
            # Who began first goes first: a shell that outlives its command writes an obituary into the output.
            for pid in sorted(meant - told):
                _signal(pid, number)
            told |= meant
            await anyio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK)
        return True
    return False


def _innermost(pids: list[int], mark: str) -> list[int]:
    """Of processes of a command those of its deepest inner commands; none if it has no inner commands."""
    depths = {pid: _mark_of(pid).count("/") for pid in pids} if mark else {}
    deepest = max(depths.values(), default=0)
    return [pid for pid, depth in depths.items() if depth == deepest] if deepest > mark.count("/") else []


def _same(group: int, start: str, mark: str) -> int | None:
    """The group if it is still the one written down, `NOBODY` if only the mark finds some, None if nothing does."""
    if group <= 1 or group in (os.getpgrp(), os.getsid(0)) or start == UNKNOWN:
        return None
    if mark and _is_below(_own_mark(), mark):
        return None
    leader = start_of(group)
    if leader == start:
        return group if members(group, mark) else None
    # As long as one member lives no new process is given the session's number, so that members without
    # their leader are ours unless the number was free in between. The mark rules that out.
    if leader == UNKNOWN and any(_is_ours(pid, start, mark) for pid in members(group)):
        return group
    return NOBODY if mark and members(NOBODY, mark) else None


def _is_ours(pid: int, start: str, mark: str) -> bool:
    if not _has_proc():
        return False
    if mark:
        return _is_below(_mark_of(pid), mark)
    return start.startswith(_reckoning()) and _variable(pid, RUN) is not None


def _belongs(pid: int, group: int, mark: str, strangers: Collection[int]) -> bool:
    # Cheapest first: this is asked of every process of the machine.
    session = _session(pid)
    if session is None:
        return False
    if session == group:
        entry = _entry(pid)
        return entry is not None and entry.state not in "ZX"
    return bool(mark) and session not in strangers and _is_below(_mark_of(pid), mark)


def _is_below(mark: str, outer: str) -> bool:
    return mark == outer or mark.startswith(f"{outer}/")


def _own_mark() -> str:
    found = os.environ.get(COMMAND, UNMARKED)
    return found if re.fullmatch(r"(/[0-9a-f]+)*", found) else UNMARKED


def _mark_of(pid: int) -> str:
    return _variable(pid, COMMAND) or UNMARKED


def _variable(pid: int, name: str) -> str | None:
    """A variable of the environment that a process began with; None if it has none or may not be read."""
    try:
        environment = b"\0" + (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    _, found, rest = environment.partition(f"\0{name}=".encode())
    return os.fsdecode(rest.partition(b"\0")[0]) if found else None


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir(PROC) if name.isdigit())  # noqa: PTH208 (a look at all of them counts)


@dataclass(frozen=True)
class _Entry:
    """What /proc/PID/stat says of a process, as far as it matters here."""

    state: str
    started: str


def _entry(pid: int) -> _Entry | None:
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in parentheses and may hold anything, parentheses included.
    # Numbered as in proc(5), the first of the rest is field 3.
    rest = text[text.rindex(b")") + 2 :].decode().split()
    return _Entry(state=rest[0], started=rest[22 - 3])


@cache
def _has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


@cache
def _reckoning() -> str:
    """What start times count from: this boot of the machine, in this namespace of process numbers."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text()
    return f"{boot[:8]}-{(PROC / 'self/ns/pid').stat().st_ino}"


def _members_by_ps(group: int) -> list[int]:
    lines = [line.split() for line in _ps("-axo", "pid=,stat=").splitlines()]
    return [int(pid) for pid, state in lines if not state.startswith("Z") and _session(int(pid)) == group]


def _start_by_ps(pid: int) -> str:
    return " ".join(_ps("-o", "lstart=", "-p", str(pid)).split())


def _ps(*arguments: str) -> str:
    """What it answers; nothing if it cannot be asked."""
    try:
        answer = subprocess.run(
            ["ps", *arguments],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GRACE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return answer.stdout.decode(errors="replace")
