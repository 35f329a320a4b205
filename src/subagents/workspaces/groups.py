"""A process group: which one it is, who is still in it, and how it is ended.

A group's number is given to someone else once the group is empty. So it is written down together with the
start time of its leader, which the kernel never gives twice, and nothing is signalled on its number alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio
import anyio.to_thread

from subagents.workspaces.variables import RUN

PROC = Path("/proc")
LOOK_EVERY = 0.02  # seconds
GRACE = 2.0  # seconds that a group is given to end
UNKNOWN = ""


def start_of(pid: int) -> str:
    """When a process began, in its kernel's terms; `UNKNOWN` if there is no such process.

    Only good for comparing. On Linux it is the start time in /proc/PID/stat together with the boot and the
    namespace that it counts in, elsewhere what `ps` says, to the second.
    """
    if _has_proc():
        entry = _entry(pid)
        return f"{_reckoning()}-{entry.started}" if entry else UNKNOWN
    return _start_by_ps(pid)


def members(group: int) -> list[int]:
    """The living processes of a group; a dead one that nobody waited for does not count.

    Without /proc a group that still lives is told by its own number alone. Processes that may not be
    signalled (another user's) are not seen.
    """
    if not _signalled(group, 0):
        return []
    if not _has_proc():
        return [group]
    return [entry.pid for entry in _entries() if entry.group == group and entry.state not in "ZX"]


async def until_gone(group: int, pending: Callable[[], bool] = lambda: False) -> None:
    """Waits for the group to be empty and for `pending` to say that nothing else is awaited. Has no bound."""
    # Strangers tell nobody when they leave, so they are asked.
    while pending() or members(group):  # noqa: ASYNC110
        await anyio.sleep(LOOK_EVERY)


async def end_group(group: int, grace: float, pending: Callable[[], bool] = lambda: False) -> None:
    """Ends every process of the group: asks (SIGTERM), waits `grace` seconds, then makes it (SIGKILL).

    `pending` tells whether something else is awaited, such as a child that is to be reaped. Returns as soon
    as nothing is left, at once if nothing is there, and in any case `grace` + 2 seconds later: a process in
    the middle of a call to a dead disk cannot be ended by anyone.
    """
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, GRACE)):
        if not pending() and not members(group):
            return
        _signalled(group, number)
        with anyio.move_on_after(patience):
            await until_gone(group, pending)


async def end_group_if_same(group: int, started: str) -> bool:
    """Ends the group that was written down as (`group`, `started`) if it is still that one; says whether.

    For after a crash. If the leader is gone but others of its group live, they are recognised (on Linux)
    by `SUBAGENTS_RUN` in their environment.
    """
    if not await anyio.to_thread.run_sync(_is_same, group, started):
        return False
    await end_group(group, GRACE)
    return True


def _is_same(group: int, started: str) -> bool:
    if group <= 1 or group == os.getpgrp() or started == UNKNOWN:
        return False
    leader = start_of(group)
    if leader != UNKNOWN:
        return leader == started and bool(members(group))
    # As long as one member lives no new process is given the group's number, so that members without
    # their leader are ours unless the number was free in between. The mark rules that out.
    return _has_proc() and started.startswith(_reckoning()) and any(map(_is_marked, members(group)))


def _signalled(group: int, number: int) -> bool:
    """Whether the signal reached anyone. macOS refuses it when only dead members are left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@dataclass(frozen=True)
class _Entry:
    """What /proc/PID/stat says of a process, as far as it matters here."""

    pid: int
    state: str
    group: int
    started: str


def _entries() -> Iterator[_Entry]:
    with os.scandir(PROC) as found:
        for one in found:
            if one.name.isdigit() and (entry := _entry(int(one.name))):
                yield entry


def _entry(pid: int) -> _Entry | None:
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in parentheses and may hold anything, parentheses included.
    # Numbered as in proc(5), the first of the rest is field 3.
    rest = text[text.rindex(b")") + 2 :].decode().split()
    return _Entry(pid=pid, state=rest[0], group=int(rest[5 - 3]), started=rest[22 - 3])


def _is_marked(pid: int) -> bool:
    try:
        return f"{RUN}=".encode() in (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False


@cache
def _has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


@cache
def _reckoning() -> str:
    """What start times count from: this boot of the machine, in this namespace of process numbers."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text()
    return f"{boot[:8]}-{(PROC / 'self/ns/pid').stat().st_ino}"


def _start_by_ps(pid: int) -> str:
    try:
        answer = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GRACE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return " ".join(answer.stdout.decode(errors="replace").split())
