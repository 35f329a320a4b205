"""A project's host: a process that owns sessions for those who come and go, and answers them on its socket.

What can be asked of it is in `guest.py`. It ends by itself when nothing runs in it and nobody is connected.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

import subagents
from subagents.clock import Clock
from subagents.errors import SessionLocked
from subagents.language import _
from subagents.own_tasks import own_tasks
from subagents.places import Project
from subagents.runners.base import Runner
from subagents.serve.address import new_socket
from subagents.serve.host.address import LOCK, PROTOCOL, Announced, announce, host_folder, withdraw
from subagents.serve.host.guest import MANNERS, Guest
from subagents.serve.host.life import Host
from subagents.serve.host.sessions import Hosting
from subagents.serve.host.starting import keys_digest
from subagents.serve.rpc.listening import listening
from subagents.sessions import lock as locks
from subagents.sessions.folder import make_private
from subagents.sessions.lock import SessionLock
from subagents.settings.layers import layered

MAX_CLIENTS = 256
LOOK_EVERY = 5.0  # seconds between two looks whether its socket is still there


async def serve(
    project: Project,
    clock: Clock,
    *,
    ready: Callable[[Path], None],
    stays: bool = False,
    runners: Mapping[str, Runner] | None = None,
) -> None:
    """Is the project's host until it is idle, retired or cancelled; `stays` is for one that a person started.

    `ready` is called with its socket's path as soon as clients can connect; `runners` are as for `AgentManager.open`.
    Raises `SessionLocked` when there is a host already, and `SessionError` where none can be.
    """
    await anyio.to_thread.run_sync(make_private, host_folder(project))
    seconds = None if stays else float(layered(project).settings.host_idle_seconds)
    with _place_of_host(project) as lock:
        path = await anyio.to_thread.run_sync(new_socket, f"host-{project.state.name[-10:]}-{os.getpid()}")
        async with own_tasks() as tasks:
            host = Host(
                project, clock, Hosting(clock, tasks, runners), partial(_make_room, project, path, lock)
            )
            try:
                async with listening(path, partial(_guest, host), MANNERS, MAX_CLIENTS):
                    announce(project, _said(path))
                    tasks.start_soon(_retire_without_socket, host, path)
                    ready(path)
                    await host.idle(seconds)
            finally:
                withdraw(project, str(path))
                path.unlink(missing_ok=True)
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def _guest(host: Host) -> AsyncIterator[Guest]:
    """A client, as long as it is connected."""
    async with host.visited(), Guest(host).entered() as guest:
        yield guest


async def _retire_without_socket(host: Host, path: Path) -> None:
    """Something tidied its socket away, with old files perhaps: nobody new can reach it, so another is to take over."""
    while path.exists():
        await host.clock.sleep(LOOK_EVERY)
    host.retire()


def _make_room(project: Project, path: Path, lock: SessionLock) -> None:
    """Another host can be started; who is connected to this one stays so."""
    withdraw(project, str(path))
    lock.release()


def _place_of_host(project: Project) -> SessionLock:
    """Raises `SessionLocked`, which says who has it."""
    try:
        return locks.take(host_folder(project) / LOCK, "subagents serve")
    except SessionLocked:
        pid = locks.holder(host_folder(project) / LOCK)
        text = _("Process {pid} is the host of {project} already; see: subagents serve --status")
        raise SessionLocked(text.format(pid=pid or "?", project=project.root)) from None


def _said(path: Path) -> Announced:
    return Announced(str(path), subagents.__version__, PROTOCOL, os.getpid(), keys_digest(os.environ))
